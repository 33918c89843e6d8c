//! Files that are sent as forms (RFC 7578).
use std::time::Duration;

use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaRequest, Registry},
};
use tokio::time::timeout;

use super::{
    incoming::Room,
    parts::{MISSING, Part, Parts, SentFilePart, UNWANTED, meta, no_form},
};
use crate::error::{Error, Result};

/// The field `file` of a form, up to `MOST` bytes.
pub struct SentFile<const MOST: usize> {
    bytes: Vec<u8>,
    /// What it takes of the memory for all that is sent.
    _room: Room,
}

impl<const MOST: usize> AsRef<[u8]> for SentFile<MOST> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

const FIELD: &str = "file";
/// For a file to come in, in all.
const PATIENCE: Duration = Duration::from_secs(300);

impl<'a, const MOST: usize> ApiExtractor<'a> for SentFile<MOST> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(_: &mut Registry) {}

    fn request_meta() -> Option<MetaRequest> {
        Some(meta(&[(FIELD, true, "The file.")]))
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let read = timeout(PATIENCE, read(request, body, MOST)).await;
        let (bytes, room) = read.map_err(|_| Error::Late)??;
        Ok(Self { bytes, _room: room })
    }
}

async fn read(request: &Request, body: &mut RequestBody, most: usize) -> Result<(Vec<u8>, Room)> {
    let whole = body.take().map_err(Error::internal)?;
    let mut form = Parts::of(request, whole, vec![FIELD])
        .await?
        .ok_or_else(|| no_form(request, &[FIELD]))?;
    while let Some(part) = form.next().await? {
        match part {
            Part::File(file) if file.name == FIELD => return gathered(file, most).await,
            Part::File(file) => file.pass(UNWANTED).await?,
            Part::Text { .. } => {}
        }
    }
    Err(Error::field(FIELD, MISSING))
}

async fn gathered(mut file: SentFilePart, most: usize) -> Result<(Vec<u8>, Room)> {
    let mut room = Room::default();
    let (mut bytes, mut chunk) = (Vec::new(), Vec::new());
    loop {
        file.chunk(&mut chunk).await?;
        if chunk.is_empty() {
            return Ok((bytes, room));
        }
        room.make(chunk.len())?;
        bytes.extend_from_slice(&chunk);
        if bytes.len() > most {
            return Err(Error::TooLarge(most));
        }
    }
}
