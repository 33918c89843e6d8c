use poem::{IntoResponse, Request, Response};
use poem_openapi::{
    ApiResponse, OpenApi,
    registry::{MetaResponses, Registry},
    types::Any,
};
use serde_json::{Value, json};

use super::{
    Discovery, Manifest, NodeInfo, NodeInfo21, Settings,
    nodeinfo::{Document, discovery, document, document21},
};
use crate::{
    auth::browser,
    context::{Cx, Reader},
    error::Result,
    guard::Allowed,
    rest::answer::Answer,
};

async fn manifest(reader: &Reader) -> Result<Value> {
    let preferences = reader.preferences().await?;
    let name = preferences.get("instance__name");
    let icon = |pixels: u32| {
        json!({
            "src": format!("android-chrome-{pixels}x{pixels}.png"),
            "sizes": format!("{pixels}x{pixels}"),
            "type": "image/png",
        })
    };
    let application = |platform: &str, url: &str| json!({ "platform": platform, "url": url, "id": "audio.funkwhale.ffa" });
    let shortcut = |name: &str, url: &str| json!({ "name": name, "url": url, "icons": [] });
    Ok(json!({
        "name": name,
        "short_name": name,
        "categories": ["music", "entertainment"],
        "description": preferences.get("instance__short_description"),
        "icons": [icon(192), icon(512)],
        "prefer_related_applications": true,
        "related_applications": [
            application("play", "https://play.google.com/store/apps/details?id=audio.funkwhale.ffa"),
            application("f-droid", "https://f-droid.org/en/packages/audio.funkwhale.ffa/"),
        ],
        "shortcuts": [
            shortcut("Search", "/search"),
            shortcut("Library", "/library"),
            shortcut("Channels", "/subscriptions"),
        ],
    }))
}

const MANIFEST: &str = "application/manifest+json";

/// A Web App Manifest, which has a media type of its own.
struct ManifestDocument(Value);

impl IntoResponse for ManifestDocument {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type(MANIFEST)
            .body(self.0.to_string())
    }
}

impl ApiResponse for ManifestDocument {
    fn meta() -> MetaResponses {
        let mut responses = Document::meta();
        let contents = responses.responses.iter_mut();
        for content in contents.flat_map(|response| &mut response.content) {
            content.content_type = MANIFEST;
        }
        responses
    }

    fn register(registry: &mut Registry) {
        Document::register(registry);
    }
}

pub struct Rest;

#[OpenApi]
impl Rest {
    #[oai(path = "/api/v1/instance/nodeinfo/2.0", method = "get")]
    async fn nodeinfo(&self, permit: Allowed<NodeInfo>, request: &Request) -> Result<Document> {
        let document = document(&permit).await?;
        // Web clients get their CSRF token here before they sign in.
        let csrf = browser::new_csrf(Cx::of(request).app(), request);
        Ok(Document { csrf, ..document })
    }

    #[oai(path = "/api/v2/instance/nodeinfo/2.1", method = "get")]
    async fn nodeinfo21(&self, permit: Allowed<NodeInfo21>) -> Result<Document> {
        document21(&permit).await
    }

    #[oai(path = "/.well-known/nodeinfo", method = "get")]
    async fn discovery(&self, permit: Allowed<Discovery>) -> Result<Answer<Any<Value>>> {
        Ok(Answer(Any(discovery(&permit))))
    }

    #[oai(path = "/api/v1/instance/settings", method = "get")]
    async fn settings(&self, permit: Allowed<Settings>) -> Result<Answer<Vec<Any<Value>>>> {
        let preferences = permit.preferences().await?;
        Ok(Answer(preferences.public().into_iter().map(Any).collect()))
    }

    #[oai(path = "/api/v1/instance/spa-manifest.json", method = "get")]
    async fn manifest(&self, permit: Allowed<Manifest>) -> Result<ManifestDocument> {
        manifest(&permit).await.map(ManifestDocument)
    }
}
