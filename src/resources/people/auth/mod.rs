//! Signing up, passwords and email confirmation (contract section 8).
mod body;
mod graphql;

use std::collections::BTreeMap;

use async_graphql::InputObject;
use poem_openapi::Object;

pub use self::{body::Rest, graphql::Mutations};
use crate::{
    accounts::{
        recovery::{self, Restored, Twice},
        sign_up::{self, Outcome, Registration},
    },
    context::Reader,
    error::{Error, Result},
    guard::{Allowed, operations},
    proof::Proof,
    rest::params::choices,
};

operations! {
    "auth", "Sign-up, email addresses and passwords.";
    /// Creates an account.
    ///
    /// Sends a confirmation link to the email address. If the pod does not require confirmed
    /// addresses or approval by moderators, the account can be used immediately and REST signs the
    /// browser in with it; a form without a valid CSRF token opens no session. Invalid fields and
    /// invitation codes are answered with 400, closed registration with 403.
    register: Register = act, anonymous = Always, throttle = Signup, graphql = "Mutation.signUp";
    /// Confirms an email address.
    ///
    /// Takes the key from a confirmation mail and makes the address the account's. Keys work once,
    /// within three days; other keys are answered with 400.
    verify_email: VerifyEmail = act, anonymous = Always, throttle = VerifyEmail, graphql = "Mutation.confirmEmail";
    /// Redirects to the page that confirms an email address.
    ///
    /// The target is `/auth/email/confirm`, with the key in its query. The key is not checked here.
    confirmation_page: ConfirmationPage = open, anonymous = Always, throttle = Wildcard, graphql = "(REST only: redirects to a page)";
    /// Sends a password reset link by email.
    ///
    /// The link works once, within an hour. The answer is the same whether or not an account has
    /// the address. At most one mail per minute is sent to an account.
    password_reset: RequestReset = act, anonymous = Always, throttle = PasswordReset, graphql = "Mutation.requestPasswordReset";
    /// Sets a new password with a password reset link.
    ///
    /// Takes the user ID and token from the mail. Ends all sessions of the account, revokes all
    /// tokens and authorizations, replaces its Subsonic API token, and unlinks its OpenID accounts.
    /// Unknown and expired tokens are answered with 400.
    password_reset_confirm: Reset = act, anonymous = Always, throttle = PasswordResetConfirm, graphql = "Mutation.resetPassword";
    /// Changes your password.
    ///
    /// Ends your other sessions and replaces your Subsonic API token; tokens for audio URLs stop
    /// working. OAuth tokens and application tokens stay valid. A wrong old password is answered
    /// with 400.
    password_change: ChangePassword = write Security, anonymous = Never, throttle = PasswordChange, graphql = "Mutation.changePassword";
    /// Returns your username, display name and email address.
    ///
    /// `GET /api/v1/users/me` returns more.
    user: UserDetails = read Profile, anonymous = Never, throttle = Wildcard, graphql = "(see `viewer`)";
    /// Updates your display name.
    ///
    /// Fields that are not sent keep their values. `PATCH /api/v1/users/{username}` updates more.
    /// Another username than your own is answered with 400: usernames cannot be changed.
    update_user: UpdateUser = write Profile, anonymous = Never, throttle = Wildcard, graphql = "(see `Mutation.updateUser`)";
}

/// Account to create.
#[derive(Debug, Object, InputObject)]
#[oai(rename = "Registration")]
#[graphql(name = "SignUpInput")]
pub struct NewAccount {
    /// Username: 1 to 30 of the characters a to z, A to Z, 0 to 9, `_`, `.` and `-`. Some names,
    /// such as `admin`, are reserved.
    username: String,
    /// Email address.
    email: String,
    /// Password: at least 8 characters and at most 1,000 bytes.
    password1: String,
    /// The same password again.
    password2: String,
    /// Invitation code. Required if registration is not open.
    invitation: Option<String>,
    /// Answers to the pod's sign-up questions, by label. Used if moderators approve new accounts.
    request_fields: Option<BTreeMap<String, String>>,
}

choices! {
    /// Result of a sign-up.
    pub enum SignUpOutcome {
        /// The account can be used immediately.
        Ready = "ready",
        /// The email address must be confirmed first.
        Unconfirmed = "unconfirmed",
        /// A moderator must approve the account first.
        Waiting = "waiting",
    }
}

impl From<Outcome> for SignUpOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Ready(_) => Self::Ready,
            Outcome::Unconfirmed => Self::Unconfirmed,
            Outcome::Waiting => Self::Waiting,
        }
    }
}

/// Creates an account.
pub async fn register(permit: &Allowed<Register>, wanted: &Registration) -> Result<Outcome> {
    sign_up::sign_up(permit.app(), wanted).await
}

impl From<NewAccount> for Registration {
    fn from(new: NewAccount) -> Self {
        Self {
            username: new.username,
            email: new.email,
            password1: new.password1,
            password2: new.password2,
            invitation: new.invitation,
            answers: new.request_fields.unwrap_or_default(),
        }
    }
}

/// Confirms the address that the key was sent to, and returns it.
pub async fn verify_email(permit: &Allowed<VerifyEmail>, key: &str) -> Result<String> {
    recovery::confirm_email(permit.app(), key).await
}

/// Sends a password reset link by email.
pub async fn request_reset(permit: &Allowed<RequestReset>, email: &str) -> Result<()> {
    recovery::forgot(permit.app(), email).await
}

/// New password, with the values from the password reset link.
#[derive(Debug, Object, InputObject)]
#[graphql(name = "ResetPasswordInput")]
pub struct PasswordReset {
    /// Numeric ID of the user, from the link (`uid`).
    pub uid: String,
    /// Token from the link (`token`).
    pub token: String,
    /// New password: at least 8 characters and at most 1,000 bytes.
    pub new_password1: String,
    /// The same new password again.
    pub new_password2: String,
}

/// Sets a new password with a password reset token.
pub async fn reset(permit: &Allowed<Reset>, new: PasswordReset) -> Result<Restored> {
    let twice = Twice {
        first: &new.new_password1,
        second: &new.new_password2,
    };
    recovery::reset(permit.app(), &new.uid, &new.token, twice).await
}

/// New password and current password.
#[derive(Debug, Object, InputObject)]
#[graphql(name = "ChangePasswordInput")]
pub struct PasswordChange {
    /// Current password. Ignored for accounts without a password (created through an OpenID
    /// provider), which can set their first one within ten minutes of signing in.
    pub old_password: String,
    /// New password: at least 8 characters and at most 1,000 bytes.
    pub new_password1: String,
    /// The same new password again.
    pub new_password2: String,
    /// `true`: also ends all access that applications have: their tokens, and consent to them.
    /// Default `false`. Other browser sessions always end.
    pub revoke_applications: Option<bool>,
}

/// Changes the caller's password, and returns what the new one proves.
pub async fn change_password(
    permit: &Allowed<ChangePassword>,
    new: PasswordChange,
) -> Result<Proof> {
    let identity = permit.user()?;
    let twice = Twice {
        first: &new.new_password1,
        second: &new.new_password2,
    };
    let apps_too = new.revoke_applications.unwrap_or_default();
    recovery::change(permit.app(), identity, &new.old_password, twice, apps_too).await
}

/// Refuses a changed username: other pods know the account by it.
fn same_name(reader: &Reader, username: Option<&str>) -> Result<()> {
    match username.is_none_or(|name| reader.user().is_ok_and(|user| user.username == name)) {
        true => Ok(()),
        false => Err(Error::field("username", "The username cannot be changed.")),
    }
}
