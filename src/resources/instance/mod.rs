//! The pod itself: what it is, how it is set, what it holds.
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
    /// Tells what this server is and what it holds (NodeInfo 2.0).
    nodeinfo: NodeInfo = open, anonymous = Always, throttle = Wildcard, graphql = "instance";
    /// Tells what this server is and what it holds (NodeInfo 2.1).
    nodeinfo21: NodeInfo21 = open, anonymous = Always, throttle = Wildcard, graphql = "(the same facts as instance.nodeinfo)";
    /// Tells where this server's NodeInfo documents are.
    discovery: Discovery = open, anonymous = Always, throttle = Wildcard, graphql = "(how other servers find NodeInfo; clients do not need it)";
    /// Lists the settings of the pod that everybody may read.
    settings: Settings = open, anonymous = Always, throttle = Wildcard, graphql = "Instance.settings";
    /// Shows the manifest of the web application.
    manifest: Manifest = open, anonymous = Always, throttle = Wildcard, graphql = "(read by browsers)";
}

/// The values of the pod's settings.
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

    /// Sets a setting; whoever commits makes the next look a fresh one.
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

    /// The value of a setting such as `instance__name`.
    pub fn get(&self, identifier: &str) -> Value {
        self.0.get(identifier).cloned().unwrap_or_default()
    }

    pub fn is_on(&self, identifier: &str) -> bool {
        self.get(identifier) == Value::Bool(true)
    }

    pub fn text(&self, identifier: &str) -> String {
        self.get(identifier).as_str().unwrap_or_default().to_owned()
    }

    /// The room for uploads of those who have no room of their own, in megabytes.
    pub fn upload_quota(&self) -> i64 {
        self.get("users__upload_quota").as_i64().unwrap_or(1000)
    }

    /// Whether strangers see only what is always open.
    pub fn closed_to_strangers(&self) -> bool {
        self.is_on("common__api_authentication_required")
    }

    /// Minutes that converted audio is kept which nobody listens to.
    pub fn transcoding_cache_minutes(&self) -> u64 {
        let minutes = self.get("music__transcoding_cache_duration").as_u64();
        minutes.unwrap_or(7 * 24 * 60)
    }

    /// Whether the pod tells how much it holds.
    pub fn statistics_enabled(&self) -> bool {
        self.is_on("instance__nodeinfo_stats_enabled")
    }

    /// Whether audio is converted for those who ask.
    pub fn transcoding_enabled(&self) -> bool {
        self.is_on("music__transcoding_enabled")
    }

    /// The permissions that every user has.
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

    /// The settings that everybody may read, as the REST API shows them.
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
    /// The name its administrators gave it.
    name: String,
    /// What it is, in a sentence.
    short_description: String,
    /// What it is, at length.
    long_description: String,
    /// Its rules.
    rules: String,
    /// Its terms of service.
    terms: String,
    /// How to reach its administrators.
    contact_email: String,
    /// Whether accounts can be made without an invitation.
    open_registrations: bool,
    /// Whether strangers may read the catalogue and listen.
    anonymous_can_listen: bool,
    /// The version of this server.
    software_version: &'static str,
    /// What it holds; null where the administrators do not tell.
    figures: Option<FiguresInfo>,
}

/// What the pod holds.
#[derive(SimpleObject)]
pub struct FiguresInfo {
    /// Accounts.
    users: i64,
    /// Accounts that were active in the last 30 days.
    users_active_month: i64,
    /// Accounts that were active in the last 180 days.
    users_active_half_year: i64,
    /// Artists of this pod.
    artists: i64,
    /// Albums of this pod.
    albums: i64,
    /// Tracks of this pod.
    tracks: i64,
    /// Hours of audio.
    music_hours: f64,
    /// Favorite tracks.
    favorites: i64,
    /// Listenings.
    listenings: i64,
    /// Downloads.
    downloads: i64,
}

/// A setting of the pod that everybody may read.
#[derive(SimpleObject)]
pub struct Setting {
    /// Its name: `section__name`.
    identifier: String,
    /// Its title for people.
    title: &'static str,
    /// What it does.
    help: &'static str,
    /// Its value.
    value: Json<Value>,
}

#[async_graphql::ComplexObject]
impl Instance {
    /// The settings that everybody may read.
    async fn settings(&self, ctx: &Context<'_>) -> Result<Vec<Setting>> {
        public_settings(&ctx.reach::<Settings>().await?).await
    }

    /// The address of this pod.
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
    /// This pod.
    async fn instance(&self, ctx: &Context<'_>) -> Option<Result<Instance>> {
        answer(async {
            let permit: Allowed<NodeInfo> = ctx.allow().await?;
            describe(&permit).await
        })
        .await
    }
}
