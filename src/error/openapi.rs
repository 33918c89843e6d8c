//! Errors in the OpenAPI document.
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};
use serde_json::json;

use super::Error;

impl ApiResponse for Error {
    fn meta() -> MetaResponses {
        let answer = |status, description, schema: &str| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content: vec![MetaMediaType {
                content_type: "application/json",
                schema: MetaSchemaRef::Reference(schema.to_owned()),
            }],
            headers: vec![],
        };
        MetaResponses {
            responses: vec![
                answer(
                    400,
                    "The input is not valid; the body names the fields.",
                    "FieldErrors",
                ),
                answer(401, "No credentials, or none that are valid.", "Detail"),
                answer(
                    403,
                    "The credentials do not reach this operation.",
                    "Detail",
                ),
                answer(
                    404,
                    "There is no such thing, or it is not visible to the caller.",
                    "Missing",
                ),
                answer(406, "No acceptable media type.", "Detail"),
                answer(
                    429,
                    "Too many requests; `Retry-After` says when to come back.",
                    "Detail",
                ),
            ],
        }
    }

    fn register(registry: &mut Registry) {
        let text = || MetaSchemaRef::Inline(Box::new(MetaSchema::new("string")));
        let mut detail = MetaSchema::new("object");
        detail.description = Some("An error, in one sentence.");
        detail.required = vec!["detail"];
        detail.properties = vec![("detail", text())];
        detail.example = Some(json!({ "detail": "Not found." }));
        let mut fields = MetaSchema::new("object");
        fields.description = Some(
            "Lists of complaints, by the name of the field or parameter (an object of them for a \
             field that has fields). A request that is wrong as a whole has `detail` instead. OAuth \
             endpoints send `error` and `error_description` (RFC 6749).",
        );
        fields.properties = vec![
            ("detail", text()),
            ("error", text()),
            ("error_description", text()),
        ];
        fields.additional_properties =
            Some(Box::new(MetaSchemaRef::Inline(Box::new(MetaSchema::ANY))));
        fields.example = Some(json!({ "mbid": ["Enter a valid UUID."] }));
        let mut missing = MetaSchema::ANY;
        missing.description =
            Some("An error, in one sentence. That a radio has ended is a text alone.");
        missing.any_of = vec![MetaSchemaRef::Reference("Detail".to_owned()), text()];
        registry.schemas.insert("Missing".to_owned(), missing);
        registry.schemas.insert("Detail".to_owned(), detail);
        registry.schemas.insert("FieldErrors".to_owned(), fields);
    }
}
