//! The GraphQL fields of users.
use async_graphql::{ComplexObject, Context, Json};
use serde_json::Value;

use super::{
    ChangeEmail, Changes, DeleteAccount, Me, PermissionsBody, QuotaStatus, Settings, SubsonicToken,
    User, Viewer, change_email, delete, delete_subsonic_token, quota, retrieve,
    rotate_subsonic_token, sql, store_settings, update,
};
use crate::{
    auth::listening,
    context::Cx,
    error::{Error, Result},
    graphql::{connection::answer, standard::fields},
    guard::{AllowExt, Allowed},
    resources::library::{attachments::Attachment, contents::Content},
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
    #[graphql(complexity = 500)]
    async fn settings(&self) -> Option<Json<Value>> {
        self.settings.clone().map(Json)
    }

    /// Token for the `token` query parameter of audio URLs. Valid for three days, or until
    /// the password changes or the credential that asked for it ends. Gives access to audio only, if
    /// that credential has `read:libraries`.
    async fn listen_token(&self, ctx: &Context<'_>) -> Result<String> {
        let reader = ctx.data_unchecked::<Cx>().reader();
        let now = reader.clock().now();
        Ok(listening::sign(reader.user()?, self.secret_key, now))
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

async fn own(permit: &Allowed<Me>) -> Result<Viewer> {
    sql::viewer(permit, permit.db()).await
}

async fn set(permit: &Allowed<Settings>, input: Json<Value>) -> Result<Json<Value>> {
    let Value::Object(keys) = input.0 else {
        return Err(Error::field("input", "Expected a JSON object."));
    };
    store_settings(permit, keys).await.map(Json)
}

fields! {
    Queries as "UsersQueries";
    call viewer -> Viewer = own;
    text user(username: "Username without the hostname; not case-sensitive.") -> User = retrieve;
}

fields! {
    Mutations as "UsersMutations";
    call rotate_subsonic_token -> String = rotate_subsonic_token;
    input update_user(input: Changes, "Fields to update.") -> Viewer = update;
    input update_settings(input: Json<Value>, "JSON object whose top-level keys are added or replaced.") -> Json<Value> = set;
    done change_email(input: ChangeEmail, "New email address and current password.") = change_email;
    done delete_account(input: DeleteAccount, "Current password and explicit confirmation.") = delete;
    {
        async fn delete_subsonic_token(&self, ctx: &Context<'_>) -> Option<Result<bool>> {
            answer(async {
                delete_subsonic_token(&ctx.allow().await?).await?;
                Ok(true)
            })
            .await
        }
    }
}
