//! Protection against cross-site request forgery: requests that change something must repeat the
//! token of the `csrftoken` cookie in the header `X-CSRFToken` or the form field
//! `csrfmiddlewaretoken`.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use poem::{Request, http::Method};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::session;
use crate::rest::cookies::cookie;

pub const COOKIE: &str = "csrftoken";
pub const FIELD: &str = "csrfmiddlewaretoken";
const HEADER: &str = "x-csrftoken";

/// The CSRF token of a session. It is derived from the session token, so an attacker who can set
/// cookies cannot forge it.
pub fn of_session(session: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(session.as_bytes()).expect("any key will do");
    mac.update(b"csrf");
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// The CSRF token for a page: that of the session, or that of the browser's cookie, or a new one.
pub fn token(request: &Request) -> String {
    match (session(request), cookie(request.headers(), COOKIE)) {
        (Some(session), _) => of_session(session),
        (None, Some(given)) if is_token(given) => given.to_owned(),
        (None, _) => crate::random::token(),
    }
}

fn is_token(text: &str) -> bool {
    (32..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Whether a request with a session is safe or has the session's CSRF token in its header.
pub fn passes(request: &Request, session: &str) -> bool {
    is_safe(request.method())
        || sent(request).is_some_and(|token| is_same(token, &of_session(session)))
}

/// Whether a form, or a request without a session, carries the right CSRF token, in the header or
/// the form field: that of the session if there is one, otherwise that of the cookie.
pub fn is_genuine(request: &Request, field: Option<&str>) -> bool {
    let Some(given) = field.or_else(|| sent(request)) else {
        return false;
    };
    match session(request) {
        Some(session) => is_same(given, &of_session(session)),
        None => cookie(request.headers(), COOKIE)
            .is_some_and(|cookie| is_token(cookie) && is_same(given, cookie)),
    }
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn sent(request: &Request) -> Option<&str> {
    request.headers().get(HEADER)?.to_str().ok()
}

fn is_same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}
