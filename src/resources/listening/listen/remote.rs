//! Audio that is elsewhere: the episodes of podcasts, passed on as their servers send them.
use std::io;

use futures_util::TryStreamExt;
use poem::{
    Body, Response,
    http::{HeaderName, StatusCode, header},
};

use super::play::media_type;
use crate::{
    error::{Error, Result},
    guard::{Allowed, Writes},
    media::serve::Wanted,
    resources::library::uploads::Upload,
};

/// What listeners are told of the other server's answer, besides its media type.
const PASSED_ON: &[HeaderName] = &[
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::ACCEPT_RANGES,
    header::ETAG,
    header::LAST_MODIFIED,
];

fn unavailable() -> Error {
    Error::Unavailable("The audio could not be fetched from its server.".to_owned())
}

/// Sends an episode, or a redirect to it, as the pod's settings say.
pub async fn episode<O: Writes>(
    permit: &Allowed<O>,
    upload: &Upload,
    wanted: &Wanted,
) -> Result<Response> {
    let address = upload.source.as_deref().ok_or(Error::NotFound)?;
    if !permit.config().podcasts.podcasts_proxy {
        return Ok(Response::builder()
            .status(StatusCode::FOUND)
            .header(header::LOCATION, address)
            .header(header::CACHE_CONTROL, "no-store")
            .finish());
    }
    let range = wanted.range.as_deref().map(|range| (header::RANGE, range));
    // Bytes as they are, of which a part can be asked for.
    let plain = [(header::ACCEPT_ENCODING, "identity")];
    let condition = wanted.if_range.as_deref().filter(|_| range.is_some());
    let condition = condition.map(|known| (header::IF_RANGE, known));
    let fetched = permit
        .app()
        .fetcher()
        .stream(address, range.into_iter().chain(condition).chain(plain))
        .await;
    let fetched = fetched.map_err(|error| {
        tracing::info!(upload = %upload.uuid, address, %error, "an episode was not fetched");
        match error.is_gone() {
            true => Error::NotFound,
            false => unavailable(),
        }
    })?;
    let is_part = wanted.range.is_some() && fetched.headers().contains_key(header::CONTENT_RANGE);
    let is_audio = match fetched.status() {
        StatusCode::OK | StatusCode::RANGE_NOT_SATISFIABLE => true,
        StatusCode::PARTIAL_CONTENT => is_part,
        _ => false,
    };
    if !is_audio || fetched.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(unavailable());
    }
    let mut answer = Response::builder()
        .status(fetched.status())
        .content_type(media_type(upload));
    for name in PASSED_ON {
        if let Some(value) = fetched.headers().get(name) {
            answer = answer.header(name, value);
        }
    }
    Ok(answer.body(Body::from_bytes_stream(
        fetched.bytes_stream().map_err(io::Error::other),
    )))
}
