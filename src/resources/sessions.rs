//! The caller's browser sessions.
use async_graphql::{Context, Object};
use poem_openapi::{OpenApi, param::Path};

use crate::{
    accounts::sessions::{self, Session},
    context::Reader,
    error::{Error, Result},
    graphql::connection::{answer, cost},
    guard::{AllowExt, Allowed, operations},
    rest::answer::{Answer, NoContent},
};

operations! {
    "sessions";
    /// Lists your browser sessions.
    ///
    /// Sorted by sign-in time, newest first; at most 200. Expired sessions are not listed.
    list: List = read Security, anonymous = Never, throttle = List, graphql = "sessions";
    /// Ends one of your browser sessions.
    ///
    /// The browser is signed out immediately. Unknown IDs are answered with 404.
    delete: Delete = write Security, anonymous = Never, throttle = Destroy, graphql = "Mutation.revokeSession";
}

/// Returns the caller's sessions, newest first.
pub async fn list(reader: &Reader) -> Result<Vec<Session>> {
    let user = reader.user()?;
    sessions::of_user(reader, user.user_id, user.session_id).await
}

pub async fn delete(permit: &Allowed<Delete>, id: i64) -> Result<()> {
    match sessions::end(permit.app(), permit.user()?.user_id, id).await? {
        true => Ok(()),
        false => Err(Error::NotFound),
    }
}

/// Signs out every browser of the caller but the one that asks.
pub async fn delete_others(permit: &Allowed<Delete>) -> Result<()> {
    let user = permit.user()?;
    let app = permit.app();
    sessions::end_others(app.db(), user.user_id, user.session_id).await?;
    app.credentials().forget_all();
    Ok(())
}

pub struct Rest;

#[OpenApi(prefix_path = "/api/v1/auth/sessions")]
impl Rest {
    #[oai(path = "/", method = "get")]
    async fn list(&self, permit: Allowed<List>) -> Result<Answer<Vec<Session>>> {
        list(&permit).await.map(Answer)
    }

    #[oai(path = "/:id", method = "delete")]
    async fn delete(&self, permit: Allowed<Delete>, id: Path<i64>) -> Result<NoContent> {
        delete(&permit, id.0).await.map(|()| NoContent)
    }
}

#[derive(Default)]
pub struct Queries;

#[Object(name = "SessionsQueries")]
impl Queries {
    #[graphql(complexity = "cost(50, child_complexity)")]
    async fn sessions(&self, ctx: &Context<'_>) -> Option<Result<Vec<Session>>> {
        answer(async {
            let permit: Allowed<List> = ctx.allow().await?;
            list(&permit).await
        })
        .await
    }
}

#[derive(Default)]
pub struct Mutations;

#[Object(name = "SessionsMutations")]
impl Mutations {
    async fn revoke_session(&self, ctx: &Context<'_>, id: i64) -> Option<Result<i64>> {
        answer(async {
            delete(&ctx.allow().await?, id).await?;
            Ok(id)
        })
        .await
    }
}
