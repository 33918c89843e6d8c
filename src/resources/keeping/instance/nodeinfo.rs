//! NodeInfo documents: what the pod is and holds, for other servers and for statistics.
use poem::{IntoResponse, Response, http::HeaderValue};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::{Any, Type},
};
use serde_json::{Value, json};

use super::sql::{allowed, most_used_tags};
use crate::{
    context::Reader,
    error::Result,
    pod::{Figures, Preferences, preferences::REPORT_TYPES},
};

/// The version of Funkwhale whose API this server implements; clients check for it.
const FUNKWHALE: &str = "1.4.0";

/// Version 2.0.
pub async fn document(reader: &Reader) -> Result<Document> {
    let facts = Facts::of(reader).await?;
    let mut metadata = facts.about();
    let open = !facts.preferences.closed_to_strangers();
    let stats = facts.figures.is_some();
    let index = open && facts.preferences.is_on("federation__public_index");
    metadata["usage"] = facts.use_of();
    metadata["library"] = facts.library();
    metadata["reportTypes"] = report_types(&facts.preferences).into();
    metadata["endpoints"] = json!({
        "knownNodes": (open && stats).then_some("/api/v1/federation/domains"),
        "channels": index.then_some("/federation/index/channels"),
        "libraries": index.then_some("/federation/index/libraries"),
    });
    metadata["rules"] = facts.preferences.get("instance__rules").clone();
    metadata["terms"] = facts.preferences.get("instance__terms").clone();
    let software = json!({ "name": "funkwhale", "version": FUNKWHALE });
    Ok(facts.document(
        "2.0",
        (software, json!({ "users": facts.users() }), metadata),
    ))
}

/// Version 2.1, which has facts of its own in other places.
pub async fn document21(reader: &Reader) -> Result<Document> {
    let facts = Facts::of(reader).await?;
    let mut metadata = facts.about();
    metadata["usage"] = facts.use_of();
    metadata["location"] = facts.preferences.get("instance__location").clone();
    metadata["languages"] = facts.preferences.get("moderation__languages").clone();
    metadata["content"] = content(reader, facts.figures.as_deref()).await?;
    metadata["features"] = facts.features().into();
    let software = json!({
        "name": "funkwhale",
        "version": FUNKWHALE,
        "repository": "https://dev.funkwhale.audio/funkwhale/funkwhale",
        "homepage": "https://funkwhale.audio",
    });
    let usage = json!({ "users": facts.users(), "localPosts": 0, "localComments": 0 });
    Ok(facts.document("2.1", (software, usage, metadata)))
}

/// What both versions are written from.
struct Facts {
    preferences: std::sync::Arc<Preferences>,
    /// None if the pod keeps them to itself.
    figures: Option<std::sync::Arc<Figures>>,
    actor: String,
    banner: Option<String>,
    allowed: Option<Vec<String>>,
}

impl Facts {
    async fn of(reader: &Reader) -> Result<Self> {
        let preferences = reader.preferences().await?;
        let figures = match preferences.is_on("instance__nodeinfo_stats_enabled") {
            true => Some(reader.figures().await?),
            false => None,
        };
        let is_public = preferences.is_on("moderation__allow_list_enabled")
            && preferences.is_on("moderation__allow_list_public");
        let allowed = match is_public {
            true => Some(allowed(reader).await?),
            false => None,
        };
        let banner = preferences.get("instance__banner");
        Ok(Self {
            actor: format!("{}/federation/actors/service", reader.config().public_url()),
            banner: banner
                .as_str()
                .map(|file| format!("{}{file}", reader.config().media_url())),
            preferences,
            figures,
            allowed,
        })
    }

    fn document(
        &self,
        version: &'static str,
        (software, usage, metadata): (Value, Value, Value),
    ) -> Document {
        let body = json!({
            "version": version,
            "software": software,
            "protocols": ["activitypub"],
            "services": { "inbound": ["atom1.0"], "outbound": ["atom1.0"] },
            "openRegistrations": self.preferences.is_on("users__registration_enabled"),
            "usage": usage,
            "metadata": metadata,
        });
        Document { body, csrf: None }
    }

    fn about(&self) -> Value {
        let preferences = &self.preferences;
        json!({
            "actorId": self.actor,
            "private": preferences.is_on("instance__nodeinfo_private"),
            "shortDescription": preferences.get("instance__short_description"),
            "longDescription": preferences.get("instance__long_description"),
            "contactEmail": preferences.get("instance__contact_email"),
            "nodeName": preferences.get("instance__name"),
            "banner": self.banner,
            "defaultUploadQuota": preferences.get("users__upload_quota"),
            "supportedUploadExtensions":
                ["aac", "aif", "aiff", "flac", "m4a", "mp3", "ogg", "opus"],
            "allowList": {
                "enabled": preferences.get("moderation__allow_list_enabled"),
                "domains": self.allowed,
            },
            "funkwhaleSupportMessageEnabled":
                preferences.get("instance__funkwhale_support_message_enabled"),
            "instanceSupportMessage": preferences.get("instance__support_message"),
        })
    }

    fn users(&self) -> Value {
        match &self.figures {
            None => json!({ "total": 0 }),
            Some(figures) => json!({
                "total": figures.users,
                "activeHalfyear": figures.active_half_year,
                "activeMonth": figures.active_month,
            }),
        }
    }

    fn use_of(&self) -> Value {
        self.figures.as_ref().map_or(Value::Null, |figures| {
            json!({
                "favorites": { "tracks": { "total": figures.favorites } },
                "listenings": { "total": figures.listenings },
                "downloads": { "total": figures.downloads },
            })
        })
    }

    fn library(&self) -> Value {
        let mut library = json!({
            "federationEnabled": self.preferences.get("federation__enabled"),
            "anonymousCanListen": !self.preferences.closed_to_strangers(),
        });
        if let Some(figures) = &self.figures {
            library["tracks"] = json!({ "total": figures.tracks });
            library["artists"] = json!({ "total": figures.artists });
            library["albums"] = json!({ "total": figures.albums });
            library["music"] = json!({ "hours": figures.hours });
        }
        library
    }

    fn features(&self) -> Vec<&'static str> {
        let listening = !self.preferences.closed_to_strangers();
        let federation = self.preferences.is_on("federation__enabled");
        [
            ("channels", true),
            ("podcasts", true),
            ("anonymousCanListen", listening),
            ("federation", federation),
        ]
        .into_iter()
        .filter_map(|(feature, is_there)| is_there.then_some(feature))
        .collect()
    }
}

/// What there is to hear, and the tags that most of it has.
async fn content(reader: &Reader, figures: Option<&Figures>) -> Result<Value> {
    let [music, podcasts] = match figures {
        None => [Vec::new(), Vec::new()],
        Some(_) => [
            rows(&most_used_tags(reader, "music").await?),
            rows(&most_used_tags(reader, "podcast").await?),
        ],
    };
    Ok(json!({
        "local": {
            "artists": figures.map_or(0, |figures| figures.artists),
            "releases": figures.map_or(0, |figures| figures.albums),
            "recordings": figures.map_or(0, |figures| figures.tracks),
            "hoursOfContent": figures.map_or(0.0, |figures| figures.hours),
        },
        "topMusicCategories": music,
        "topPodcastCategories": podcasts,
    }))
}

fn rows(tags: &[(String, i64)]) -> Vec<Value> {
    let rows = tags.iter();
    rows.map(|(name, count)| json!({ "name": name, "count": count }))
        .collect()
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
pub struct Document {
    pub body: Value,
    /// The `csrftoken` cookie to set, if any.
    pub csrf: Option<HeaderValue>,
}

/// The original names this schema for both versions.
const TYPE: &str =
    "application/json; profile=http://nodeinfo.diaspora.software/ns/schema/2.0#; charset=utf-8";

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        let mut response = Response::builder()
            .content_type(TYPE)
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

/// Where the documents are.
pub fn discovery(reader: &Reader) -> Value {
    let root = reader.config().public_url();
    json!({ "links": [{
        "rel": "http://nodeinfo.diaspora.software/ns/schema/2.0",
        "href": format!("{root}/api/v1/instance/nodeinfo/2.0/"),
    }] })
}
