//! The GraphQL mutations of sign-up and passwords.
use async_graphql::{Context, Object};

use super::{
    ChangePassword, NewAccount, PasswordChange, PasswordReset, SignUpOutcome, change_password,
    register, request_reset, reset, verify_email,
};
use crate::{
    error::Result,
    graphql::connection::answer,
    guard::{AllowExt, Allowed},
};

#[derive(Default)]
pub struct Mutations;

#[Object(name = "AuthMutations")]
impl Mutations {
    async fn sign_up(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Account to create.")] input: NewAccount,
    ) -> Option<Result<SignUpOutcome>> {
        answer(async {
            let permit = ctx.allow().await?;
            register(&permit, &input.into()).await.map(Into::into)
        })
        .await
    }

    async fn confirm_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Key from the confirmation mail.")] key: String,
    ) -> Option<Result<bool>> {
        answer(async {
            verify_email(&ctx.allow().await?, &key).await?;
            Ok(true)
        })
        .await
    }

    async fn request_password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Email address of the account.")] email: String,
    ) -> Option<Result<bool>> {
        answer(async {
            request_reset(&ctx.allow().await?, &email).await?;
            Ok(true)
        })
        .await
    }

    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "New password and the values from the reset link.")] input: PasswordReset,
    ) -> Option<Result<bool>> {
        answer(async {
            reset(&ctx.allow().await?, &input).await?;
            Ok(true)
        })
        .await
    }

    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "New password and current password.")] input: PasswordChange,
    ) -> Option<Result<bool>> {
        answer(async {
            let permit: Allowed<ChangePassword> = ctx.allow().await?;
            change_password(&permit, &input).await?;
            Ok(true)
        })
        .await
    }
}
