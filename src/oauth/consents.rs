//! Remembered consents: the scopes that users have granted to applications.
use crate::{
    app::App,
    error::Result,
    scope::ScopeSet,
    store::{Tx, sql},
};

/// The scopes that a user has granted to an application at a redirect URI.
pub async fn find(
    app: &App,
    (user, application): (i64, i64),
    redirect_uri: &str,
) -> Result<ScopeSet> {
    let row: Option<(String,)> = sql("select scope from oauth_consents
         where user_id = ? and application_id = ? and redirect_uri = ?")
    .bind(user)
    .bind(application)
    .bind(redirect_uri)
    .optional(app.db())
    .await?;
    Ok(row.map_or(ScopeSet::NONE, |row| ScopeSet::parse(&row.0)))
}

/// Whether a user ever granted an application anything.
pub async fn exists(app: &App, user: i64, application: i64) -> Result<bool> {
    let row: Option<(i64,)> =
        sql("select user_id from oauth_consents where user_id = ? and application_id = ?")
            .bind(user)
            .bind(application)
            .optional(app.db())
            .await?;
    Ok(row.is_some())
}

/// Forgets all consents for an application that is no longer what was shown.
pub async fn forget(tx: &mut Tx, application: i64) -> Result<()> {
    sql("delete from oauth_consents where application_id = ?")
        .bind(application)
        .run(tx)
        .await
        .map(|_| ())
}

/// Adds scopes to a user's consent for an application. A consent for another redirect URI is
/// replaced.
pub async fn add(
    tx: &mut Tx,
    app: &App,
    (user, application): (i64, i64),
    redirect_uri: &str,
    scope: ScopeSet,
) -> Result<()> {
    // Lock the row first, so that concurrent grants do not lose each other's scopes.
    let known: Vec<(String, String)> = sql(
        "insert into oauth_consents (user_id, application_id, scope, updated) values (?, ?, '', ?)
         on conflict (user_id, application_id) do update set updated = excluded.updated
         returning scope, redirect_uri",
    )
    .bind(user)
    .bind(application)
    .bind(app.clock().now())
    .all(&mut *tx)
    .await?;
    let known = known.iter().filter(|(_, uri)| uri == redirect_uri);
    let known = known.map(|(scope, _)| ScopeSet::parse(scope));
    let all = known.fold(scope, ScopeSet::union);
    sql("update oauth_consents set scope = ?, redirect_uri = ? where user_id = ? and application_id = ?")
        .bind(all.to_string())
        .bind(redirect_uri)
        .bind(user)
        .bind(application)
        .run(tx)
        .await
        .map(|_| ())
}
