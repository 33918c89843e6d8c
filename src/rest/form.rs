//! Forms that come in, where the original takes nothing else.
use std::marker::PhantomData;

use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    payload::Json,
    registry::{MetaRequest, Registry},
    types::{ParseFromJSON, Type},
};

use super::{body::limited, params::Pairs};
use crate::error::{Error, Result};

pub const FORM: &str = "application/x-www-form-urlencoded";

/// A form; `T` is what the OpenAPI document says of its fields. A body of another type has none.
pub struct Form<T>(pub Pairs, PhantomData<T>);

/// The fields of a form.
pub async fn fields(request: &Request, body: &mut RequestBody) -> Result<Pairs> {
    let kind = request.content_type().unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(FORM) {
        return Ok(Pairs::default());
    }
    let bytes = limited(body).await?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Error::Refused("The form is not valid UTF-8.".to_owned()))?;
    Pairs::parse(text)
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
