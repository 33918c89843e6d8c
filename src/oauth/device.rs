//! The device authorization grant (RFC 8628): a device without a browser shows a short code, which
//! the user enters elsewhere.
use oauth2::{DeviceCodeErrorResponseType as Waiting, basic::BasicErrorResponseType};
use poem_openapi::Object;
use serde::Serialize;
use sqlx::FromRow;

use super::{
    EXPLORER, Parent, Refusal,
    clients::{self, Client},
    consents, scopes,
    tokens::{self, Grant, Pair},
};
use crate::{
    app::App,
    caller::Identity,
    error::{Error, Result},
    proof::recheck,
    scope::ScopeSet,
    store::sql,
    time::Timestamp,
    token::token_hash,
};

pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Lifetime of the codes in seconds.
const LIFETIME: i64 = 900;
/// Polling interval in seconds, and its increase when a device polls too often (RFC 8628 section
/// 3.5).
const PACE: i64 = 5;
/// Consonants that are not easily confused (RFC 8628 section 6.1): 20^8 codes.
const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";

/// A device authorization response (RFC 8628 section 3.2).
#[derive(Debug, Serialize, Object)]
pub struct Begun {
    /// Code with which the device polls the token endpoint.
    device_code: String,
    /// Code that the user enters.
    user_code: String,
    /// URI at which the user enters the code.
    verification_uri: String,
    /// URI that includes the code, for example for a QR code.
    verification_uri_complete: String,
    /// Lifetime of both codes in seconds.
    expires_in: i64,
    /// Minimum number of seconds between two polls.
    interval: i64,
}

/// Starts a device authorization.
pub async fn begin(app: &App, client: &Client, wanted: Option<&str>) -> Result<Begun, Refusal> {
    if client.client_id == EXPLORER {
        // Users would trust a device that claims to be the pod itself.
        return Err(BasicErrorResponseType::UnauthorizedClient.into());
    }
    let wanted = wanted.filter(|scope| !scope.trim().is_empty());
    if wanted.is_some_and(|scope| !scopes::are_scopes(scope)) {
        return Err(BasicErrorResponseType::InvalidScope.into());
    }
    let scope = scopes::cut(&client.scope, wanted.unwrap_or(&client.scope));
    let device_code = crate::random::token();
    let letters = crate::random::letters(8, LETTERS);
    let now = app.clock().now();
    sql(
        "insert into oauth_device_codes (device_code_hash, user_code_hash, application_id, scope,
           state, pace, created, expires) values (?, ?, ?, ?, 'pending', ?, ?, ?)",
    )
    .bind(token_hash(&device_code))
    .bind(token_hash(&letters))
    .bind(client.id)
    .bind(scope)
    .bind(PACE)
    .bind(now)
    .bind(now.plus_seconds(LIFETIME))
    .run(app.db())
    .await?;
    let user_code = shown(&letters);
    let page = format!("{}/device", app.config().public_url());
    Ok(Begun {
        device_code,
        verification_uri_complete: format!("{page}?user_code={user_code}"),
        verification_uri: page,
        user_code,
        expires_in: LIFETIME,
        interval: PACE,
    })
}

#[derive(FromRow)]
struct Device {
    id: i64,
    scope: String,
    state: String,
    user_id: Option<i64>,
    polled: Option<Timestamp>,
    pace: i64,
    expires: Timestamp,
}

/// Answers a device that polls (RFC 8628 section 3.4).
pub async fn poll(app: &App, client: &Client, code: &str) -> Result<Pair, Refusal> {
    let device: Option<Device> = sql(
        "select id, scope, state, user_id, polled, pace, expires from oauth_device_codes
         where device_code_hash = ? and application_id = ?",
    )
    .bind(token_hash(code))
    .bind(client.id)
    .optional(app.db())
    .await?;
    let device = device.ok_or_else(Refusal::invalid_grant)?;
    let now = app.clock().now();
    if device.expires <= now {
        return Err(Waiting::ExpiredToken.into());
    }
    match (device.state.as_str(), device.user_id) {
        ("denied", _) => Err(Waiting::AccessDenied.into()),
        ("approved", Some(user)) => redeem(app, client, device, user).await,
        _ => Err(wait(app, &device, now).await?),
    }
}

/// A device that polls too often must poll more slowly from then on.
async fn wait(app: &App, device: &Device, now: Timestamp) -> Result<Refusal> {
    let hasty = device
        .polled
        .is_some_and(|polled| now < polled.plus_seconds(device.pace));
    sql("update oauth_device_codes set polled = ?, pace = pace + ? where id = ?")
        .bind(now)
        .bind(if hasty { PACE } else { 0 })
        .bind(device.id)
        .run(app.db())
        .await?;
    Ok(match hasty {
        true => Waiting::SlowDown.into(),
        false => Waiting::AuthorizationPending.into(),
    })
}

async fn redeem(app: &App, client: &Client, device: Device, user: i64) -> Result<Pair, Refusal> {
    let mut tx = app.db().begin().await?;
    let gone = sql("delete from oauth_device_codes where id = ?")
        .bind(device.id)
        .run(&mut tx)
        .await?;
    let active = sql("select id from users where id = ? and is_active = true").bind(user);
    if gone == 0 || active.optional::<(i64,)>(&mut tx).await?.is_none() {
        return Err(Refusal::invalid_grant());
    }
    let grant = Grant {
        user_id: user,
        application_id: client.id,
        scope: device.scope,
        family: crate::random::uuid(),
        parent: Parent::default(),
    };
    let pair = tokens::begin(&mut tx, app, &grant).await?;
    tx.commit().await?;
    Ok(pair)
}

/// A device that waits for the user's decision.
#[derive(Clone, Debug)]
pub struct Pending {
    id: i64,
    pub client: Client,
    /// Scopes that it would get.
    pub reach: ScopeSet,
    /// The same as they were asked for, within what the application may have now.
    scope: String,
}

impl Pending {
    /// A digest of what the person who decides was shown.
    pub fn shown(&self) -> String {
        self.client.shown(self.reach, "")
    }
}

/// Normalizes a code that a user typed in.
fn letters(typed: &str) -> String {
    let letters = typed.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_uppercase()).collect()
}

/// Formats a code as devices show it: `BCDF-GHJK`.
pub fn shown(typed: &str) -> String {
    let letters = letters(typed);
    match letters.split_at_checked(4) {
        Some((first, rest)) if !rest.is_empty() => format!("{first}-{rest}"),
        _ => letters,
    }
}

/// Finds the waiting device with this code.
pub async fn find(app: &App, typed: &str) -> Result<Pending> {
    let found: Option<(i64, String, String)> =
        sql("select d.id, a.client_id, d.scope from oauth_device_codes d
         join oauth_applications a on a.id = d.application_id
         where d.user_code_hash = ? and d.state = 'pending' and d.expires > ?")
        .bind(token_hash(&letters(typed)))
        .bind(app.clock().now())
        .optional(app.db())
        .await?;
    let unknown = || {
        let complaint =
            "No device waits with this code. Look at the device again; it may show a new one.";
        Error::field("user_code", complaint)
    };
    let (id, client_id, scope) = found.ok_or_else(unknown)?;
    let client = clients::find(app, &client_id).await?.ok_or_else(unknown)?;
    Ok(Pending {
        id,
        reach: scopes::reachable(&client.scope, &scope),
        scope: scopes::cut(&client.scope, &scope),
        client,
    })
}

/// Approves or denies a device.
pub async fn decide(app: &App, device: &Pending, identity: &Identity, allow: bool) -> Result<()> {
    let user = identity.user_id;
    let mut tx = app.db().begin().await?;
    recheck(&mut tx, identity, app.clock().now()).await?;
    // What was shown is what the device gets, also if the application grows until it asks.
    let decided = sql(
        "update oauth_device_codes set state = ?, user_id = ?, scope = ?
         where id = ? and state = 'pending'",
    )
    .bind(if allow { "approved" } else { "denied" })
    .bind(user)
    .bind(device.scope.as_str())
    .bind(device.id)
    .run(&mut tx)
    .await?;
    if decided == 0 {
        return Err(Error::field("user_code", "This code was already used."));
    }
    if allow {
        let pair = (user, device.client.id);
        consents::add(&mut tx, app, pair, "", device.reach).await?;
    }
    tx.commit().await
}
