//! Signed tokens for audio URLs: valid for three days, for audio only (contract section 2).
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use super::Holder;
use crate::{
    app::App,
    caller::Caller,
    error::Result,
    scope::{Access, Area, Scope, ScopeSet},
    store::sql,
    time::Timestamp,
};

/// Lifetime of a token in seconds.
const LIFETIME: i64 = 3 * 24 * 3600;

/// Creates a token for a user. It becomes invalid when the user's key changes, as it does with the
/// password.
pub fn sign(user: i64, key: Uuid, now: Timestamp) -> String {
    let claim = format!("{user}.{}", now.unix());
    format!(
        "{claim}.{}",
        URL_SAFE_NO_PAD.encode(mac(key, &claim).finalize().into_bytes())
    )
}

/// The user behind a valid token, with the scope to listen and no other.
pub async fn caller(app: &App, token: &str) -> Result<Option<Caller>> {
    let Some((claim, signature)) = token.rsplit_once('.') else {
        return Ok(None);
    };
    let Some((user, signed)) = read(claim) else {
        return Ok(None);
    };
    let age = app.clock().now().unix().checked_sub(signed);
    let key: Option<(Uuid,)> = sql("select secret_key from users where id = ?")
        .bind(user)
        .optional(app.db())
        .await?;
    let genuine = key.is_some_and(|(key,)| {
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
        mac(key, claim).verify_slice(&signature).is_ok()
    });
    if !genuine || !age.is_some_and(|age| (0..LIFETIME).contains(&age)) {
        return Ok(None);
    }
    let Some(holder) = Holder::of_user(app, user).await? else {
        return Ok(None);
    };
    let mut identity = holder.identity(app.preferences().await?.default_permissions());
    let listening = ScopeSet::from_iter([Scope(Access::Read, Area::Libraries)]);
    identity.in_person = false;
    identity.scopes = identity.scopes.intersection(listening);
    Ok(Some(Caller::User(identity.into())))
}

fn read(claim: &str) -> Option<(i64, i64)> {
    let (user, signed) = claim.split_once('.')?;
    Some((user.parse().ok()?, signed.parse().ok()?))
}

fn mac(key: Uuid, claim: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(key.as_bytes()).expect("any key will do");
    mac.update(b"listen:");
    mac.update(claim.as_bytes());
    mac
}
