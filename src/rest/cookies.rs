//! Cookies (RFC 6265).
use poem::{
    Request, Response,
    http::{HeaderMap, HeaderValue},
};

use crate::{
    accounts::sessions,
    app::App,
    auth::{SESSION, csrf},
};

/// The value of a cookie that was sent.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let sent = headers.get_all("cookie").iter();
    sent.filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// A cookie to be set.
pub struct NewCookie<'a> {
    pub name: &'a str,
    pub value: &'a str,
    pub path: &'a str,
    /// Seconds; with none of them, the cookie is taken away.
    pub lifetime: i64,
    /// Whether the scripts of pages may not see it.
    pub hidden: bool,
}

/// Sets a cookie.
pub fn set(app: &App, response: &mut Response, cookie: &NewCookie<'_>) {
    response
        .headers_mut()
        .append("set-cookie", header(app, cookie));
}

/// The header of a cookie that other sites' requests do not carry, but for links.
fn header(app: &App, cookie: &NewCookie<'_>) -> HeaderValue {
    let NewCookie {
        name,
        value,
        path,
        lifetime,
        hidden,
    } = cookie;
    let expires = app.clock().now().plus_seconds(*lifetime).unix().max(0);
    let expires = if *lifetime > 0 { expires } else { 0 };
    let expires = std::time::UNIX_EPOCH + std::time::Duration::from_secs(expires.unsigned_abs());
    let mut text = format!(
        "{name}={value}; expires={}; Max-Age={lifetime}; Path={path}; SameSite=Lax",
        httpdate::fmt_http_date(expires)
    );
    if *hidden {
        text.push_str("; HttpOnly");
    }
    if app.config().public_url().starts_with("https:") {
        text.push_str("; Secure");
    }
    HeaderValue::from_str(&text).expect("tokens and names are ASCII")
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

/// Signs the browser in: a session, and the token that goes with it.
pub fn set_session(app: &App, response: &mut Response, session: &str) {
    set_csrf(app, response, &csrf::of_session(session));
    let cookie = NewCookie {
        name: SESSION,
        value: session,
        path: "/",
        lifetime: sessions::LIFETIME,
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
