//! The cookies of browsers: their session, and their token against forged requests.
use poem::{
    Request, Response,
    http::{HeaderMap, HeaderValue},
};

use super::{SESSION, csrf, known_browser};
use crate::{
    accounts::sessions::{self, Opened},
    app::App,
    proof::Proof,
    rest::cookies::{NewCookie, cookie},
};

/// Whether a request comes from a page of this pod, or from no page. Cookies of others' requests do
/// not count: a page of another origin acts with the tokens that it was given.
pub fn is_own_origin(app: &App, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get("origin") else {
        return true;
    };
    let host = headers.get("host").map(HeaderValue::as_bytes);
    let of_host = |scheme: &[u8]| origin.as_bytes().strip_prefix(scheme) == host;
    origin == app.names().public_url.as_str()
        || (host.is_some() && (of_host(b"https://") || of_host(b"http://")))
}

/// Sets a cookie.
pub fn set(app: &App, response: &mut Response, cookie: &NewCookie<'_>) {
    response
        .headers_mut()
        .append("set-cookie", header(app, cookie));
}

fn header(app: &App, cookie: &NewCookie<'_>) -> HeaderValue {
    let secure = app.config().public_url().starts_with("https:");
    cookie.header(app.clock().now(), secure)
}

const YEAR: i64 = 31_449_600;

/// The token against forged requests, as a cookie.
fn csrf_cookie(token: &str) -> NewCookie<'_> {
    NewCookie {
        name: csrf::COOKIE,
        value: token,
        path: "/",
        lifetime: YEAR,
        hidden: false,
    }
}

/// Gives the browser its token against forged requests.
pub fn set_csrf(app: &App, response: &mut Response, token: &str) {
    set(app, response, &csrf_cookie(token));
}

/// The header that gives a browser its token, unless it has it.
pub fn new_csrf(app: &App, request: &Request) -> Option<HeaderValue> {
    let token = csrf::token(request);
    let known = cookie(request.headers(), csrf::COOKIE) == Some(token.as_str());
    (!known).then(|| header(app, &csrf_cookie(&token)))
}

/// Signs the browser in: a session, the token that goes with it, and the mark of a known browser.
pub fn set_session(app: &App, response: &mut Response, opened: &Opened) {
    set_csrf(app, response, &csrf::of_session(&opened.token));
    let cookie = NewCookie {
        name: SESSION,
        value: &opened.token,
        path: "/",
        lifetime: sessions::LIFETIME,
        hidden: true,
    };
    set(app, response, &cookie);
    set_known(app, response, opened.proof);
}

/// Remembers that the user showed in this browser who they are.
pub fn set_known(app: &App, response: &mut Response, proof: Proof) {
    let cookie = NewCookie {
        name: known_browser::COOKIE,
        value: &known_browser::issue(proof),
        path: "/",
        lifetime: YEAR,
        hidden: true,
    };
    set(app, response, &cookie);
}

/// Signs the browser out.
pub fn clear_session(app: &App, response: &mut Response) {
    let cookie = NewCookie {
        name: SESSION,
        value: "",
        path: "/",
        lifetime: 0,
        hidden: true,
    };
    set(app, response, &cookie);
}
