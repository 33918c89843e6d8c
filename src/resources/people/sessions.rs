//! The caller's browser sessions.
use async_graphql::{ComplexObject, ID, SimpleObject};

use crate::{
    accounts::sessions::{self, Session},
    error::{Error, Result},
    graphql::{
        ids::{Kind, global},
        live::subscriptions,
        standard::{fields, mutations},
    },
    guard::{Allowed, Upon, operations},
    rest::{
        answer::{Answer, NoContent},
        standard::routes,
    },
    store::Change,
};

operations! {
    "sessions", "Your browser sessions.";
    /// Lists your browser sessions.
    ///
    /// Sorted by sign-in time, newest first; at most 200. Expired sessions are not listed.
    list: List = read Security, anonymous = Never, throttle = List, graphql = "sessions",
        live = "sessionsChanged", upon = Upon::UserRows(&[Change::SessionUser]);
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

/// One of the caller's sessions.
pub async fn retrieve(permit: &Allowed<List>, id: &str) -> Result<Session> {
    let own = list(permit).await?;
    let found = own.into_iter().find(|session| session.id.to_string() == id);
    found.ok_or(Error::NotFound)
}

#[ComplexObject]
impl Session {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Session, self.id)
    }
}

fields! {
    Queries as "SessionsQueries";
    all sessions -> Session = list;
}

/// Your browser sessions after a change.
#[derive(SimpleObject)]
pub struct SessionsChangedPayload {
    /// Your sessions, newest first.
    sessions: Vec<Session>,
}

async fn changed(permit: Allowed<List>) -> Result<SessionsChangedPayload> {
    let sessions = list(&permit).await?;
    Ok(SessionsChangedPayload { sessions })
}

subscriptions! {
    Subscriptions as "SessionsSubscriptions";
    /// Sends your browser sessions whenever one of them begins or ends.
    sessions_changed -> SessionsChangedPayload = changed;
}

async fn revoke(permit: &Allowed<Delete>, id: &str) -> Result<()> {
    let number: i64 = id.parse().map_err(|_| Error::NotFound)?;
    match number.to_string() == id {
        true => delete(permit, number).await,
        false => Err(Error::NotFound),
    }
}

mutations! {
    Mutations as "SessionsMutations";
    delete_named revoke_session(RevokeSessionInput) -> RevokeSessionPayload = revoke, of Kind::Session;
}
