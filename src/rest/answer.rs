//! Response bodies: JSON serialized straight from the type, keys in the order of its fields.
use std::{
    io::{self, Write},
    marker::PhantomData,
};

use poem::{IntoResponse, Response, http::StatusCode};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry},
    types::Type,
};
use serde::Serialize;

use crate::error::Error;

/// A JSON body with status 200.
pub struct Answer<T>(pub T);

/// A JSON body with status 201.
pub struct Created<T>(pub T);

/// Status 204.
pub struct NoContent;

/// Status 302 to this address.
pub struct Redirect(pub String);

/// An RSS feed, or the address of one elsewhere.
pub enum Feed {
    Here(String),
    Elsewhere(String),
}

/// An answer that is made of what an operation returns.
pub trait Reply<T> {
    fn of(returned: T) -> Self;
}

impl<T, B: From<T>> Reply<T> for Answer<B> {
    fn of(returned: T) -> Self {
        Self(returned.into())
    }
}

impl<T, B: From<T>> Reply<T> for Created<B> {
    fn of(returned: T) -> Self {
        Self(returned.into())
    }
}

impl<T> Reply<T> for NoContent {
    fn of(_: T) -> Self {
        Self
    }
}

fn written(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => Response::builder()
            .status(status)
            .content_type(JSON)
            .body(body),
        Err(error) => Error::internal(error).into_response(),
    }
}

/// JSON as Python writes it by default: a space behind commas and colons, everything beyond ASCII
/// escaped. The original's sign-in and OAuth endpoints answer in this form.
pub fn spaced(body: &serde_json::Value) -> String {
    let mut text = Vec::new();
    let mut writer = serde_json::Serializer::with_formatter(&mut text, Spaced);
    body.serialize(&mut writer).expect("JSON is text");
    String::from_utf8(text).expect("JSON is text")
}

struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_array_value<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        to.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        to.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        to.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        to: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for char in fragment.chars() {
            match char.is_ascii() {
                true => write!(to, "{char}")?,
                false => {
                    let mut units = [0; 2];
                    for unit in char.encode_utf16(&mut units) {
                        write!(to, "\\u{unit:04x}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// An answer that is not JSON as the rest is; `T` is what the OpenAPI document says of it.
pub struct Plain<T>(Response, PhantomData<T>);

impl<T> Plain<T> {
    pub fn of<E: IntoResponse>(answer: Result<Response, E>) -> Self {
        Self(
            answer.unwrap_or_else(IntoResponse::into_response),
            PhantomData,
        )
    }
}

impl<T: Send> IntoResponse for Plain<T> {
    fn into_response(self) -> Response {
        self.0
    }
}

impl<T: Type> ApiResponse for Plain<T> {
    fn meta() -> MetaResponses {
        meta(StatusCode::OK, "OK.", Some(T::schema_ref()))
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

const JSON: &str = "application/json";
const RSS: &str = "application/rss+xml";

fn meta(
    status: StatusCode,
    description: &'static str,
    schema: Option<MetaSchemaRef>,
) -> MetaResponses {
    let content = schema.map(|schema| MetaMediaType {
        content_type: JSON,
        schema,
    });
    MetaResponses {
        responses: vec![MetaResponse {
            description,
            status: Some(status.as_u16()),
            status_range: None,
            content: content.into_iter().collect(),
            headers: vec![],
        }],
    }
}

impl<T: Serialize + Send> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        written(StatusCode::OK, &self.0)
    }
}

impl<T: Type> ApiResponse for Answer<T> {
    fn meta() -> MetaResponses {
        meta(StatusCode::OK, "OK.", Some(T::schema_ref()))
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Serialize + Send> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        written(StatusCode::CREATED, &self.0)
    }
}

impl<T: Type> ApiResponse for Created<T> {
    fn meta() -> MetaResponses {
        meta(StatusCode::CREATED, "Created.", Some(T::schema_ref()))
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl IntoResponse for Redirect {
    fn into_response(self) -> Response {
        Response::builder()
            .status(StatusCode::FOUND)
            .header("location", self.0)
            .finish()
    }
}

impl ApiResponse for Redirect {
    fn meta() -> MetaResponses {
        meta(
            StatusCode::FOUND,
            "Redirect to the address in `Location`.",
            None,
        )
    }

    fn register(_: &mut Registry) {}
}

impl IntoResponse for Feed {
    fn into_response(self) -> Response {
        match self {
            Self::Here(text) => Response::builder().content_type(RSS).body(text),
            Self::Elsewhere(address) => Redirect(address).into_response(),
        }
    }
}

impl ApiResponse for Feed {
    fn meta() -> MetaResponses {
        let mut here = meta(StatusCode::OK, "The feed.", Some(String::schema_ref()));
        let content = here
            .responses
            .iter_mut()
            .flat_map(|response| &mut response.content);
        content.for_each(|content| content.content_type = RSS);
        here.responses.extend(Redirect::meta().responses);
        here
    }

    fn register(_: &mut Registry) {}
}

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        Response::builder().status(StatusCode::NO_CONTENT).finish()
    }
}

impl ApiResponse for NoContent {
    fn meta() -> MetaResponses {
        meta(
            StatusCode::NO_CONTENT,
            "Deleted, or done; nothing to return.",
            None,
        )
    }

    fn register(_: &mut Registry) {}
}
