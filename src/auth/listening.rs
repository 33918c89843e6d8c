//! Signed tokens for audio URLs: valid for three days, for audio only (contract section 2).
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use super::Holder;
use crate::{
    app::App,
    caller::{Caller, Credential, Identity},
    error::Result,
    scope::{Access, Area, Scope, ScopeSet},
    store::sql,
    time::Timestamp,
};

/// The scope of whoever listens.
const LISTEN: Scope = Scope(Access::Read, Area::Libraries);
/// In a claim: made by a credential that may not listen.
const UNABLE: &str = "n";

/// Lifetime of a token in seconds.
const LIFETIME: i64 = 3 * 24 * 3600;

/// Creates a token for a user, with another credential of theirs. It becomes invalid with that
/// credential, and when the user's key changes, as it does with the password. A credential that may
/// not listen makes one that may not either.
pub fn sign(identity: &Identity, key: Uuid, now: Timestamp) -> String {
    let parent = match identity.scopes.contains(LISTEN) {
        true => named(&identity.credential),
        false => UNABLE.to_owned(),
    };
    let claim = format!("{}.{}.{parent}", identity.user_id, now.unix());
    format!(
        "{claim}.{}",
        URL_SAFE_NO_PAD.encode(mac(key, &claim).finalize().into_bytes())
    )
}

/// How a claim names the credential that it was made with.
fn named(parent: &Credential) -> String {
    match parent {
        Credential::Password(_) => "p".to_owned(),
        Credential::Session(id) => format!("s{id}"),
        Credential::Family(family) => format!("f{family}"),
        Credential::Token(hash) => format!("t{}", URL_SAFE_NO_PAD.encode(hash)),
        Credential::Derived | Credential::Subsonic(_) => String::new(),
    }
}

/// The user behind a valid token, with the scope to listen, if the credential that it was made with
/// has that scope, and no other.
pub async fn caller(app: &App, token: &str) -> Result<Option<Caller>> {
    let Some((claim, signature)) = token.rsplit_once('.') else {
        return Ok(None);
    };
    let Some((user, signed, parent)) = read(claim) else {
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
    let holder = holder(app, user, parent).await?;
    // The key may have changed since the signature was checked.
    let same = |holder: &Holder| holder.user_id == user && Some((holder.stamp,)) == key;
    let Some(holder) = holder.filter(same) else {
        return Ok(None);
    };
    let mut identity = holder.identity(app.preferences().await?.default_permissions(), None);
    identity.credential = Credential::Derived;
    identity.scopes = match parent {
        UNABLE => ScopeSet::NONE,
        _ => identity.scopes.intersection(ScopeSet::from_iter([LISTEN])),
    };
    Ok(Some(Caller::User(identity.into())))
}

/// The holder of the credential that a token was made with, while that is valid.
async fn holder(app: &App, user: i64, parent: &str) -> Result<Option<Holder>> {
    let Some((kind, rest)) = parent.split_at_checked(1) else {
        return Ok(None);
    };
    match kind {
        "p" | UNABLE => Holder::of_user(app, user).await,
        "s" => match rest.parse() {
            Ok(id) => Holder::of_session_id(app, id).await,
            Err(_) => Ok(None),
        },
        "f" => match rest.parse() {
            Ok(family) => Holder::of_family(app, family).await,
            Err(_) => Ok(None),
        },
        "t" => {
            let hash = URL_SAFE_NO_PAD.decode(rest).unwrap_or_default();
            let holder = Holder::of_token(app, &hash).await?;
            let now = app.clock().now();
            Ok(holder.filter(|holder| holder.expires.is_none_or(|until| until > now)))
        }
        _ => Ok(None),
    }
}

fn read(claim: &str) -> Option<(i64, i64, &str)> {
    let mut parts = claim.splitn(3, '.');
    let (user, signed) = (parts.next()?, parts.next()?);
    Some((user.parse().ok()?, signed.parse().ok()?, parts.next()?))
}

fn mac(key: Uuid, claim: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(key.as_bytes()).expect("any key will do");
    mac.update(b"listen:");
    mac.update(claim.as_bytes());
    mac
}
