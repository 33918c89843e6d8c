//! The pod itself: its description, settings and statistics.
mod body;
mod figures;
pub mod preferences;

use std::collections::HashMap;

use async_graphql::{Context, Json, Object, SimpleObject};
use serde_json::Value;

use self::preferences::PREFERENCES;
pub use self::{body::Rest, figures::Figures};
use crate::{
    context::{Cx, Reader},
    error::Result,
    graphql::connection::answer,
    guard::{AllowExt, Allowed, operations},
    scope::Permissions,
    store::{Reads, Tx, sql},
};

operations! {
    "instance";
    /// Returns the NodeInfo 2.0 document of the pod.
    ///
    /// Describes the software, the pod's settings and, unless its administrators turned them off,
    /// usage statistics, which may be a minute old. Available to anonymous callers on every pod.
    /// REST also sets a `csrftoken` cookie for browsers that have none.
    nodeinfo: NodeInfo = open, anonymous = Always, throttle = Wildcard, graphql = "instance";
    /// Returns the NodeInfo 2.1 document of the pod.
    ///
    /// The same facts as in NodeInfo 2.0.
    nodeinfo21: NodeInfo21 = open, anonymous = Always, throttle = Wildcard, graphql = "(see `instance`)";
    /// Returns links to the NodeInfo documents.
    ///
    /// Other servers use it to discover NodeInfo.
    discovery: Discovery = open, anonymous = Always, throttle = Wildcard, graphql = "(REST only: NodeInfo discovery)";
    /// Lists the public settings of the pod.
    ///
    /// Each setting has its current value, its default and a description. Available to anonymous
    /// callers on every pod.
    settings: Settings = open, anonymous = Always, throttle = Wildcard, graphql = "Instance.settings";
    /// Returns the manifest of the web application.
    ///
    /// A Web App Manifest, with the media type `application/manifest+json`.
    manifest: Manifest = open, anonymous = Always, throttle = Wildcard, graphql = "(REST only: web app manifest)";
}

/// The current values of the pod's settings.
#[derive(Debug)]
pub struct Preferences(HashMap<String, Value>);

impl Preferences {
    pub async fn load(db: &Reads) -> Result<Self> {
        let rows: Vec<(String, String, Option<String>)> =
            sql("select section, name, raw_value from preferences")
                .all(db)
                .await?;
        let raw: HashMap<String, Option<String>> = rows
            .into_iter()
            .map(|(section, name, raw)| (format!("{section}__{name}"), raw))
            .collect();
        let values = PREFERENCES.iter().map(|preference| {
            let stored = raw.get(&preference.identifier()).cloned().flatten();
            let value = stored.map_or_else(|| preference.initial(), |raw| preference.parse(&raw));
            (preference.identifier(), value)
        });
        Ok(Self(values.collect()))
    }

    /// Stores a setting. After the commit, callers must drop the cached settings.
    pub async fn store(tx: &mut Tx, section: &str, name: &str, raw: &str) -> Result<()> {
        sql(
            "insert into preferences (section, name, raw_value) values (?, ?, ?)
             on conflict (section, name) do update set raw_value = excluded.raw_value",
        )
        .bind(section)
        .bind(name)
        .bind(raw)
        .run(tx)
        .await
        .map(|_| ())
    }

    /// Returns the value of a setting such as `instance__name`.
    pub fn get(&self, identifier: &str) -> Value {
        self.0.get(identifier).cloned().unwrap_or_default()
    }

    pub fn is_on(&self, identifier: &str) -> bool {
        self.get(identifier) == Value::Bool(true)
    }

    pub fn text(&self, identifier: &str) -> String {
        self.get(identifier).as_str().unwrap_or_default().to_owned()
    }

    /// Upload quota of users without a quota of their own, in megabytes.
    pub fn upload_quota(&self) -> i64 {
        self.get("users__upload_quota").as_i64().unwrap_or(1000)
    }

    /// Whether the pod requires authentication for reading the catalogue.
    pub fn closed_to_strangers(&self) -> bool {
        self.is_on("common__api_authentication_required")
    }

    /// Minutes after which transcoded audio that nobody listened to is removed.
    pub fn transcoding_cache_minutes(&self) -> u64 {
        let minutes = self.get("music__transcoding_cache_duration").as_u64();
        minutes.unwrap_or(7 * 24 * 60)
    }

    /// Whether the pod publishes usage statistics.
    pub fn statistics_enabled(&self) -> bool {
        self.is_on("instance__nodeinfo_stats_enabled")
    }

    /// Whether audio is transcoded on request.
    pub fn transcoding_enabled(&self) -> bool {
        self.is_on("music__transcoding_enabled")
    }

    /// Permissions that every user holds.
    pub fn default_permissions(&self) -> Permissions {
        let held = self.get("users__default_permissions");
        let has = |name: &str| {
            held.as_array()
                .is_some_and(|list| list.iter().any(|one| one == name))
        };
        Permissions {
            moderation: has("moderation"),
            library: has("library"),
            settings: has("settings"),
        }
    }

    /// The public settings, in their REST form.
    fn public(&self) -> Vec<Value> {
        let public = PREFERENCES.iter().filter(|preference| preference.public);
        public
            .map(|preference| preference.body(self.get(&preference.identifier())))
            .collect()
    }
}

/// This pod.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Instance {
    /// Name of the pod; may be empty.
    name: String,
    /// Short description of the pod.
    short_description: String,
    /// Long description of the pod.
    long_description: String,
    /// Rules of the pod.
    rules: String,
    /// Terms of service.
    terms: String,
    /// Email address of the pod's administrators.
    contact_email: String,
    /// Whether anyone can sign up without an invitation.
    open_registrations: bool,
    /// Whether anonymous callers can browse the catalogue and listen.
    anonymous_can_listen: bool,
    /// Version of this server.
    software_version: &'static str,
    /// Usage statistics; null if the administrators turned them off.
    figures: Option<FiguresInfo>,
}

/// Usage statistics of the pod; they may be a minute old.
#[derive(SimpleObject)]
pub struct FiguresInfo {
    /// Number of active accounts.
    users: i64,
    /// Number of accounts that were used in the last 30 days.
    users_active_month: i64,
    /// Number of accounts that were used in the last 180 days.
    users_active_half_year: i64,
    /// Number of artists created on this pod.
    artists: i64,
    /// Number of albums created on this pod.
    albums: i64,
    /// Number of tracks created on this pod.
    tracks: i64,
    /// Total duration of all uploads, in hours.
    music_hours: f64,
    /// Number of favorites.
    favorites: i64,
    /// Number of listenings.
    listenings: i64,
    /// Number of downloads.
    downloads: i64,
}

/// A public setting of the pod.
#[derive(SimpleObject)]
pub struct Setting {
    /// Name of the setting: `section__name`.
    identifier: String,
    /// Title, for people.
    title: &'static str,
    /// Description; may be empty.
    help: &'static str,
    /// Current value.
    value: Json<Value>,
}

#[async_graphql::ComplexObject]
impl Instance {
    /// The public settings of the pod.
    async fn settings(&self, ctx: &Context<'_>) -> Result<Vec<Setting>> {
        public_settings(&ctx.reach::<Settings>().await?).await
    }

    /// URL of this pod, without a trailing slash.
    async fn url(&self, ctx: &Context<'_>) -> String {
        ctx.data_unchecked::<Cx>().reader().config().public_url()
    }
}

async fn public_settings(permit: &Allowed<Settings>) -> Result<Vec<Setting>> {
    let preferences = permit.preferences().await?;
    let public = PREFERENCES.iter().filter(|preference| preference.public);
    let setting = |preference: &preferences::Preference| Setting {
        identifier: preference.identifier(),
        title: preference.title,
        help: preference.help,
        value: Json(preferences.get(&preference.identifier())),
    };
    Ok(public.map(setting).collect())
}

async fn describe(reader: &Reader) -> Result<Instance> {
    let preferences = reader.preferences().await?;
    let told = preferences.is_on("instance__nodeinfo_stats_enabled");
    let figures = if told {
        Some(reader.figures().await?)
    } else {
        None
    };
    Ok(Instance {
        name: preferences.text("instance__name"),
        short_description: preferences.text("instance__short_description"),
        long_description: preferences.text("instance__long_description"),
        rules: preferences.text("instance__rules"),
        terms: preferences.text("instance__terms"),
        contact_email: preferences.text("instance__contact_email"),
        open_registrations: preferences.is_on("users__registration_enabled"),
        anonymous_can_listen: !preferences.closed_to_strangers(),
        software_version: env!("CARGO_PKG_VERSION"),
        figures: figures.map(|figures| FiguresInfo {
            users: figures.users,
            users_active_month: figures.active_month,
            users_active_half_year: figures.active_half_year,
            artists: figures.artists,
            albums: figures.albums,
            tracks: figures.tracks,
            music_hours: figures.hours,
            favorites: figures.favorites,
            listenings: figures.listenings,
            downloads: figures.downloads,
        }),
    })
}

#[derive(Default)]
pub struct Queries;

#[Object(name = "InstanceQueries")]
impl Queries {
    async fn instance(&self, ctx: &Context<'_>) -> Option<Result<Instance>> {
        answer(async {
            let permit: Allowed<NodeInfo> = ctx.allow().await?;
            describe(&permit).await
        })
        .await
    }
}
