//! Remembered consents: the scopes that users have granted to applications.
use crate::{
    app::App,
    error::Result,
    scope::ScopeSet,
    store::{Tx, sql},
};

/// The scopes that a user has granted to an application.
pub async fn find(app: &App, user: i64, application: i64) -> Result<ScopeSet> {
    let row: Option<(String,)> =
        sql("select scope from oauth_consents where user_id = ? and application_id = ?")
            .bind(user)
            .bind(application)
            .optional(app.db())
            .await?;
    Ok(row.map_or(ScopeSet::NONE, |row| ScopeSet::parse(&row.0)))
}

/// Adds scopes to a user's consent for an application.
pub async fn add(
    tx: &mut Tx,
    app: &App,
    (user, application): (i64, i64),
    scope: ScopeSet,
) -> Result<()> {
    // Lock the row first, so that concurrent grants do not lose each other's scopes.
    let known: Vec<(String,)> = sql(
        "insert into oauth_consents (user_id, application_id, scope, updated) values (?, ?, '', ?)
         on conflict (user_id, application_id) do update set updated = excluded.updated
         returning scope",
    )
    .bind(user)
    .bind(application)
    .bind(app.clock().now())
    .all(&mut *tx)
    .await?;
    let known = known.iter().map(|row| ScopeSet::parse(&row.0));
    let all = known.fold(scope, ScopeSet::union);
    sql("update oauth_consents set scope = ? where user_id = ? and application_id = ?")
        .bind(all.to_string())
        .bind(user)
        .bind(application)
        .run(tx)
        .await
        .map(|_| ())
}
