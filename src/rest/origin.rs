//! What pages of other origins may read and send, and what keeps ours from being misused.
use poem::{
    Request, Response,
    http::{HeaderMap, HeaderName, HeaderValue, Method},
};

/// Pages that applications open in a window of their own, to hear from it when somebody has signed
/// in: these do not cut that window off.
const OPENED: &[&str] = &["/authorize", "/login", "/signup", "/auth/", "/device"];

/// What every answer carries; an answer may say more of itself, never less.
pub fn protect(path: &str, headers: &mut HeaderMap) {
    let opened = OPENED.iter().any(|start| path.starts_with(start));
    let opener = if opened { "unsafe-none" } else { "same-origin" };
    for (name, value) in [
        ("vary", "Cookie, origin"),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", opener),
    ] {
        headers
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
}

/// Pages of any origin may read the answers (contract section 1), those of the pod's own origin with
/// the cookies that go with them.
pub fn share(headers: &mut HeaderMap, origin: HeaderValue, own: bool) {
    headers.insert("access-control-allow-origin", origin);
    if own {
        headers.insert(
            "access-control-allow-credentials",
            HeaderValue::from_static("true"),
        );
    }
    headers.insert(
        "access-control-expose-headers",
        HeaderValue::from_static(
            "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Link, RateLimit, \
             RateLimit-Policy, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, \
             X-RateLimit-ResetSeconds, X-RateLimit-Scope, X-RateLimit-Duration, X-Request-Id",
        ),
    );
}

/// Whether pages of other origins may read what is here: the APIs and pictures, and not what people
/// see.
pub fn is_shared(path: &str, media: &str) -> bool {
    super::door::in_api(path)
        || crate::auth::subsonic::is_at(path)
        || path.starts_with(media)
        || ["/graphql", "/api/v1/openapi.json", "/health/", "/assets/"]
            .iter()
            .any(|start| path.starts_with(start))
}

/// Whether a browser asks what a page of another origin may send.
pub fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key("access-control-request-method")
}

/// What pages of any origin may send: any header, since those that libraries add are many, and none
/// of them gives a right. A browser that asks for none is told the usual ones.
pub fn preflight_answer(headers: &HeaderMap) -> Response {
    const USUAL: HeaderValue = HeaderValue::from_static(
        "accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with",
    );
    let asked = headers.get("access-control-request-headers");
    Response::builder()
        .header(
            "access-control-allow-headers",
            asked
                .filter(|asked| asked.to_str().is_ok_and(are_names))
                .unwrap_or(&USUAL),
        )
        .header("vary", "origin, access-control-request-headers")
        .header(
            "access-control-allow-methods",
            "DELETE, GET, OPTIONS, PATCH, POST, PUT",
        )
        .header("access-control-max-age", "86400")
        .finish()
}

/// Whether a text is a list of header names.
fn are_names(list: &str) -> bool {
    list.len() <= 2_000
        && list
            .split(',')
            .all(|name| HeaderName::from_bytes(name.trim().as_bytes()).is_ok())
}
