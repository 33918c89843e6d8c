use poem::{IntoResponse, Response, http::StatusCode};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};

/// Audio, or a header that tells a reverse proxy to send it.
pub struct Audio(pub Response);

impl Audio {
    /// 404 with an empty body, if there is no audio to send (contract section 7).
    pub fn none() -> Self {
        Self(Response::builder().status(StatusCode::NOT_FOUND).finish())
    }
}

impl IntoResponse for Audio {
    fn into_response(self) -> Response {
        self.0
    }
}

impl ApiResponse for Audio {
    fn meta() -> MetaResponses {
        let answer = |status: StatusCode, description, content| MetaResponse {
            description,
            status: Some(status.as_u16()),
            status_range: None,
            content,
            headers: vec![],
        };
        let audio = || {
            let schema = MetaSchema::new_with_format("string", "binary");
            vec![MetaMediaType {
                content_type: "audio/*",
                schema: MetaSchemaRef::Inline(Box::new(schema)),
            }]
        };
        MetaResponses {
            responses: vec![
                answer(StatusCode::OK, "The audio.", audio()),
                answer(
                    StatusCode::PARTIAL_CONTENT,
                    "The requested range of the audio.",
                    audio(),
                ),
                answer(
                    StatusCode::NOT_MODIFIED,
                    "The client's copy is current.",
                    vec![],
                ),
                answer(
                    StatusCode::RANGE_NOT_SATISFIABLE,
                    "The range is beyond the end of the audio.",
                    vec![],
                ),
            ],
        }
    }

    fn register(_: &mut Registry) {}
}
