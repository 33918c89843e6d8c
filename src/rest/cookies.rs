//! Cookies (RFC 6265).
use std::time::{Duration, UNIX_EPOCH};

use poem::http::{HeaderMap, HeaderValue};

use crate::time::Timestamp;

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

impl NewCookie<'_> {
    /// The header of a cookie that other sites' requests do not carry, but for links.
    pub fn header(&self, now: Timestamp, secure: bool) -> HeaderValue {
        let NewCookie {
            name,
            value,
            path,
            lifetime,
            hidden,
        } = self;
        let expires = now.plus_seconds(*lifetime).unix().max(0);
        let expires = if *lifetime > 0 { expires } else { 0 };
        let expires = UNIX_EPOCH + Duration::from_secs(expires.unsigned_abs());
        let mut text = format!(
            "{name}={value}; expires={}; Max-Age={lifetime}; Path={path}; SameSite=Lax",
            httpdate::fmt_http_date(expires)
        );
        if *hidden {
            text.push_str("; HttpOnly");
        }
        if secure {
            text.push_str("; Secure");
        }
        HeaderValue::from_str(&text).expect("tokens and names are ASCII")
    }
}
