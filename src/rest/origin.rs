//! What pages of other origins may read and send, and what keeps ours from being misused.
use poem::{
    Request, Response,
    http::{HeaderMap, HeaderName, HeaderValue, Method},
};

/// What every answer carries; an answer may say more of itself, never less.
pub fn protect(headers: &mut HeaderMap) {
    for (name, value) in [
        ("vary", "Cookie, origin"),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
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
            "RateLimit, RateLimit-Policy, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, \
             X-RateLimit-ResetSeconds, X-RateLimit-Scope, X-RateLimit-Duration, X-Request-Id",
        ),
    );
}

/// Whether pages of other origins may read what is here: the APIs, and not what people see.
pub fn is_shared(path: &str) -> bool {
    super::door::in_api(path)
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

/// What pages of any origin may send.
pub fn preflight_answer() -> Response {
    Response::builder()
        .header(
            "access-control-allow-headers",
            "accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with",
        )
        .header(
            "access-control-allow-methods",
            "DELETE, GET, OPTIONS, PATCH, POST, PUT",
        )
        .header("access-control-max-age", "86400")
        .finish()
}
