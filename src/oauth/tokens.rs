//! Access and refresh tokens, and the families that they belong to.
use oauth2::basic::BasicErrorResponseType;
use serde::Serialize;
use sqlx::FromRow;
use uuid::Uuid;

use super::{Parent, Refusal, clients::Client, living, revocation::revoke_family, scopes};
use crate::{
    app::App,
    error::Result,
    scope::ScopeSet,
    store::{Sql, Tx, sql},
    time::Timestamp,
    token::token_hash,
};

/// What a user has granted an application.
#[derive(Clone, Debug)]
pub struct Grant {
    pub user_id: i64,
    pub application_id: i64,
    pub scope: String,
    /// Shared by all tokens of one authorization.
    pub family: Uuid,
    pub parent: Parent,
}

/// The answer of the token endpoint (RFC 6749 section 5.1).
#[derive(Debug, Serialize, poem_openapi::Object)]
pub struct Pair {
    /// Access token.
    pub access_token: String,
    /// Lifetime of the access token in seconds.
    pub expires_in: i64,
    /// Always `Bearer` (RFC 6750).
    pub token_type: String,
    /// Scopes of the access token, separated by spaces.
    pub scope: String,
    /// Refresh token, which works once.
    pub refresh_token: String,
}

/// Issues a pair of tokens. `whole` is the full granted scope, which later refreshes may request.
async fn issue(tx: &mut Tx, app: &App, grant: &Grant, whole: &str) -> Result<Pair> {
    let (access, refresh) = (crate::random::token(), crate::random::token());
    let now = app.clock().now();
    let lifetime = app.config().access_token_expire_seconds;
    let id = sql(
        "insert into oauth_access_tokens (token_hash, user_id, application_id, scope, expires,
           created, updated, family) values (?, ?, ?, ?, ?, ?, ?, ?) returning id",
    )
    .bind(token_hash(&access))
    .bind(grant.user_id)
    .bind(grant.application_id)
    .bind(grant.scope.as_str())
    .bind(now.plus_seconds(lifetime))
    .bind(now)
    .bind(now)
    .bind(grant.family)
    .number(&mut *tx)
    .await?;
    sql(
        "insert into oauth_refresh_tokens (token_hash, user_id, application_id, access_token_id,
           family, scope, created, expires) values (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(token_hash(&refresh))
    .bind(grant.user_id)
    .bind(grant.application_id)
    .bind(id)
    .bind(grant.family)
    .bind(whole)
    .bind(now)
    .bind(now.plus_seconds(app.config().refresh_token_expire_seconds))
    .run(tx)
    .await?;
    Ok(Pair {
        access_token: access,
        expires_in: lifetime,
        token_type: "Bearer".to_owned(),
        scope: grant.scope.clone(),
        refresh_token: refresh,
    })
}

/// Records a new family.
async fn found(tx: &mut Tx, app: &App, grant: &Grant) -> Result<()> {
    let now = app.clock().now();
    sql(
        "insert into oauth_families (family, application_id, user_id, created, used, parent_family,
           parent_token) values (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(grant.family)
    .bind(grant.application_id)
    .bind(grant.user_id)
    .bind(now)
    .bind(now)
    .bind(grant.parent.family)
    .bind(grant.parent.token.clone())
    .run(tx)
    .await
    .map(|_| ())
}

/// Issues the first pair of tokens of a family.
pub async fn begin(tx: &mut Tx, app: &App, grant: &Grant) -> Result<Pair> {
    found(&mut *tx, app, grant).await?;
    issue(tx, app, grant, &grant.scope).await
}

/// Hashes of access tokens.
pub type Hashes = Vec<(Vec<u8>,)>;

/// Drops revoked tokens from the cache of credentials.
pub fn forget(app: &App, hashes: &Hashes) {
    for (hash,) in hashes {
        app.credentials().forget_hash(hash);
    }
}

#[derive(FromRow)]
struct Refreshable {
    id: i64,
    user_id: i64,
    scope: Option<String>,
    family: Option<Uuid>,
    access_token_id: Option<i64>,
    expires: Option<Timestamp>,
    revoked: Option<Timestamp>,
}

/// Seconds in which a reused refresh token is refused but not treated as stolen, while the pair that
/// replaced it is unused: clients repeat requests when the network fails. Otherwise reuse revokes
/// the family.
const GRACE: i64 = 30;

/// Exchanges a refresh token for a new pair (RFC 6749 section 6, RFC 9700 section 4.14). Of
/// concurrent requests, one succeeds.
pub async fn refresh(
    app: &App,
    client: &Client,
    token: &str,
    wanted: Option<&str>,
) -> Result<Pair, Refusal> {
    let Some(held) = refreshable(app, client, token).await? else {
        return Err(Refusal::invalid_grant());
    };
    let now = app.clock().now();
    if let Some(revoked) = held.revoked {
        if let Some(family) = held.family
            && (now > revoked.plus_seconds(GRACE) || was_used_since(app, family, held.id).await?)
        {
            revoke_family(app, family).await?;
        }
        return Err(Refusal::invalid_grant());
    }
    let Some(whole) = held
        .scope
        .as_deref()
        .filter(|_| held.expires.is_none_or(|until| until > now))
    else {
        return Err(Refusal::invalid_grant());
    };
    let grant = Grant {
        user_id: held.user_id,
        application_id: client.id,
        scope: narrowed(whole, wanted)?,
        family: held.family.unwrap_or_else(crate::random::uuid),
        parent: Parent::default(),
    };
    traded(app, &held, &grant, whole).await
}

/// Whether the pair that replaced a refresh token was used: its access token, or its refresh token.
async fn was_used_since(app: &App, family: Uuid, replaced: i64) -> Result<bool> {
    let used: Option<(i64,)> = sql(
        "select id from oauth_access_tokens where family = ? and used = true
         union all select id from oauth_refresh_tokens
         where family = ? and id > ? and revoked is not null limit 1",
    )
    .bind(family)
    .bind(family)
    .bind(replaced)
    .optional(app.db())
    .await?;
    Ok(used.is_some())
}

/// Issues the new pair and uses up the refresh token.
async fn traded(
    app: &App,
    held: &Refreshable,
    grant: &Grant,
    whole: &str,
) -> Result<Pair, Refusal> {
    let (now, family) = (app.clock().now(), grant.family);
    let mut tx = app.db().begin().await?;
    if held.family.is_some() && !goes_on(&mut tx, family, now).await? {
        return Err(Refusal::invalid_grant());
    }
    let used = sql("update oauth_refresh_tokens set revoked = ?, family = ?
         where id = ? and revoked is null")
    .bind(now)
    .bind(family)
    .bind(held.id)
    .run(&mut tx)
    .await?;
    if used == 0 {
        return Err(Refusal::invalid_grant());
    }
    let gone =
        sql("delete from oauth_access_tokens where family = ? or id = ? returning token_hash")
            .bind(family)
            .bind(held.access_token_id.unwrap_or(-1))
            .all(&mut tx)
            .await?;
    if held.family.is_none() {
        found(&mut tx, app, grant).await?;
    }
    let pair = issue(&mut tx, app, grant, whole).await?;
    tx.commit().await?;
    forget(app, &gone);
    Ok(pair)
}

/// Locks the row of a family; `false` if the family is revoked, or what made it has ended.
async fn goes_on(tx: &mut Tx, family: Uuid, now: Timestamp) -> Result<bool> {
    let rows = sql("update oauth_families set used = ? where family = ? and revoked is null and ")
        .bind(now)
        .bind(family)
        .append(living(
            "oauth_families.parent_family",
            "oauth_families.parent_token",
            now,
        ))
        .run(tx)
        .await?;
    Ok(rows > 0)
}

/// Finds a refresh token of the client whose user is active.
async fn refreshable(app: &App, client: &Client, token: &str) -> Result<Option<Refreshable>> {
    sql(
        "select r.id, r.user_id, coalesce(r.scope, a.scope) as scope, r.family, r.access_token_id,
           r.expires, r.revoked
         from oauth_refresh_tokens r join users u on u.id = r.user_id
         left join oauth_access_tokens a on a.id = r.access_token_id
         where r.token_hash = ? and r.application_id = ? and u.is_active = true",
    )
    .bind(token_hash(token))
    .bind(client.id)
    .optional(app.db())
    .await
}

/// The requested scope, which must be within the granted one.
fn narrowed(whole: &str, wanted: Option<&str>) -> Result<String, Refusal> {
    let Some(wanted) = wanted.filter(|wanted| !wanted.trim().is_empty()) else {
        return Ok(whole.to_owned());
    };
    let within =
        scopes::are_scopes(wanted) && ScopeSet::parse(wanted).is_within(ScopeSet::parse(whole));
    match within {
        true => Ok(wanted.to_owned()),
        false => Err(BasicErrorResponseType::InvalidScope.into()),
    }
}

/// A token as introspection reports it (RFC 7662).
#[derive(FromRow)]
pub struct Known {
    pub scope: Option<String>,
    pub username: String,
    pub user_id: i64,
    pub created: Option<Timestamp>,
    pub expires: Option<Timestamp>,
    pub is_access: bool,
}

/// Finds a valid token of the client.
pub async fn inspect(app: &App, client: &Client, token: &str) -> Result<Option<Known>> {
    let (hash, now) = (token_hash(token), app.clock().now());
    sql(
        "select t.scope, u.username, u.id as user_id, t.created, t.expires, true as is_access
         from oauth_access_tokens t join users u on u.id = t.user_id
         where t.token_hash = ? and t.application_id = ? and t.expires > ? and u.is_active = true
           and ",
    )
    .bind(hash.clone())
    .bind(client.id)
    .bind(now)
    .append(goes_on_still(now))
    .then(
        " union all select t.scope, u.username, u.id as user_id, t.created, t.expires, false as is_access
         from oauth_refresh_tokens t join users u on u.id = t.user_id
         where t.token_hash = ? and t.application_id = ? and t.revoked is null
           and (t.expires is null or t.expires > ?) and u.is_active = true and ",
    )
    .bind(hash)
    .bind(client.id)
    .bind(now)
    .append(goes_on_still(now))
    .optional(app.db())
    .await
}

/// Condition on a token `t`: its family is not revoked, and what made it has not ended.
pub fn goes_on_still(now: Timestamp) -> Sql {
    sql("(t.family is null or exists (select 1 from oauth_families f
           where f.family = t.family and f.revoked is null and ")
    .append(living("f.parent_family", "f.parent_token", now))
    .then("))")
}
