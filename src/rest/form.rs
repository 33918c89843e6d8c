//! Forms that come in, where the original takes nothing else.
use std::marker::PhantomData;

use poem::{FromRequest, Request, RequestBody, web::Multipart};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    payload::Json,
    registry::{MetaRequest, Registry},
    types::{ParseFromJSON, Type},
};

use super::{
    incoming::{essence, limited},
    params::Pairs,
    parts::PARTS,
};
use crate::error::{Error, Result};

pub const FORM: &str = "application/x-www-form-urlencoded";
/// Fields of a form in parts at most.
const FIELDS: usize = 50;

/// A form; `T` is what the OpenAPI document says of its fields. A body of another type has none.
pub struct Form<T>(pub Pairs, PhantomData<T>);

/// The fields of a form.
pub async fn fields(request: &Request, body: &mut RequestBody) -> Result<Pairs> {
    let kind = request.content_type().unwrap_or_default();
    let kind = essence(kind);
    if kind.eq_ignore_ascii_case(PARTS) {
        return parts(request, body).await;
    }
    if !kind.eq_ignore_ascii_case(FORM) {
        return Ok(Pairs::default());
    }
    let bytes = limited(body).await?;
    let text = std::str::from_utf8(&bytes).map_err(|_| not_text())?;
    Pairs::parse(text)
}

/// The fields of a form in parts (RFC 7578), which the original's web client sends to the token
/// endpoint. A file counts as the text that it holds; one that holds something else is passed over.
async fn parts(request: &Request, body: &mut RequestBody) -> Result<Pairs> {
    let broken = |_| Error::Malformed("the form is not valid".to_owned());
    let mut whole = RequestBody::new(limited(body).await?.into());
    let form = <Multipart as FromRequest>::from_request(request, &mut whole).await;
    let mut form = form.map_err(|_| Error::Malformed("the form has no boundary".to_owned()))?;
    let mut pairs = Vec::new();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let Some(name) = field.name().map(str::to_owned) else {
            continue;
        };
        if pairs.len() == FIELDS {
            return Err(Error::Refused(format!(
                "At most {FIELDS} fields are allowed."
            )));
        }
        let file = field.file_name().map(str::to_owned);
        match String::from_utf8(field.bytes().await.map_err(broken)?) {
            // A browser sends this where no file was chosen.
            Ok(text) if text.is_empty() && file.as_deref() == Some("") => {}
            Ok(text) => pairs.push((name, text)),
            Err(_) if file.is_some() => {}
            Err(_) => return Err(not_text()),
        }
    }
    Pairs::of(pairs)
}

fn not_text() -> Error {
    Error::Refused("The form is not valid UTF-8.".to_owned())
}

impl<'a, T: Type + ParseFromJSON> ApiExtractor<'a> for Form<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <Json<T> as ApiExtractor>::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let mut meta = <Json<T> as ApiExtractor>::request_meta()?;
        meta.content
            .iter_mut()
            .for_each(|media| media.content_type = FORM);
        Some(meta)
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(Self(fields(request, body).await?, PhantomData))
    }
}
