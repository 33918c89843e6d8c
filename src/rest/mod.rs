//! The REST door.
pub mod answer;
pub mod body;
mod client;
pub mod cookies;
pub mod door;
mod encoding;
pub mod file;
pub mod form;
mod negotiation;
mod origin;
pub mod page;
pub mod params;
pub mod routes;

use poem_openapi::{OpenApi, OpenApiService};
use serde_json::{Value, json};

use crate::{config::Config, scope::Scope};

/// The service behind the paths of the API.
pub fn service(config: &Config) -> OpenApiService<impl OpenApi + Send + Sync + 'static, ()> {
    OpenApiService::new(
        crate::resources::rest(),
        "baleen",
        env!("CARGO_PKG_VERSION"),
    )
    .description(
        "The REST API of Funkwhale, served by baleen. Every operation needs the OAuth scope \
             that it names, and spends from the rate limit of its kind; `X-RateLimit-*` headers \
             tell what is left. The same resources are at `/graphql`.",
    )
    .license(
        poem_openapi::LicenseObject::new("MIT OR Apache-2.0").url("https://spdx.org/licenses/MIT"),
    )
    .server(poem_openapi::ServerObject::new(config.public_url()).description("This pod"))
}

/// The OpenAPI document of this server.
pub fn document(config: &Config) -> Value {
    let mut document: Value =
        serde_json::from_str(&service(config).spec()).expect("poem-openapi writes JSON");
    document["tags"] = tags();
    document["components"]["securitySchemes"] = json!({ "oauth2": oauth2(config) });
    document
}

/// A tag for each resource.
fn tags() -> Value {
    let mut names: Vec<&str> = crate::resources::operations()
        .filter_map(|info| info.name.split('.').next())
        .collect();
    names.dedup();
    let tag = |name| json!({ "name": name, "description": format!("Operations on {name}.") });
    names.into_iter().map(tag).collect()
}

fn oauth2(config: &Config) -> Value {
    let root = config.public_url();
    let both = |scope: Scope| {
        let verb = if scope.word().starts_with("read") {
            "Read"
        } else {
            "Change"
        };
        (
            scope.word().to_owned(),
            json!(format!("{verb}: {}", scope.1.about())),
        )
    };
    let scopes: serde_json::Map<String, Value> = Scope::all().map(both).collect();
    json!({
        "type": "oauth2",
        "description": "Bearer tokens (RFC 6750).",
        "flows": { "authorizationCode": {
            "authorizationUrl": format!("{root}/authorize"),
            "tokenUrl": format!("{root}/api/v1/oauth/token/"),
            "refreshUrl": format!("{root}/api/v1/oauth/token/"),
            "scopes": scopes,
        } },
    })
}
