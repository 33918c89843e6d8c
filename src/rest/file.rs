//! Files that are sent as forms (RFC 7578).
use std::time::Duration;

use poem::{Body, FromRequest, Request, RequestBody, web::Multipart};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::timeout,
};

use super::incoming::Room;
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
const FORM: &str = "multipart/form-data";
/// For a file to come in, in all.
const PATIENCE: Duration = Duration::from_secs(300);
/// Fields of a form that are looked at.
const FIELDS: usize = 20;
/// Bytes of a form beside its file.
const HEADS: usize = 64 << 10;

impl<'a, const MOST: usize> ApiExtractor<'a> for SentFile<MOST> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(_: &mut Registry) {}

    fn request_meta() -> Option<MetaRequest> {
        let mut form = MetaSchema::new("object");
        form.required = vec![FIELD];
        let mut file = MetaSchema::new_with_format("string", "binary");
        file.description = Some("The file.");
        form.properties = vec![(FIELD, MetaSchemaRef::Inline(Box::new(file)))];
        Some(MetaRequest {
            description: None,
            content: vec![MetaMediaType {
                content_type: FORM,
                schema: MetaSchemaRef::Inline(Box::new(form)),
            }],
            required: true,
        })
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
    let kind = request.content_type().unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(FORM) {
        return Err(match essence {
            "" | "application/json" | "application/x-www-form-urlencoded" => missing(),
            _ => Error::UnsupportedMediaType(kind.to_owned()),
        });
    }
    let broken = |_| Error::Malformed("the form is not valid".to_owned());
    // The heads of the parts are bounded too.
    let whole = body
        .take()
        .map_err(Error::internal)?
        .into_async_read()
        .take((most + HEADS) as u64);
    let mut bounded = RequestBody::new(Body::from_async_read(whole));
    let mut form = <Multipart as FromRequest>::from_request(request, &mut bounded)
        .await
        .map_err(|_| Error::Malformed("the form has no boundary".to_owned()))?;
    for _ in 0..FIELDS {
        let Some(field) = form.next_field().await.map_err(broken)? else {
            break;
        };
        let wanted = field.name() == Some(FIELD) && field.file_name().is_some();
        let gathered = gathered(field.into_async_read(), most).await?;
        if wanted {
            return Ok(gathered);
        }
    }
    Err(missing())
}

async fn gathered(mut field: impl AsyncRead + Unpin, most: usize) -> Result<(Vec<u8>, Room)> {
    let mut room = Room::default();
    let mut bytes = Vec::new();
    loop {
        let read = field.read_buf(&mut bytes).await;
        match read.map_err(|_| Error::Malformed("the form ends too early".to_owned()))? {
            0 => return Ok((bytes, room)),
            count => room.make(count)?,
        }
        if bytes.len() > most {
            return Err(Error::TooLarge(most));
        }
    }
}

fn missing() -> Error {
    Error::field(FIELD, "No file was submitted.")
}
