//! Which media types a client takes, and which one an answer has.
use poem::{
    Request, Response,
    http::{HeaderValue, Uri},
};

/// Whether the client takes what is found at a path: `application/json`, or all of `audio/*`.
pub fn accepts(request: &Request, media: &str) -> bool {
    let (family, kind) = media.split_once('/').unwrap_or((media, "*"));
    let fits = |range: &str| {
        let (asked, form) = range.split_once('/').unwrap_or((range, ""));
        asked == "*" || (asked == family && (form == "*" || kind == "*" || form == kind))
    };
    let mut accepted = request.headers().get_all("accept").iter().peekable();
    accepted.peek().is_none()
        || accepted
            .filter_map(|header| header.to_str().ok())
            .any(|header| {
                header.split(',').any(|range| {
                    let mut parts = range.split(';').map(str::trim);
                    let range = parts.next().unwrap_or_default();
                    let refused =
                        parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
                    fits(range) && !refused
                })
            })
}

/// `format=` is taken as a choice of representation, and JSON is the only one.
pub fn format_is_json(uri: &Uri) -> bool {
    let pairs = uri.query().unwrap_or_default().split('&');
    pairs
        .filter_map(|pair| pair.strip_prefix("format="))
        .all(|format| format == "json")
}

/// The original calls every body of a path by the media type of what is found there, errors too.
pub fn name_media(response: &mut Response, media: &'static str) {
    if let Some(kind) = response.headers_mut().get_mut("content-type") {
        *kind = HeaderValue::from_static(media);
    }
}
