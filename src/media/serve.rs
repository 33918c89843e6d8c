//! Sending files: whole, a range, or 304 if the client already has them (RFC 9110 sections 13 and
//! 14).
use std::{
    fs::{File, Metadata},
    io::{self, ErrorKind},
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use poem::{
    Body, FromRequest, Request, RequestBody, Response, ResponseBuilder,
    http::{HeaderMap, StatusCode},
};
use tokio::task::spawn_blocking;

use super::{bucket::Bucket, chunks, storage};
use crate::{
    error::{Error, Result},
    rest::encoding::names,
};

/// The conditions and range of a request.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Headers only.
    pub head: bool,
    pub range: Option<String>,
    pub if_range: Option<String>,
    if_none_match: Option<String>,
    if_modified_since: Option<String>,
}

impl Wanted {
    pub fn of(head: bool, headers: &HeaderMap) -> Self {
        let text = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?;
            Some(value.trim().to_owned())
        };
        Self {
            head,
            range: text("range").filter(|_| !head),
            if_range: text("if-range"),
            if_none_match: text("if-none-match"),
            if_modified_since: text("if-modified-since"),
        }
    }
}

impl<'a> FromRequest<'a> for Wanted {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let head = crate::rest::door::Asked::of(request).head;
        Ok(Self::of(head, request.headers()))
    }
}

/// The version of a file.
struct Version {
    /// In bytes.
    size: u64,
    etag: String,
    modified: Option<SystemTime>,
}

/// How to answer a request.
enum Answer {
    Empty(Response),
    /// With so many bytes from the first one on.
    Bytes(ResponseBuilder, u64, u64),
}

/// The part of a file to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Whole,
    /// From the first byte to the last, inclusive.
    Bytes(u64, u64),
    Unsatisfiable,
}

/// The file as requested; `NotFound` if it does not exist.
pub async fn file(path: &Path, content_type: &str, wanted: &Wanted) -> Result<Response> {
    let path = path.to_owned();
    let opened = spawn_blocking(move || open(&path)).await;
    let (file, metadata) = match opened.map_err(Error::internal)? {
        Ok(opened) => opened,
        Err(error) if is_absent(error.kind()) => return Err(Error::NotFound),
        Err(error) => return Err(Error::internal(error)),
    };
    let version = Version::of(metadata.len(), metadata.modified().ok());
    Ok(match version.answer(content_type, wanted) {
        Answer::Empty(response) => response,
        Answer::Bytes(builder, first, length) => {
            builder.body(Body::from_bytes_stream(chunks::stream(file, first, length)))
        }
    })
}

/// A file of a bucket as requested; `NotFound` if it does not exist.
pub async fn object(
    bucket: &Bucket,
    place: &str,
    content_type: &str,
    wanted: &Wanted,
) -> Result<Response> {
    let found = bucket.look(place).await.map_err(storage::failed)?;
    let version = Version::of(found.size, Some(found.last_modified.into()));
    match version.answer(content_type, wanted) {
        Answer::Empty(response) => Ok(response),
        Answer::Bytes(builder, first, length) => {
            let bytes = bucket.read(place, first..first + length).await;
            Ok(builder.body(Body::from_bytes_stream(bytes.map_err(storage::failed)?)))
        }
    }
}

fn is_absent(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotFound
            | ErrorKind::NotADirectory
            | ErrorKind::IsADirectory
            | ErrorKind::InvalidInput
            | ErrorKind::InvalidFilename
    )
}

fn open(path: &Path) -> io::Result<(File, Metadata)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() {
        Ok((file, metadata))
    } else {
        Err(ErrorKind::NotFound.into())
    }
}

impl Version {
    fn of(size: u64, modified: Option<SystemTime>) -> Self {
        let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let nanos = since.map_or(0, |since| since.as_nanos());
        Self {
            size,
            etag: format!("\"{size:x}-{nanos:x}\""),
            modified,
        }
    }

    fn answer(&self, content_type: &str, wanted: &Wanted) -> Answer {
        let builder = Response::builder()
            .header("accept-ranges", "bytes")
            .header("etag", &self.etag);
        let builder = match self.modified {
            Some(time) => builder.header("last-modified", httpdate::fmt_http_date(time)),
            None => builder,
        };
        if self.is_known_to(wanted) {
            return Answer::Empty(builder.status(StatusCode::NOT_MODIFIED).finish());
        }
        let size = self.size;
        let builder = builder.content_type(content_type);
        let (builder, first, length) = match self.part(wanted) {
            Part::Unsatisfiable => {
                return Answer::Empty(
                    builder
                        .status(StatusCode::RANGE_NOT_SATISFIABLE)
                        .header("content-range", format!("bytes */{size}"))
                        .finish(),
                );
            }
            Part::Whole => (builder, 0, size),
            Part::Bytes(first, last) => (
                builder
                    .status(StatusCode::PARTIAL_CONTENT)
                    .header("content-range", format!("bytes {first}-{last}/{size}")),
                first,
                last - first + 1,
            ),
        };
        let builder = builder.header("content-length", length);
        match wanted.head || length == 0 {
            true => Answer::Empty(builder.finish()),
            false => Answer::Bytes(builder, first, length),
        }
    }

    /// `If-None-Match` takes precedence over `If-Modified-Since`.
    fn is_known_to(&self, wanted: &Wanted) -> bool {
        if let Some(tags) = &wanted.if_none_match {
            return names(tags, &self.etag);
        }
        let since = wanted.if_modified_since.as_deref();
        since
            .and_then(|text| httpdate::parse_http_date(text).ok())
            .is_some_and(|since| {
                self.modified
                    .is_some_and(|time| seconds(time) <= seconds(since))
            })
    }

    fn part(&self, wanted: &Wanted) -> Part {
        let current = wanted.if_range.as_deref().is_none_or(|known| {
            known == self.etag
                || httpdate::parse_http_date(known).is_ok_and(|known| {
                    self.modified
                        .is_some_and(|time| seconds(time) == seconds(known))
                })
        });
        match &wanted.range {
            Some(range) if current => part(range, self.size),
            _ => Part::Whole,
        }
    }
}

/// Truncated to seconds, like HTTP dates.
fn seconds(time: SystemTime) -> Duration {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Duration::from_secs(since.as_secs())
}

/// A single byte range. Multiple ranges, other units and invalid ones are ignored, as the RFC
/// permits.
fn part(range: &str, size: u64) -> Part {
    let Some((first, last)) = range
        .strip_prefix("bytes=")
        .and_then(|range| range.trim().split_once('-'))
    else {
        return Part::Whole;
    };
    let number = |text: &str| text.parse::<u64>().ok();
    match (number(first), number(last)) {
        (None, Some(_)) if !first.is_empty() => Part::Whole,
        (Some(_), None) if !last.is_empty() => Part::Whole,
        (None, None) => Part::Whole,
        (Some(first), Some(last)) if last < first => Part::Whole,
        (None, Some(0)) => Part::Unsatisfiable,
        (None, Some(_)) if size == 0 => Part::Unsatisfiable,
        (None, Some(count)) => Part::Bytes(size.saturating_sub(count), size - 1),
        (Some(first), _) if first >= size => Part::Unsatisfiable,
        (Some(first), last) => Part::Bytes(first, last.unwrap_or(u64::MAX).min(size - 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_one_stretch_of_bytes_or_ignored() {
        for (range, expected) in [
            ("bytes=0-99", Part::Bytes(0, 99)),
            ("bytes=990-", Part::Bytes(990, 999)),
            ("bytes=-10", Part::Bytes(990, 999)),
            ("bytes=-5000", Part::Bytes(0, 999)),
            ("bytes=5-5000", Part::Bytes(5, 999)),
            ("bytes=1000-", Part::Unsatisfiable),
            ("bytes=-0", Part::Unsatisfiable),
            ("bytes=9-2", Part::Whole),
            ("bytes=0-1,5-6", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=99999999999999999999-", Part::Whole),
            ("lines=0-1", Part::Whole),
        ] {
            assert_eq!(part(range, 1000), expected, "{range}");
        }
        assert_eq!(part("bytes=0-", 0), Part::Unsatisfiable);
        assert_eq!(part("bytes=-1", 0), Part::Unsatisfiable);
    }
}
