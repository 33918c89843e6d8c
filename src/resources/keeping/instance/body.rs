use poem::{IntoResponse, Request, Response, http::HeaderValue};
use poem_openapi::{
    ApiResponse, OpenApi,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::{Any, Type},
};
use serde_json::{Value, json};

use super::{Discovery, Manifest, NodeInfo, NodeInfo21, Settings};
use crate::{
    auth::browser,
    context::{Cx, Reader},
    error::Result,
    guard::Allowed,
    pod::{Preferences, preferences::REPORT_TYPES},
    rest::answer::Answer,
};

/// The version of Funkwhale whose API this server implements; clients check for it.
const FUNKWHALE: &str = "1.4.0";

async fn nodeinfo(reader: &Reader, version: &'static str) -> Result<Document> {
    let preferences = reader.preferences().await?;
    let figures = match preferences.is_on("instance__nodeinfo_stats_enabled") {
        true => Some(reader.figures().await?),
        false => None,
    };
    let users = figures.as_ref().map_or(json!({"total": 0}), |figures| {
        json!({
            "total": figures.users,
            "activeHalfyear": figures.active_half_year,
            "activeMonth": figures.active_month,
        })
    });
    let body = json!({
        "version": version,
        "software": { "name": "funkwhale", "version": FUNKWHALE },
        "protocols": ["activitypub"],
        "services": { "inbound": ["atom1.0"], "outbound": ["atom1.0"] },
        "openRegistrations": preferences.is_on("users__registration_enabled"),
        "usage": { "users": users },
        "metadata": metadata(reader, &preferences, figures.as_deref()),
    });
    Ok(Document {
        version,
        body,
        csrf: None,
    })
}

fn metadata(
    reader: &Reader,
    preferences: &Preferences,
    figures: Option<&crate::pod::Figures>,
) -> Value {
    let open = !preferences.closed_to_strangers();
    let usage = figures.map(|figures| {
        json!({
            "favorites": { "tracks": { "total": figures.favorites } },
            "listenings": { "total": figures.listenings },
            "downloads": { "total": figures.downloads },
        })
    });
    json!({
        "actorId": format!("{}/federation/actors/service", reader.config().public_url()),
        "private": preferences.is_on("instance__nodeinfo_private"),
        "shortDescription": preferences.get("instance__short_description"),
        "longDescription": preferences.get("instance__long_description"),
        "contactEmail": preferences.get("instance__contact_email"),
        "nodeName": preferences.get("instance__name"),
        "banner": banner(reader, preferences),
        "defaultUploadQuota": preferences.get("users__upload_quota"),
        "supportedUploadExtensions": ["aac", "aif", "aiff", "flac", "m4a", "mp3", "ogg", "opus"],
        "allowList": {
            "enabled": preferences.get("moderation__allow_list_enabled"),
            "domains": Value::Null,
        },
        "funkwhaleSupportMessageEnabled":
            preferences.get("instance__funkwhale_support_message_enabled"),
        "instanceSupportMessage": preferences.get("instance__support_message"),
        "usage": usage,
        "library": library(preferences, figures),
        "reportTypes": report_types(preferences),
        "endpoints": {
            "knownNodes": open.then_some("/api/v1/federation/domains"),
            "channels": open.then_some("/federation/index/channels"),
            "libraries": open.then_some("/federation/index/libraries"),
        },
        "rules": preferences.get("instance__rules"),
        "terms": preferences.get("instance__terms"),
    })
}

fn banner(reader: &Reader, preferences: &Preferences) -> Option<String> {
    let file = preferences.get("instance__banner");
    file.as_str()
        .map(|file| format!("{}{file}", reader.config().media_url()))
}

fn library(preferences: &Preferences, figures: Option<&crate::pod::Figures>) -> Value {
    let mut library = json!({
        "federationEnabled": preferences.get("federation__enabled"),
        "anonymousCanListen": !preferences.closed_to_strangers(),
    });
    if let Some(figures) = figures {
        library["tracks"] = json!({ "total": figures.tracks });
        library["artists"] = json!({ "total": figures.artists });
        library["albums"] = json!({ "total": figures.albums });
        library["music"] = json!({ "hours": figures.hours });
    }
    library
}

fn report_types(preferences: &Preferences) -> Vec<Value> {
    let anonymous = preferences.get("moderation__unauthenticated_report_types");
    let open = |kind: &str| {
        anonymous
            .as_array()
            .is_some_and(|kinds| kinds.iter().any(|known| known == kind))
    };
    let kinds = REPORT_TYPES.iter();
    kinds
        .map(|(kind, label)| json!({"type": kind, "label": label, "anonymous": open(kind)}))
        .collect()
}

/// A NodeInfo document; its schema is the one that NodeInfo publishes.
struct Document {
    version: &'static str,
    body: Value,
    /// The `csrftoken` cookie to set, if any.
    csrf: Option<HeaderValue>,
}

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        let profile = format!(
            "http://nodeinfo.diaspora.software/ns/schema/{}#",
            self.version
        );
        let mut response = Response::builder()
            .content_type(format!(
                "application/json; profile={profile}; charset=utf-8"
            ))
            .body(self.body.to_string());
        if let Some(cookie) = self.csrf {
            response.headers_mut().insert("set-cookie", cookie);
        }
        response
    }
}

impl ApiResponse for Document {
    fn meta() -> MetaResponses {
        let mut schema = MetaSchema::new("object");
        schema.description = Some("A NodeInfo document; see the NodeInfo schema of its version.");
        let schema = MetaSchemaRef::Inline(Box::new(schema));
        let content = vec![MetaMediaType {
            content_type: "application/json",
            schema,
        }];
        MetaResponses {
            responses: vec![MetaResponse {
                description: "Done.",
                status: Some(200),
                status_range: None,
                content,
                headers: vec![],
            }],
        }
    }

    fn register(registry: &mut Registry) {
        Any::<Value>::register(registry);
    }
}

fn discovery(reader: &Reader) -> Value {
    let root = reader.config().public_url();
    json!({ "links": [{
        "rel": "http://nodeinfo.diaspora.software/ns/schema/2.0",
        "href": format!("{root}/api/v1/instance/nodeinfo/2.0/"),
    }] })
}

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
        let document = nodeinfo(&permit, "2.0").await?;
        // Web clients get their CSRF token here before they sign in.
        let csrf = browser::new_csrf(Cx::of(request).app(), request);
        Ok(Document { csrf, ..document })
    }

    #[oai(path = "/api/v2/instance/nodeinfo/2.1", method = "get")]
    async fn nodeinfo21(&self, permit: Allowed<NodeInfo21>) -> Result<Document> {
        nodeinfo(&permit, "2.1").await
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
