//! The GraphQL mutations of sign-up and passwords.
use async_graphql::InputObject;

use super::{
    ChangePassword, NewAccount, PasswordChange, PasswordReset, Register, RequestReset, Reset,
    SignUpOutcome, VerifyEmail, change_password, register, request_reset, reset, verify_email,
};
use crate::{
    error::Result, graphql::standard::mutations, guard::Allowed,
    resources::people::users::graphql::CallersUser,
};

async fn sign_up(permit: &Allowed<Register>, input: NewAccount) -> Result<SignUpOutcome> {
    register(permit, &input.into()).await.map(Into::into)
}

/// The key from a confirmation mail.
#[derive(Debug, InputObject)]
struct ConfirmEmailInput {
    /// Key from the confirmation mail.
    key: String,
}

async fn confirm(permit: &Allowed<VerifyEmail>, input: ConfirmEmailInput) -> Result<String> {
    verify_email(permit, &input.key).await
}

/// Whom to send a password reset link.
#[derive(Debug, InputObject)]
struct RequestPasswordResetInput {
    /// Email address of the account.
    email: String,
}

async fn forgot(
    permit: &Allowed<RequestReset>,
    input: RequestPasswordResetInput,
) -> Result<String> {
    request_reset(permit, &input.email).await?;
    Ok(input.email)
}

async fn set_password(permit: &Allowed<Reset>, new: PasswordReset) -> Result<String> {
    Ok(reset(permit, new).await?.username)
}

async fn renew_password(
    permit: &Allowed<ChangePassword>,
    new: PasswordChange,
) -> Result<CallersUser> {
    change_password(permit, new).await?;
    Ok(CallersUser)
}

mutations! {
    Mutations as "AuthMutations";
    change sign_up(NewAccount) -> SignUpPayload { outcome: SignUpOutcome, "Whether the account can be used." } = sign_up;
    change confirm_email(ConfirmEmailInput) -> ConfirmEmailPayload { email: String, "The confirmed address." } = confirm;
    change request_password_reset(RequestPasswordResetInput) -> RequestPasswordResetPayload { email: String, "The address that a link was sent to, if an account has it." } = forgot;
    change reset_password(PasswordReset) -> ResetPasswordPayload { username: String, "Username of the account, to sign in with." } = set_password;
    change change_password(PasswordChange) -> ChangePasswordPayload { viewer: CallersUser, "You." } = renew_password;
}
