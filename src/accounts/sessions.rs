//! Browser sessions: opened at sign-in, ended at sign-out and when the password changes.

use async_graphql::SimpleObject;
use poem::Request;
use poem_openapi::Object;
use serde::Serialize;
use sqlx::FromRow;

use crate::{
    app::App,
    auth,
    caller::Client,
    error::{Error, Result},
    proof::Proof,
    store::{OnWrite, Reads, sql},
    throttle::Ident,
    time::Timestamp,
    token::token_hash,
};

/// Lifetime of a session in seconds.
pub const LIFETIME: i64 = 5_400_000;

/// A browser session.
#[derive(Clone, Debug, FromRow, Serialize, Object, SimpleObject)]
#[graphql(complex)]
pub struct Session {
    /// Numeric ID of the session.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// `User-Agent` of the browser, shortened.
    pub user_agent: String,
    /// IP address from which the browser signed in.
    pub address: String,
    /// Time of the sign-in.
    pub created: Timestamp,
    /// Time of the last request, accurate to 15 minutes.
    pub last_seen: Timestamp,
    /// Time at which the session expires.
    pub expires: Timestamp,
    /// Whether this is the session of the current request.
    pub current: bool,
}

/// A session that was just opened.
#[derive(Clone)]
pub struct Opened {
    pub token: String,
    pub proof: Proof,
}

/// Opens a session; `None` if the password has changed, or the account was closed, since the user
/// showed who they are.
pub async fn open(app: &App, proof: Proof, client: &Client) -> Result<Option<Opened>> {
    let token = crate::random::token();
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    if !proof.is_valid(&mut tx).await? {
        return Ok(None);
    }
    sql(
        "insert into sessions (token_hash, user_id, created, last_seen, expires, user_agent, address)
         values (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(token_hash(&token))
    .bind(proof.user)
    .bind(now)
    .bind(now)
    .bind(now.plus_seconds(LIFETIME))
    .bind(client.user_agent.as_str())
    .bind(client.address.to_string())
    .run(&mut tx)
    .await?;
    sql("update users set last_login = ? where id = ?")
        .bind(now)
        .bind(proof.user)
        .run(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(Some(Opened { token, proof }))
}

/// Opens the first session of an account that was just made.
pub async fn open_first(app: &App, user: i64, client: &Client) -> Result<Opened> {
    let proof = Proof::of(app.db(), user).await?;
    let opened = open(app, proof, client).await?;
    opened.ok_or(Error::Unauthenticated(None))
}

/// Whether a valid session of a user was opened from this address.
pub async fn are_from(app: &App, user: i64, from: Ident) -> Result<bool> {
    let addresses: Vec<(String,)> =
        sql("select distinct address from sessions where user_id = ? and expires > ?")
            .bind(user)
            .bind(app.clock().now())
            .all(app.db())
            .await?;
    let mut known = addresses
        .iter()
        .filter_map(|(address,)| address.parse().ok())
        .map(|address| app.ident(address));
    Ok(known.any(|known| known == from))
}

/// Whether a session was opened at most `seconds` ago.
pub async fn is_recent(app: &App, session: Option<i64>, seconds: i64) -> Result<bool> {
    let opened: Option<(Timestamp,)> = sql("select created from sessions where id = ?")
        .bind(session)
        .optional(app.db())
        .await?;
    Ok(opened.is_some_and(|(created,)| app.clock().now() <= created.plus_seconds(seconds)))
}

/// Ends the session with this token.
pub async fn close(app: &App, token: &str) -> Result<()> {
    sql("delete from sessions where token_hash = ?")
        .bind(token_hash(token))
        .run(app.db())
        .await?;
    app.credentials()
        .forget(&auth::credentials::of_session(token));
    Ok(())
}

/// Ends the session of a request, if there is one.
pub async fn close_of(app: &App, request: &Request) -> Result<()> {
    match auth::session(request) {
        Some(token) => close(app, token).await,
        None => Ok(()),
    }
}

/// Returns a user's sessions, newest first; `current` is the session of the request.
pub async fn of_user(
    db: &Reads,
    user: i64,
    current: Option<i64>,
    now: Timestamp,
) -> Result<Vec<Session>> {
    sql(
        "select id, user_agent, address, created, last_seen, expires, id = ? as current
         from sessions where user_id = ? and expires > ? order by created desc, id desc limit 200",
    )
    .bind(current.unwrap_or_default())
    .bind(user)
    .bind(now)
    .all(db)
    .await
}

/// Ends a session of a user; `false` if there is none with this ID. Callers must clear cached
/// credentials afterwards.
pub async fn end(on: impl OnWrite, user: i64, id: i64) -> Result<bool> {
    let gone = sql("delete from sessions where id = ? and user_id = ?")
        .bind(id)
        .bind(user)
        .run(on)
        .await?;
    Ok(gone > 0)
}

/// Ends a user's sessions except one. Callers must clear cached credentials afterwards.
pub async fn end_others(on: impl OnWrite, user: i64, kept: Option<i64>) -> Result<u64> {
    sql("delete from sessions where user_id = ? and id <> ?")
        .bind(user)
        .bind(kept.unwrap_or_default())
        .run(on)
        .await
}

/// Removes expired sessions.
pub async fn tidy(app: &App) -> Result<()> {
    sql("delete from sessions where expires <= ?")
        .bind(app.clock().now())
        .run(app.db())
        .await
        .map(|_| ())
}
