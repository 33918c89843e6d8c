//! The REST door.
pub mod action;
mod again;
pub mod answer;
pub mod body;
mod client;
pub mod cookies;
mod document;
pub mod door;
pub mod encoding;
pub mod file;
pub mod form;
pub mod incoming;
mod leftover;
pub mod live;
mod negotiation;
mod origin;
pub mod outgoing;
pub mod page;
pub mod params;
pub mod parts;
pub mod routes;
pub mod standard;

use poem_openapi::{OpenApi, OpenApiService};

pub use self::document::document;
use crate::config::Config;

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
