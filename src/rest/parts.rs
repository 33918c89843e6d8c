//! Forms in parts (RFC 7578), read part by part while they come in.
use std::{
    io,
    marker::PhantomData,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use poem::{
    Body, FromRequest, Request, RequestBody,
    web::{Field, Multipart},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, ReadBuf},
    time::timeout,
};

use super::incoming::{Room, essence};
use crate::error::{Error, Result};

/// The media type of forms in parts.
pub const PARTS: &str = "multipart/form-data";
/// Parts of a form at most.
const MOST: usize = 50;
/// Bytes of a field that is no file.
const TEXT: usize = 64 << 10;
/// Bytes of a file that are read at once.
const CHUNK: usize = 256 << 10;
/// For a field, or for so many bytes of a file.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes that may come in until the next field is found: the reader keeps them in memory.
const AHEAD: usize = 2 * TEXT;

/// A form that comes in.
pub struct Parts {
    form: Multipart,
    ahead: Ahead,
    seen: usize,
    files: Vec<&'static str>,
    /// What it takes of the memory for all that is sent.
    room: Room,
}

/// How many more bytes may come in.
#[derive(Clone)]
struct Ahead(Arc<AtomicUsize>);

/// Bytes after which the reader of the form has to look at what it has: it would take all that there is.
const STEP: usize = 64 << 10;

/// A body of which no more is read than is looked at.
struct Bounded<R> {
    body: R,
    ahead: Ahead,
    /// Bytes of this step.
    came: usize,
}

impl<R: AsyncRead + Unpin> AsyncRead for Bounded<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.came >= STEP {
            self.came = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = into.filled().len();
        let read = Pin::new(&mut self.body).poll_read(cx, into);
        let came = into.filled().len() - before;
        self.came += came;
        let left = self.ahead.0.load(Ordering::Relaxed);
        match left.checked_sub(came) {
            Some(left) => self.ahead.0.store(left, Ordering::Relaxed),
            None => return Poll::Ready(Err(io::ErrorKind::InvalidData.into())),
        }
        read
    }
}

/// A part of a form.
pub enum Part {
    Text { name: String, value: String },
    File(SentFilePart),
}

/// A file that comes in.
pub struct SentFilePart {
    /// The name of the field.
    pub name: String,
    /// The name of the file, without folders.
    pub file_name: String,
    /// Media type, as the sender tells it.
    pub media: Option<String>,
    content: Box<dyn AsyncRead + Send + Unpin>,
    ahead: Ahead,
}

impl Parts {
    /// The form of a request; `None` if it has another body. `files` are fields that are files, however they are sent.
    ///
    /// # Errors
    /// `Malformed` without a boundary; `Unavailable` when others send too much.
    pub async fn of(
        request: &Request,
        body: Body,
        files: Vec<&'static str>,
    ) -> Result<Option<Self>> {
        let kind = essence(request.content_type().unwrap_or_default());
        if !kind.eq_ignore_ascii_case(PARTS) {
            return Ok(None);
        }
        let mut room = Room::default();
        room.make(AHEAD)?;
        let ahead = Ahead(Arc::new(AtomicUsize::new(AHEAD)));
        let bounded = Bounded {
            body: body.into_async_read(),
            ahead: ahead.clone(),
            came: 0,
        };
        let mut body = RequestBody::new(Body::from_async_read(bounded));
        let form = <Multipart as FromRequest>::from_request(request, &mut body).await;
        let form = form.map_err(|_| Error::Malformed("the form has no boundary".to_owned()))?;
        Ok(Some(Self {
            form,
            ahead,
            seen: 0,
            files,
            room,
        }))
    }

    /// The next part. The file of the one before has to be read to its end.
    ///
    /// # Errors
    /// `Malformed`, `Late`, or `Refused` for too many parts; `TooLarge` for a long text.
    pub async fn next(&mut self) -> Result<Option<Part>> {
        loop {
            self.seen += 1;
            if self.seen > MOST {
                return Err(Error::Refused(format!(
                    "A form may have at most {MOST} parts."
                )));
            }
            self.ahead.renew(AHEAD);
            let Some(field) = in_time(self.form.next_field()).await? else {
                return Ok(None);
            };
            let Some(name) = field.name().map(str::to_owned) else {
                continue;
            };
            if self.files.contains(&name.as_str()) || is_file(&field) {
                // The bytes that are read at once, and those that are read ahead.
                self.room.make_up_to(2 * CHUNK + AHEAD)?;
                return Ok(Some(Part::File(SentFilePart::of(
                    name,
                    field,
                    self.ahead.clone(),
                ))));
            }
            let mut value = Vec::new();
            let mut content = field.into_async_read().take(TEXT as u64 + 1);
            in_time(content.read_to_end(&mut value)).await?;
            if value.len() > TEXT {
                return Err(Error::TooLarge(TEXT));
            }
            let value = String::from_utf8(value);
            let value =
                value.map_err(|_| Error::field(name.as_str(), "This is not valid UTF-8."))?;
            return Ok(Some(Part::Text { name, value }));
        }
    }
}

impl Ahead {
    fn renew(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }
}

async fn in_time<T, E>(work: impl Future<Output = Result<T, E>>) -> Result<T> {
    let done = timeout(PATIENCE, work).await.map_err(|_| Error::Late)?;
    done.map_err(|_| Error::Malformed("the form is not valid, or ends too early".to_owned()))
}

impl SentFilePart {
    fn of(name: String, field: Field, ahead: Ahead) -> Self {
        let file_name = field.file_name().unwrap_or(&name).to_owned();
        let file_name = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
        Self {
            name,
            file_name: file_name.to_owned(),
            media: field.content_type().map(str::to_owned),
            content: Box::new(Box::pin(field.into_async_read())),
            ahead,
        }
    }

    /// The next bytes; none at the end. The sender has a minute for 256 KiB.
    ///
    /// # Errors
    /// `Late`, or `Malformed` if the form ends within the file.
    pub async fn chunk(&mut self, bytes: &mut Vec<u8>) -> Result<()> {
        bytes.clear();
        self.ahead.renew(CHUNK + AHEAD);
        let mut content = (&mut self.content).take(CHUNK as u64);
        in_time(content.read_to_end(bytes)).await.map(|_| ())
    }

    /// Passes over the file.
    ///
    /// # Errors
    /// As [`SentFilePart::chunk`]; `TooLarge` after so many bytes.
    pub async fn pass(mut self, most: usize) -> Result<()> {
        let (mut bytes, mut passed) = (Vec::new(), 0_usize);
        loop {
            self.chunk(&mut bytes).await?;
            passed = passed.saturating_add(bytes.len());
            match bytes.is_empty() {
                true => return Ok(()),
                false if passed > most => return Err(Error::TooLarge(most)),
                false => {}
            }
        }
    }
}

/// Whether a part is a file. Some clients name files in a way that the form's reader does not know (RFC 5987).
fn is_file(field: &Field) -> bool {
    let is_text = |kind: &str| kind.starts_with("text/") || kind.starts_with("application/json");
    let is_named = matches!(field.name(), Some("audio_file" | "file"));
    is_named
        || field.file_name().is_some()
        || field.content_type().is_some_and(|kind| !is_text(kind))
}

/// Bytes of a file that nothing is made of.
pub const UNWANTED: usize = 1 << 20;

/// What the API's document says of a form with these fields.
pub fn meta(fields: &'static [FormField]) -> MetaRequest {
    let mut form = MetaSchema::new("object");
    for (name, is_file, about) in fields {
        let mut field = match is_file {
            true => MetaSchema::new_with_format("string", "binary"),
            false => MetaSchema::new("string"),
        };
        field.description = Some(about);
        let field = MetaSchemaRef::Inline(Box::new(field));
        form.properties.push((name, field));
        form.required.extend(is_file.then_some(*name));
    }
    MetaRequest {
        description: None,
        content: vec![MetaMediaType {
            content_type: PARTS,
            schema: MetaSchemaRef::Inline(Box::new(form)),
        }],
        required: true,
    }
}

/// The name of a field, whether it is a file, and what it means. Files are required.
pub type FormField = (&'static str, bool, &'static str);

/// The fields of a form with files.
pub trait FormFields: Send + Sync + 'static {
    const FIELDS: &'static [FormField];
}

/// A form with a file, as the body of a request; `F` is what the document says of its fields.
pub struct SentForm<F> {
    pub parts: Parts,
    fields: PhantomData<F>,
}

impl<'a, F: FormFields> ApiExtractor<'a> for SentForm<F> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(_: &mut Registry) {}

    fn request_meta() -> Option<MetaRequest> {
        Some(meta(F::FIELDS))
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let body = body.take().map_err(Error::internal)?;
        let files = F::FIELDS.iter().filter(|(_, is_file, _)| *is_file);
        let names: Vec<&'static str> = files.map(|(name, ..)| *name).collect();
        if let Some(parts) = Parts::of(request, body, names.clone()).await? {
            return Ok(Self {
                parts,
                fields: PhantomData,
            });
        }
        Err(no_form(request, &names).into())
    }
}

/// Why a body that is no form in parts is not taken; these fields are files.
pub fn no_form(request: &Request, files: &[&str]) -> Error {
    let kind = request.content_type().unwrap_or_default();
    match essence(kind) {
        // No file can come in these.
        "" | "application/json" | "application/x-www-form-urlencoded" => {
            let missing = |name: &&str| ((*name).to_owned(), vec![MISSING.to_owned()]);
            Error::Invalid(files.iter().map(missing).collect())
        }
        _ => Error::UnsupportedMediaType(kind.to_owned()),
    }
}

/// The complaint about a file that was not sent.
pub const MISSING: &str = "No file was submitted.";
