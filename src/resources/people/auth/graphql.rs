//! The GraphQL mutations of sign-up and passwords.

use super::{
    NewAccount, PasswordChange, PasswordReset, Register, RequestReset, Reset, SignUpOutcome,
    VerifyEmail, change_password, register, request_reset, reset, verify_email,
};
use crate::{error::Result, graphql::standard::fields, guard::Allowed};

async fn sign_up(permit: &Allowed<Register>, input: NewAccount) -> Result<SignUpOutcome> {
    register(permit, &input.into()).await.map(Into::into)
}

async fn confirm(permit: &Allowed<VerifyEmail>, key: String) -> Result<()> {
    verify_email(permit, &key).await
}

async fn forgot(permit: &Allowed<RequestReset>, email: String) -> Result<()> {
    request_reset(permit, &email).await
}

async fn set_password(permit: &Allowed<Reset>, new: PasswordReset) -> Result<()> {
    reset(permit, new).await.map(drop)
}

fields! {
    Mutations as "AuthMutations";
    input sign_up(input: NewAccount, "Account to create.") -> SignUpOutcome = sign_up;
    done confirm_email(key: String, "Key from the confirmation mail.") = confirm;
    done request_password_reset(email: String, "Email address of the account.") = forgot;
    done reset_password(input: PasswordReset, "New password and the values from the reset link.") = set_password;
    done change_password(input: PasswordChange, "New password and current password.") = change_password;
}
