//! Making an account of one's own, and its password and address (contract section 8).
mod body;
mod graphql;

use std::collections::BTreeMap;

use async_graphql::InputObject;
use poem_openapi::Object;

pub use self::{body::Rest, graphql::Mutations};
use crate::{
    accounts::{
        recovery::{self, Twice},
        sign_up::{self, Outcome, Registration},
    },
    context::Reader,
    error::{Error, Result},
    guard::{Allowed, operations},
    rest::params::choices,
};

operations! {
    "auth";
    /// Makes an account. Where nothing else is to be done first, browsers are signed in with it.
    register: Register = act, anonymous = Always, throttle = Signup, graphql = "Mutation.signUp";
    /// Confirms the e-mail address that a key was mailed to.
    verify_email: VerifyEmail = act, anonymous = Always, throttle = VerifyEmail, graphql = "Mutation.confirmEmail";
    /// Leads from the address of a key to the page that confirms it.
    confirmation_page: ConfirmationPage = open, anonymous = Always, throttle = Wildcard, graphql = "(it leads to a page)";
    /// Sends a mail with which a forgotten password is replaced. The answer is the same whether anybody has the address.
    password_reset: RequestReset = act, anonymous = Always, throttle = PasswordReset, graphql = "Mutation.requestPasswordReset";
    /// Replaces a forgotten password, with the key from the mail.
    password_reset_confirm: Reset = act, anonymous = Always, throttle = PasswordResetConfirm, graphql = "Mutation.resetPassword";
    /// Replaces the caller's password. Other browsers are signed out; tokens of applications stay.
    password_change: ChangePassword = write Security, anonymous = Never, throttle = PasswordChange, graphql = "Mutation.changePassword";
    /// Shows the caller's name and address.
    user: UserDetails = read Profile, anonymous = Never, throttle = Wildcard, graphql = "(viewer tells more)";
    /// Changes the caller's name.
    update_user: UpdateUser = write Profile, anonymous = Never, throttle = Wildcard, graphql = "(updateUser does more)";
}

/// An account to be made.
#[derive(Debug, Object, InputObject)]
#[oai(rename = "Registration")]
#[graphql(name = "SignUp")]
pub struct NewAccount {
    /// The name to sign in with: 1 to 30 of the characters a to z, A to Z, 0 to 9, `_`, `.` and `-`.
    username: String,
    /// The e-mail address.
    email: String,
    /// The password, from 8 characters.
    password1: String,
    /// The password, once more.
    password2: String,
    /// The code of an invitation, where the pod asks for one.
    invitation: Option<String>,
    /// Answers to the questions of the pod, by their labels, where moderators look at new accounts.
    request_fields: Option<BTreeMap<String, String>>,
}

choices! {
    /// What came of signing up.
    pub enum SignUpOutcome {
        /// The account can be used.
        Ready = "ready",
        /// The e-mail address is to be confirmed first.
        Unconfirmed = "unconfirmed",
        /// A moderator looks at it first.
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

/// Makes an account.
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

/// Confirms the address that a key was sent to.
pub async fn verify_email(permit: &Allowed<VerifyEmail>, key: &str) -> Result<()> {
    recovery::confirm_email(permit.app(), key).await
}

/// Sends a mail with which a forgotten password is replaced.
pub async fn request_reset(permit: &Allowed<RequestReset>, email: &str) -> Result<()> {
    recovery::forgot(permit.app(), email).await
}

/// A new password for a forgotten one, and what the mail said.
#[derive(Debug, Object, InputObject)]
pub struct PasswordReset {
    /// The number of the user, from the mail.
    pub uid: String,
    /// The key, from the mail.
    pub token: String,
    /// The new password, from 8 characters.
    pub new_password1: String,
    /// The new password, once more.
    pub new_password2: String,
}

/// Replaces a forgotten password.
pub async fn reset(permit: &Allowed<Reset>, new: &PasswordReset) -> Result<()> {
    let twice = Twice {
        first: &new.new_password1,
        second: &new.new_password2,
    };
    recovery::reset(permit.app(), &new.uid, &new.token, twice).await
}

/// A new password, and the one until now.
#[derive(Debug, Object, InputObject)]
pub struct PasswordChange {
    /// The password until now. An account from an OpenID provider that has none yet gets its first
    /// one within ten minutes of signing in, whatever stands here.
    pub old_password: String,
    /// The new password, from 8 characters.
    pub new_password1: String,
    /// The new password, once more.
    pub new_password2: String,
}

/// Replaces the caller's password.
pub async fn change_password(permit: &Allowed<ChangePassword>, new: &PasswordChange) -> Result<()> {
    let identity = permit.user()?;
    let twice = Twice {
        first: &new.new_password1,
        second: &new.new_password2,
    };
    let who = (identity.user_id, identity.session_id);
    recovery::change(permit.app(), who, &new.old_password, twice).await
}

/// Names cannot be changed: other pods know the account by it.
fn same_name(reader: &Reader, username: Option<&str>) -> Result<()> {
    match username.is_none_or(|name| reader.user().is_ok_and(|user| user.username == name)) {
        true => Ok(()),
        false => Err(Error::field("username", "The user name cannot be changed.")),
    }
}
