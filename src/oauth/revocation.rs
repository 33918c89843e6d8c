//! Revoking tokens: single ones, those of one authorization, of an application, or of a user.
use uuid::Uuid;

use super::clients::Client;
use crate::{
    app::App,
    error::{Error, Result},
    store::{Sql, Tx, sql},
    time::Timestamp,
    token::token_hash,
};

/// Revokes a family. Its row is locked first, as in `refresh`, so that neither misses tokens that
/// the other creates.
pub async fn revoke_family(app: &App, family: Uuid) -> Result<()> {
    let mut tx = app.db().begin().await?;
    for statement in [
        sql("update oauth_families set revoked = ? where family = ?"),
        sql("update oauth_refresh_tokens set revoked = ? where family = ? and revoked is null"),
    ] {
        let now = app.clock().now();
        statement.bind(now).bind(family).run(&mut tx).await?;
    }
    sql("delete from oauth_access_tokens where family = ?")
        .bind(family)
        .run(&mut tx)
        .await?;
    tx.commit().await?;
    // What the tokens made ends too.
    app.credentials().forget_all();
    Ok(())
}

/// Revokes a token of a client (RFC 7009), and with it its authorization: what it made ends too.
/// Tokens of other clients are ignored.
pub async fn revoke(app: &App, client: &Client, token: &str) -> Result<()> {
    let hash = token_hash(token);
    let access = sql("select cast(1 as bigint), family from oauth_access_tokens
         where token_hash = ? and application_id = ?");
    let access = access.bind(hash.clone()).bind(client.id);
    match access.optional::<(i64, Option<Uuid>)>(app.db()).await? {
        Some((_, Some(family))) => return revoke_family(app, family).await,
        Some((_, None)) => {
            sql("delete from oauth_access_tokens where token_hash = ?")
                .bind(hash)
                .run(app.db())
                .await?;
            app.credentials().forget_all();
            return Ok(());
        }
        None => {}
    }
    let family = async || {
        let found = sql("select family from oauth_refresh_tokens
             where token_hash = ? and application_id = ?");
        let found = found.bind(hash.clone()).bind(client.id);
        let row: Option<(Option<Uuid>,)> = found.optional(app.db()).await?;
        Ok::<_, Error>(row.and_then(|row| row.0))
    };
    if let Some(family) = family().await? {
        return revoke_family(app, family).await;
    }
    revoke_foreign(app, client, &hash).await?;
    // A concurrent refresh may have given the token a family.
    match family().await? {
        Some(family) => revoke_family(app, family).await,
        None => Ok(()),
    }
}

/// Revokes an imported refresh token that was never used here, with its access token.
async fn revoke_foreign(app: &App, client: &Client, hash: &[u8]) -> Result<()> {
    let mut tx = app.db().begin().await?;
    let ended: Vec<(Option<i64>,)> = sql("update oauth_refresh_tokens set revoked = ?
         where token_hash = ? and application_id = ? and family is null and revoked is null
         returning access_token_id")
    .bind(app.clock().now())
    .bind(hash.to_vec())
    .bind(client.id)
    .all(&mut tx)
    .await?;
    for (access,) in ended {
        sql("delete from oauth_access_tokens where id = ?")
            .bind(access)
            .run(&mut tx)
            .await?;
    }
    tx.commit().await?;
    app.credentials().forget_all();
    Ok(())
}

/// Deletes the grants that a condition selects: codes, tokens and consents. Returns how many rows.
///
/// The order matters: first what creates families, then the families, then their tokens. Each statement waits
/// for concurrent requests, and the next ones see what those created. Whoever deletes a user or an application
/// calls this first: the cascade of the database goes in another order than a refresh, and both would wait for
/// each other.
async fn delete_grants(tx: &mut Tx, of: Sql) -> Result<u64> {
    let mut gone = 0;
    for delete in [
        "delete from oauth_codes where ",
        "delete from oauth_device_codes where ",
        "delete from oauth_refresh_tokens where family is null and ",
        "delete from oauth_families where ",
        "delete from oauth_refresh_tokens where ",
        "delete from oauth_access_tokens where ",
        "delete from oauth_consents where ",
    ] {
        gone += sql(delete).append(of.clone()).run(&mut *tx).await?;
    }
    Ok(gone)
}

/// Revokes all that a user has granted an application; `false` if there was nothing. Callers must
/// clear cached credentials afterwards.
pub async fn revoke_all(tx: &mut Tx, user: i64, application: i64, now: Timestamp) -> Result<bool> {
    let of = sql("user_id = ? and application_id = ?");
    let gone = delete_grants(tx, of.bind(user).bind(application)).await?;
    // An application without an owner was in use until now; see `tidy`.
    sql("update oauth_applications set updated = ? where id = ? and user_id is null")
        .bind(now)
        .bind(application)
        .run(tx)
        .await?;
    Ok(gone > 0)
}

/// Deletes an application with all that was granted to it. Callers must clear cached credentials afterwards.
pub async fn delete_application(tx: &mut Tx, application: i64) -> Result<()> {
    delete_grants(tx, sql("application_id = ?").bind(application)).await?;
    sql("delete from oauth_applications where id = ?")
        .bind(application)
        .run(tx)
        .await
        .map(|_| ())
}

/// Deletes all that a user granted, and the applications of the user with all that was granted to them.
pub async fn delete_of_user(tx: &mut Tx, user: i64) -> Result<()> {
    let of = sql(
        "(user_id = ? or application_id in (select id from oauth_applications where user_id = ?))",
    );
    delete_grants(tx, of.bind(user).bind(user)).await?;
    sql("delete from oauth_applications where user_id = ?")
        .bind(user)
        .run(tx)
        .await
        .map(|_| ())
}

/// Deletes the codes of a user that were not redeemed yet.
pub async fn revoke_codes(tx: &mut Tx, user: i64) -> Result<()> {
    for delete in [
        sql("delete from oauth_codes where user_id = ? and used is null"),
        sql("delete from oauth_device_codes where user_id = ?"),
    ] {
        delete.bind(user).run(&mut *tx).await?;
    }
    Ok(())
}

/// Revokes everything that acts for a user, except browser sessions: codes, tokens, consents, and
/// application tokens.
pub async fn revoke_user(tx: &mut Tx, user: i64) -> Result<()> {
    delete_grants(tx, sql("user_id = ?").bind(user)).await?;
    sql("update oauth_applications set token_hash = null where user_id = ?")
        .bind(user)
        .run(tx)
        .await
        .map(|_| ())
}
