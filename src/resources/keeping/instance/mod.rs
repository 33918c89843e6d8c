//! The pod itself: its description, settings and statistics.
mod body;
mod nodeinfo;
mod sql;

use async_graphql::{Context, Object, SimpleObject};

pub use self::body::Rest;
use crate::{
    context::{Cx, Reader},
    error::Result,
    graphql::connection::answer,
    guard::{AllowExt, Allowed, operations},
    pod::preferences::PREFERENCES,
    resources::keeping::settings::Setting,
};

operations! {
    "instance", "The pod: its settings, figures and NodeInfo.";
    /// Returns the NodeInfo 2.0 document of the pod.
    ///
    /// Describes the software, the pod's settings and, unless its administrators turned them off,
    /// usage statistics, which may be a minute old. Available to anonymous callers on every pod.
    /// REST also sets a `csrftoken` cookie for browsers that have none.
    nodeinfo: NodeInfo = open, anonymous = Always, throttle = Wildcard, graphql = "instance";
    /// Returns the NodeInfo 2.1 document of the pod.
    ///
    /// Beside what NodeInfo 2.0 says: country, languages, features, figures of the content and the tags
    /// that most of it has.
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
    Ok(public
        .map(|preference| Setting::of(preference, &preferences))
        .collect())
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
