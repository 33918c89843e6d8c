//! Authentication (contract section 2): bearer tokens (RFC 6750), HTTP Basic (RFC 7617), browser
//! sessions, and signed tokens in audio URLs.
mod basic;
pub mod browser;
pub mod checks;
pub mod credentials;
pub mod csrf;
mod holder;
pub mod known_browser;
pub mod lasting;
pub mod listening;
pub mod subsonic;

use poem::Request;

use self::holder::Holder;
use crate::{
    accounts::recovery::remind,
    app::App,
    caller::Caller,
    error::{Error, Result, TokenProblem},
    ledger::Ledger,
    rest::{cookies::cookie, params::Pairs},
    throttle::Ident,
    token::token_hash,
};

/// The cookie with the session token.
pub const SESSION: &str = "sessionid";

/// The session token of a request.
pub fn session(request: &Request) -> Option<&str> {
    cookie(request.headers(), SESSION).filter(|token| !token.is_empty())
}

/// Authenticates a request. The first credential in this order counts: bearer token, HTTP Basic,
/// session. `ledger` gets the rate limit that prevented a password check, if one did.
pub async fn caller(
    app: &App,
    request: &Request,
    address: Ident,
    ledger: &mut Ledger,
) -> Result<Caller> {
    // Players show who they are in parameters, which their door reads.
    if subsonic::is_at(request.uri().path()) {
        return Ok(Caller::Anonymous);
    }
    let authorization = request.headers().get("authorization");
    let authorization = authorization.and_then(|header| header.to_str().ok());
    let sent = authorization.and_then(|header| header.split_once(' '));
    let mut problem = None;
    match sent {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            match bearer(app, token.trim()).await? {
                Ok(caller) => return Ok(caller),
                Err(why) => problem = Some(why),
            }
        }
        // At the OAuth endpoints, HTTP Basic authenticates the client (RFC 6749 section 2.3.1).
        Some((scheme, pair))
            if scheme.eq_ignore_ascii_case("basic") && !is_for_clients(request.uri().path()) =>
        {
            return basic::caller(app, pair, address, ledger).await;
        }
        _ => {}
    }
    if sent.is_none() && takes_token_in_address(request.uri().path()) {
        match in_address(app, request).await? {
            Some(Ok(caller)) => return Ok(caller),
            Some(Err(why)) => problem = Some(why),
            None => {}
        }
    }
    // Where clients authenticate themselves, the session of the browser is irrelevant.
    if !is_for_clients(request.uri().path())
        && let Some(caller) = of_session(app, request).await?
    {
        return Ok(caller);
    }
    Ok(problem.map_or(Caller::Anonymous, Caller::Rejected))
}

/// Whether an endpoint authenticates clients instead of users.
fn is_for_clients(path: &str) -> bool {
    ["token", "revoke", "introspect", "device_authorization"]
        .iter()
        .any(|name| path.trim_end_matches('/').strip_prefix("/api/v1/oauth/") == Some(name))
}

/// Players cannot send headers, so audio URLs accept `?token=`.
fn takes_token_in_address(path: &str) -> bool {
    path.starts_with("/api/v1/listen/") || path.starts_with("/api/v1/stream/")
}

type Taken = std::result::Result<Caller, TokenProblem>;

/// Whether a token has the syntax of bearer tokens (RFC 6750 section 2.1). Cached credentials of other
/// kinds are filed under texts that have not.
fn is_token(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    text.bytes().all(is_part)
}

async fn bearer(app: &App, token: &str) -> Result<Taken> {
    if !is_token(token) {
        return Ok(Err(TokenProblem::Invalid));
    }
    if let Some(found) = app.credentials().get(token, app.clock().now()) {
        return Ok(Ok(Caller::User(found)));
    }
    let hash = token_hash(token);
    let age = app.credentials().age();
    match Holder::of_token(app, &hash).await? {
        Some(holder) => {
            holder.record_use(app, &hash).await?;
            admitted(app, (token, Some(&hash)), holder, age).await
        }
        None => Ok(Err(TokenProblem::Invalid)),
    }
}

/// A token in the query: a signed one from `users/me`, or an OAuth or application token.
async fn in_address(app: &App, request: &Request) -> Result<Option<Taken>> {
    let pairs = Pairs::parse(request.uri().query().unwrap_or_default())?;
    let Some(token) = pairs.last("token").filter(|token| !token.is_empty()) else {
        return Ok(None);
    };
    match listening::caller(app, token).await? {
        Some(caller) => Ok(Some(Ok(caller))),
        None => bearer(app, token).await.map(Some),
    }
}

/// The caller of a session. Requests that change something need a CSRF token.
async fn of_session(app: &App, request: &Request) -> Result<Option<Caller>> {
    let Some(token) = session(request) else {
        return Ok(None);
    };
    if !browser::is_own_origin(app, request.headers()) {
        return Ok(None);
    }
    let credential = credentials::of_session(token);
    let age = app.credentials().age();
    let caller = match app.credentials().get(&credential, app.clock().now()) {
        Some(found) => Caller::User(found),
        None => match Holder::of_session(app, token).await? {
            None => return Ok(None),
            Some(holder) => match admitted(app, (&credential, None), holder, age).await? {
                Ok(caller) => caller,
                Err(_) => return Ok(None),
            },
        },
    };
    let by_page = !request.uri().path().starts_with("/api/") && request.uri().path() != "/graphql";
    match by_page || csrf::passes(request, token) {
        true => Ok(Some(caller)),
        false => Ok(Some(Caller::Refused(Error::Denied(
            "CSRF Failed: CSRF token missing.".to_owned(),
        )))),
    }
}

/// `age`: of the cached credentials, before the holder was looked up.
async fn admitted(
    app: &App,
    (token, hash): (&str, Option<&[u8]>),
    holder: Holder,
    age: u64,
) -> Result<Taken> {
    let now = app.clock().now();
    if holder.expires.is_some_and(|expires| expires <= now) {
        return Ok(Err(TokenProblem::Expired));
    }
    if app.config().account_email_verification_enforce && !holder.may_enter() {
        remind(app, holder.user_id).await?;
        return Ok(Err(TokenProblem::UnverifiedEmail));
    }
    // A failed update of the last activity does not fail the request.
    if let Err(error) = holder.record_activity(app).await {
        error.log();
    }
    let expires = holder.expires;
    let granted = app.preferences().await?.default_permissions();
    let identity = holder.identity(granted, hash).into();
    app.credentials()
        .keep(token, &identity, (now, expires), age);
    Ok(Ok(Caller::User(identity)))
}
