//! Signing in with an OpenID provider: the redirect there, and the callback.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use poem::{Request, Response, handler, http::StatusCode};

use super::visit::{Visit, go};
use crate::{
    accounts::{
        openid::{self, Answer, Attempt},
        sessions,
    },
    auth::browser,
    error::{Error, Result},
    resources::people::users::Login,
    rest::cookies::{NewCookie, cookie},
};

const COOKIE: &str = "openid_attempt";
const PATH: &str = "/login/openid";
/// Lifetime of a sign-in attempt, in seconds.
const PATIENCE: i64 = 900;

fn keep(visit: &Visit, response: &mut Response, value: &str, lifetime: i64) {
    let cookie = NewCookie {
        name: COOKIE,
        value,
        path: PATH,
        lifetime,
        hidden: true,
    };
    browser::set(visit.app(), response, &cookie);
}

#[handler]
pub async fn leave(visit: Visit) -> Result<Response> {
    let permit = visit.allow::<Login>().await?;
    let (url, attempt) = openid::begin(permit.app(), visit.next()).await?;
    let kept = serde_json::to_vec(&attempt).map_err(Error::internal)?;
    let mut response = go(&url);
    keep(
        &visit,
        &mut response,
        &URL_SAFE_NO_PAD.encode(kept),
        PATIENCE,
    );
    Ok(response)
}

fn attempt(request: &Request) -> Option<Attempt> {
    let kept = cookie(request.headers(), COOKIE)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(kept).ok()?).ok()
}

#[handler]
pub async fn come_back(visit: Visit, request: &Request) -> Result<Response> {
    let permit = visit.allow::<Login>().await?;
    let given = |name| visit.query.last(name).unwrap_or_default();
    let Some(attempt) = attempt(request) else {
        let why = "This sign-in has expired, or was started in another browser. Sign in again.";
        return Err(Error::Denied(why.to_owned()));
    };
    if !given("error").is_empty() {
        let why = "The OpenID provider refused the sign-in. Nothing was changed.";
        return visit.say(StatusCode::FORBIDDEN, "Not signed in", why).await;
    }
    let answer = Answer {
        code: given("code"),
        state: given("state"),
        iss: visit.query.last("iss"),
    };
    let proof = openid::finish(permit.app(), &attempt, answer).await?;
    let session = sessions::open(permit.app(), proof, visit.cx.client()).await?;
    let session = session.ok_or_else(|| {
        Error::Denied("The account changed while you signed in. Sign in again.".to_owned())
    })?;
    if let Some(old) = &visit.session {
        sessions::close(permit.app(), old).await?;
    }
    let mut response = go(super::visit::within(&attempt.next));
    keep(&visit, &mut response, "", 0);
    browser::set_session(permit.app(), &mut response, &session);
    Ok(response)
}
