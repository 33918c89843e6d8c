//! Answers in fewer bytes: compressed as the client accepts (RFC 9110, section 12.5.3), or not sent at
//! all where the client has them (RFC 9110, section 13).
use std::{
    cell::RefCell,
    hash::{BuildHasher, Hasher},
    io::Write,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use foldhash::quality::FixedState;
use poem::{
    Body, Response,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{
            ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG,
            IF_NONE_MATCH, USER_AGENT, VARY,
        },
    },
};
use zstd::bulk::Compressor;

use super::outgoing::hold;
use crate::{
    error::{Error, Result},
    kept::Answer,
    throttle::Ident,
};

/// Shorter bodies are not worth it.
const SHORTEST: usize = 1_024;

/// What is compressed. No pages: they hold the tokens of forms beside what others may have sent,
/// and the length would tell of them (BREACH).
const TEXTS: &[&str] = &[
    "application/json",
    "application/graphql-response+json",
    "application/openmetrics-text",
    "application/rss+xml",
    "application/xml",
    "text/css",
    "text/javascript",
    "text/plain",
    "image/svg+xml",
];

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    Zstd,
    Gzip,
}

thread_local! {
    /// Its buffers are half a megabyte: too much to make them for each answer.
    static ZSTD: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
}

impl Coding {
    /// The quickest coding that the client accepts.
    pub fn accepted(headers: &HeaderMap) -> Option<Self> {
        // The fetch of graphql-codegen and others asks for zstd where its Node.js cannot read it.
        let claims_too_much = headers.get(USER_AGENT).is_some_and(|agent| agent == "node");
        [Self::Zstd, Self::Gzip]
            .into_iter()
            .filter(|coding| !(claims_too_much && *coding == Self::Zstd))
            .find(|coding| coding.is_accepted(headers))
    }

    fn is_accepted(self, headers: &HeaderMap) -> bool {
        let values = headers.get_all(ACCEPT_ENCODING).iter();
        let accepted: Vec<&str> = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        let takes = |name: &str| {
            let weight = |coding: &&str| {
                let (coding, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
                let weight = weight.trim().trim_start_matches("q=").parse::<f32>();
                (coding.trim().eq_ignore_ascii_case(name)).then_some(weight.unwrap_or(0.0))
            };
            accepted.iter().find_map(weight)
        };
        let weight = takes(self.name()).or_else(|| takes("*"));
        weight.unwrap_or(0.0) > 0.0
    }

    fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    fn encode(self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Zstd => ZSTD.with_borrow_mut(|kept| {
                let compressor = match kept {
                    Some(compressor) => compressor,
                    None => kept.insert(Compressor::new(1)?),
                };
                compressor.compress(bytes)
            }),
            Self::Gzip => gzipped(bytes, Compression::fast()),
        }
    }
}

fn gzipped(bytes: &[u8], how: Compression) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), how);
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// A text that stays the same while the server runs: packed once, as small as can be.
pub struct Packed {
    plain: Bytes,
    gzip: OnceLock<Bytes>,
}

impl Packed {
    pub fn of(plain: impl Into<Bytes>) -> Self {
        Self {
            plain: plain.into(),
            gzip: OnceLock::new(),
        }
    }

    /// The text for a client that sends these headers.
    pub fn answer(&self, headers: &HeaderMap, media_type: &str) -> Response {
        let builder = Response::builder().content_type(media_type);
        if !Coding::Gzip.is_accepted(headers) {
            return builder.body(self.plain.clone());
        }
        let pack = || {
            let packed = gzipped(&self.plain, Compression::best());
            packed.expect("memory takes all that is written").into()
        };
        builder
            .header(CONTENT_ENCODING, Coding::Gzip.name())
            .header(VARY, "Accept-Encoding")
            .body(self.gzip.get_or_init(pack).clone())
    }
}

/// Compresses an answer of text, if the client accepts it and it is worth it. In memory it has to find
/// room.
pub async fn compress(
    mut response: Response,
    coding: Option<Coding>,
    who: Ident,
) -> Result<Response> {
    let kind = response.content_type().unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    let is_whole = response.status() != StatusCode::PARTIAL_CONTENT
        && !response.headers().contains_key(CONTENT_ENCODING);
    if !TEXTS.contains(&kind) || !is_whole {
        return Ok(response);
    }
    // Caches have to know of it for answers that are not compressed too.
    let vary = HeaderValue::from_static("Accept-Encoding");
    response.headers_mut().append(VARY, vary);
    let body = response.take_body();
    if body.is_empty() {
        return Ok(response);
    }
    let body = body.into_bytes().await;
    let body = body.map_err(Error::internal)?;
    let Some(coding) = coding.filter(|_| body.len() >= SHORTEST) else {
        hold(&mut response, body, who)?;
        return Ok(response);
    };
    let kept = response.data::<Arc<Answer>>();
    let packed = kept.map(|kept| &kept.packed[coding as usize]);
    let encoded = match packed.and_then(OnceLock::get) {
        Some(encoded) => encoded.clone(),
        None => Bytes::from(coding.encode(&body).map_err(Error::internal)?),
    };
    if let Some(packed) = packed {
        packed.get_or_init(|| encoded.clone());
    }
    drop(body);
    response.headers_mut().remove(CONTENT_LENGTH);
    hold(&mut response, encoded, who)?;
    let headers = response.headers_mut();
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    // The bytes are others, what they mean is the same.
    if let Some(tag) = headers.get_mut(ETAG)
        && !tag.as_bytes().starts_with(b"W/")
    {
        let weak = [b"W/", tag.as_bytes()].concat();
        *tag = HeaderValue::from_bytes(&weak).map_err(Error::internal)?;
    }
    Ok(response)
}

/// Names an answer by its bytes; `304` without a body if the client has it already.
pub async fn validate(mut response: Response, known: Option<HeaderValue>) -> Result<Response> {
    let body = response.take_body().into_bytes().await;
    let body = body.map_err(Error::internal)?;
    let tag = match response.data::<Arc<Answer>>() {
        Some(kept) => kept.tag.get_or_init(|| tag(&body)).clone(),
        None => tag(&body),
    };
    let told = tag.to_str().unwrap_or_default();
    let is_known = known.is_some_and(|known| names(known.to_str().unwrap_or_default(), told));
    let headers = response.headers_mut();
    headers.insert(ETAG, tag);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if is_known {
        headers.remove(CONTENT_TYPE);
        headers.remove(CONTENT_LENGTH);
        response.set_status(StatusCode::NOT_MODIFIED);
    } else {
        response.set_body(Body::from(body));
    }
    Ok(response)
}

/// What the client has (`If-None-Match`).
pub fn known(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(IF_NONE_MATCH).cloned()
}

/// A weak tag: the same JSON may be compressed or not.
fn tag(body: &[u8]) -> HeaderValue {
    let half = |seed: u64| {
        let mut hasher = FixedState::with_seed(seed).build_hasher();
        hasher.write(body);
        hasher.finish()
    };
    let tag = format!("W/\"{:016x}{:016x}\"", half(1), half(2));
    HeaderValue::from_str(&tag).expect("digits are ASCII")
}

/// Whether `If-None-Match` names a tag: by weak comparison (RFC 9110, section 13.1.2).
pub fn names(known: &str, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    known.trim() == "*" || known.split(',').any(|one| opaque(one) == opaque(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(header: &str) -> Option<Coding> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, header.parse().unwrap());
        Coding::accepted(&headers)
    }

    #[test]
    fn the_quickest_coding_that_is_not_refused_is_taken() {
        assert_eq!(accepted("gzip, deflate, br, zstd"), Some(Coding::Zstd));
        assert_eq!(accepted("gzip;q=0.5, zstd; q=0"), Some(Coding::Gzip));
        assert_eq!(accepted("*"), Some(Coding::Zstd));
        assert_eq!(accepted("*;q=0, GZIP"), Some(Coding::Gzip));
        assert_eq!(accepted("br, identity"), None);
        assert_eq!(accepted("gzip;q=nonsense"), None);
        assert_eq!(Coding::accepted(&HeaderMap::new()), None);
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, "gzip, deflate, br, zstd".parse().unwrap());
        headers.insert(USER_AGENT, "node".parse().unwrap());
        assert_eq!(Coding::accepted(&headers), Some(Coding::Gzip));
    }

    #[test]
    fn a_tag_is_known_alone_in_a_list_and_without_its_w() {
        let tag = tag(b"{}");
        let tag = tag.to_str().unwrap();
        let known = |header: &str| names(header, tag);
        assert!(known(tag) && known("*") && known(tag.trim_start_matches("W/")));
        assert!(known(&format!("\"other\", {tag}")));
        assert!(!known("\"other\"") && !known(""));
    }
}
