//! The GraphQL fields of users.
use async_graphql::{ComplexObject, Context, Json, Object};
use serde_json::Value;

use super::{
    ChangeEmail, Changes, DeleteAccount, Me, PermissionsBody, QuotaStatus, SubsonicToken, Update,
    User, Viewer, change_email, delete, delete_subsonic_token, quota, retrieve,
    rotate_subsonic_token, sql, store_settings, update,
};
use crate::{
    auth::listening,
    context::Cx,
    error::{Error, Result},
    graphql::connection::answer,
    guard::{AllowExt, Allowed},
    resources::{attachments::Attachment, contents::Content},
};

async fn avatar(ctx: &Context<'_>, id: Option<i64>) -> Result<Option<Attachment>> {
    let loaders = ctx.data_unchecked::<Cx>().loaders();
    loaders.maybe::<Attachment>(id).await
}

async fn summary(ctx: &Context<'_>, id: Option<i64>) -> Result<Option<Content>> {
    let loaders = ctx.data_unchecked::<Cx>().loaders();
    loaders.maybe::<Content>(id).await
}

fn full_username(ctx: &Context<'_>, username: &str) -> String {
    let reader = ctx.data_unchecked::<Cx>().reader();
    format!("{username}@{}", reader.config().hostname())
}

#[ComplexObject]
impl User {
    /// Username with the pod's hostname, such as `alice@pod.example`.
    async fn full_username(&self, ctx: &Context<'_>) -> String {
        full_username(ctx, &self.username)
    }

    /// Avatar picture; null if there is none.
    async fn avatar(&self, ctx: &Context<'_>) -> Result<Option<Attachment>> {
        avatar(ctx, self.avatar_id).await
    }

    /// The user's description of themselves; null if there is none.
    async fn summary(&self, ctx: &Context<'_>) -> Result<Option<Content>> {
        summary(ctx, self.summary_id).await
    }
}

#[ComplexObject]
impl Viewer {
    /// Username with the pod's hostname, such as `alice@pod.example`.
    async fn full_username(&self, ctx: &Context<'_>) -> String {
        full_username(ctx, &self.username)
    }

    /// Avatar picture; null if there is none.
    async fn avatar(&self, ctx: &Context<'_>) -> Result<Option<Attachment>> {
        avatar(ctx, self.avatar_id).await
    }

    /// The user's description of themselves; null if there is none.
    async fn summary(&self, ctx: &Context<'_>) -> Result<Option<Content>> {
        summary(ctx, self.summary_id).await
    }

    /// Staff permissions, including those that the pod gives to every user.
    async fn permissions(&self, ctx: &Context<'_>) -> Result<PermissionsBody> {
        let reader = ctx.data_unchecked::<Cx>().reader();
        Ok(reader.user()?.permissions.into())
    }

    /// Upload quota and its use.
    #[graphql(complexity = 50)]
    async fn quota_status(&self, ctx: &Context<'_>) -> Result<QuotaStatus> {
        quota::status(ctx.data_unchecked::<Cx>().reader(), self).await
    }

    /// Client settings: a JSON object; null if nothing was stored.
    async fn settings(&self) -> Option<Json<Value>> {
        self.settings.clone().map(Json)
    }

    /// Token for the `token` query parameter of audio URLs. Valid for three days, or until the
    /// password changes. Gives access to audio only.
    async fn listen_token(&self, ctx: &Context<'_>) -> String {
        let reader = ctx.data_unchecked::<Cx>().reader();
        listening::sign(self.id, self.secret_key, reader.clock().now())
    }

    /// Subsonic API token; null if there is none. Requires `read:security`.
    async fn subsonic_token(&self, ctx: &Context<'_>) -> Option<Result<Option<String>>> {
        answer(async {
            let _permit: Allowed<SubsonicToken> = ctx.reach().await?;
            Ok(self.subsonic_api_token.clone())
        })
        .await
    }
}

#[derive(Default)]
pub struct Queries;

#[Object(name = "UsersQueries")]
impl Queries {
    async fn viewer(&self, ctx: &Context<'_>) -> Option<Result<Viewer>> {
        answer(async {
            let permit: Allowed<Me> = ctx.allow().await?;
            sql::viewer(&permit, permit.db()).await
        })
        .await
    }

    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Username without the hostname; not case-sensitive.")] username: String,
    ) -> Option<Result<User>> {
        answer(async { retrieve(&ctx.allow().await?, &username).await }).await
    }
}

#[derive(Default)]
pub struct Mutations;

#[Object(name = "UsersMutations")]
impl Mutations {
    async fn update_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Fields to update.")] input: Changes,
    ) -> Option<Result<Viewer>> {
        answer(async {
            let permit: Allowed<Update> = ctx.allow().await?;
            let name = permit.user()?.username.clone();
            update(&permit, &name, input).await
        })
        .await
    }

    async fn update_settings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "JSON object whose top-level keys are added or replaced.")] input: Json<
            Value,
        >,
    ) -> Option<Result<Json<Value>>> {
        answer(async {
            let permit = ctx.allow().await?;
            let Value::Object(keys) = input.0 else {
                return Err(Error::field("input", "Expected a JSON object."));
            };
            store_settings(&permit, keys).await.map(Json)
        })
        .await
    }

    async fn rotate_subsonic_token(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        answer(async { rotate_subsonic_token(&ctx.allow().await?, None).await }).await
    }

    async fn delete_subsonic_token(&self, ctx: &Context<'_>) -> Option<Result<bool>> {
        answer(async {
            delete_subsonic_token(&ctx.allow().await?, None).await?;
            Ok(true)
        })
        .await
    }

    async fn change_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "New email address and current password.")] input: ChangeEmail,
    ) -> Option<Result<bool>> {
        answer(async {
            change_email(&ctx.allow().await?, &input).await?;
            Ok(true)
        })
        .await
    }

    async fn delete_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Current password and explicit confirmation.")] input: DeleteAccount,
    ) -> Option<Result<bool>> {
        answer(async {
            delete(&ctx.allow().await?, &input).await?;
            Ok(true)
        })
        .await
    }
}
