//! Bodies that leave: JSON written straight from the type, keys in its order.
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

/// Status 204: it is gone.
pub struct Gone;

/// Status 302: it is at this address.
pub struct Elsewhere(pub String);

fn written(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => Response::builder()
            .status(status)
            .content_type(JSON)
            .body(body),
        Err(error) => Error::internal(error).into_response(),
    }
}

const JSON: &str = "application/json";

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
        meta(StatusCode::OK, "Done.", Some(T::schema_ref()))
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
        meta(StatusCode::CREATED, "It was made.", Some(T::schema_ref()))
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl IntoResponse for Elsewhere {
    fn into_response(self) -> Response {
        Response::builder()
            .status(StatusCode::FOUND)
            .header("location", self.0)
            .finish()
    }
}

impl ApiResponse for Elsewhere {
    fn meta() -> MetaResponses {
        meta(StatusCode::FOUND, "`Location` says where it is.", None)
    }

    fn register(_: &mut Registry) {}
}

impl IntoResponse for Gone {
    fn into_response(self) -> Response {
        Response::builder().status(StatusCode::NO_CONTENT).finish()
    }
}

impl ApiResponse for Gone {
    fn meta() -> MetaResponses {
        meta(StatusCode::NO_CONTENT, "It is gone.", None)
    }

    fn register(_: &mut Registry) {}
}
