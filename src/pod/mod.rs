//! What the administrators set, and what the pod counts of itself.
mod figures;
pub mod preferences;
pub mod renamed;
mod stored;
mod values;

use std::collections::HashMap;

use serde_json::Value;

use self::preferences::PREFERENCES;
pub use self::{figures::Figures, stored::Stored};
use crate::{
    error::Result,
    scope::Permissions,
    store::{On, Tx, sql},
};

/// The current values of the pod's settings.
#[derive(Debug)]
pub struct Preferences(HashMap<String, Value>);

impl Preferences {
    pub async fn load(on: impl On) -> Result<Self> {
        let rows: Vec<(String, String, Option<String>)> =
            sql("select section, name, raw_value from preferences")
                .all(on)
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

    /// Whether uploads must name their recordings at MusicBrainz.
    pub fn takes_known_recordings_only(&self) -> bool {
        self.is_on("music__only_allow_musicbrainz_tagged_files")
    }

    /// Upload quota of users without a quota of their own, in megabytes.
    pub fn upload_quota(&self) -> i64 {
        self.get("users__upload_quota").as_i64().unwrap_or(1000)
    }

    /// Maximum number of tracks in a playlist.
    pub fn max_playlist_tracks(&self) -> usize {
        let most = self.get("playlists__max_tracks").as_u64();
        most.and_then(|most| most.try_into().ok()).unwrap_or(250)
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

    /// Whether Subsonic players may use the pod.
    pub fn subsonic_enabled(&self) -> bool {
        self.is_on("subsonic__enabled")
    }

    /// Whether users may publish channels and subscribe to them.
    pub fn channels_enabled(&self) -> bool {
        self.is_on("audio__channels_enabled")
    }

    /// Maximum number of channels of a user.
    pub fn max_channels(&self) -> i64 {
        self.get("audio__max_channels").as_i64().unwrap_or(20)
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
    pub fn public(&self) -> Vec<Value> {
        let public = PREFERENCES.iter().filter(|preference| preference.public);
        public
            .map(|preference| preference.body(self.get(&preference.identifier())))
            .collect()
    }
}
