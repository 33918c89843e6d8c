//! The caller's browser sessions.
use async_graphql::Context;

use crate::{
    accounts::sessions::{self, Session},
    error::{Error, Result},
    graphql::{connection::answer, standard::fields},
    guard::{AllowExt, Allowed, operations},
    rest::{
        answer::{Answer, NoContent},
        standard::routes,
    },
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
pub async fn list(permit: &Allowed<List>) -> Result<Vec<Session>> {
    let user = permit.user()?;
    sessions::of_user(
        permit.db(),
        user.user_id,
        user.session_id(),
        permit.clock().now(),
    )
    .await
}

pub async fn delete(permit: &Allowed<Delete>, id: i64) -> Result<()> {
    let mut tx = permit.begin().await?;
    if !sessions::end(&mut tx, permit.user()?.user_id, id).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    permit.app().credentials().forget_all();
    Ok(())
}

/// Signs out every browser of the caller but the one that asks.
pub async fn delete_others(permit: &Allowed<Delete>) -> Result<()> {
    let user = permit.user()?;
    let app = permit.app();
    let mut tx = permit.begin().await?;
    sessions::end_others(&mut tx, user.user_id, user.session_id()).await?;
    tx.commit().await?;
    app.credentials().forget_all();
    Ok(())
}

routes! {
    "/api/v1/auth/sessions";
    list: List = get "/" -> Answer<Vec<Session>>;
    delete: Delete = delete "/:id" [id: i64] -> NoContent;
}

fields! {
    Queries as "SessionsQueries";
    all sessions -> Session = list;
}

fields! {
    Mutations as "SessionsMutations";
    {
        async fn revoke_session(&self, ctx: &Context<'_>, id: i64) -> Option<Result<i64>> {
            answer(async {
                delete(&ctx.allow().await?, id).await?;
                Ok(id)
            })
            .await
        }
    }
}
