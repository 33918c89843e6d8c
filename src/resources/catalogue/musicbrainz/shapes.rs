//! What MusicBrainz answers, in its words: `sort-name` there is `sort_name` in REST and `sortName` in GraphQL.
use async_graphql::SimpleObject;
use poem_openapi::Object;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

/// An artist of MusicBrainz.
#[derive(Debug, Deserialize, Serialize, Object, SimpleObject)]
pub struct MusicbrainzArtist {
    /// MusicBrainz ID.
    #[serde(rename(deserialize = "id"))]
    pub mbid: Uuid,
    /// Name.
    pub name: String,
    /// Name by which it is sorted.
    #[serde(rename(deserialize = "sort-name"), default, deserialize_with = "text")]
    pub sort_name: Option<String>,
    /// Type, such as `Person` or `Group`.
    #[serde(rename = "type", default, deserialize_with = "text")]
    #[oai(rename = "type")]
    #[graphql(name = "type")]
    pub kind: Option<String>,
    /// Country by its ISO 3166-1 code.
    #[serde(default, deserialize_with = "text")]
    pub country: Option<String>,
    /// What tells it from others with this name.
    #[serde(default, deserialize_with = "text")]
    pub disambiguation: Option<String>,
    /// How well it matches, up to 100; null outside of searches.
    #[serde(default)]
    pub score: Option<i32>,
}

/// An artist as it is credited.
#[derive(Debug, Deserialize, Serialize, Object, SimpleObject)]
pub struct MusicbrainzCredit {
    /// MusicBrainz ID of the artist.
    #[serde(rename(deserialize = "artist"), deserialize_with = "id")]
    pub mbid: Uuid,
    /// Name as it is credited.
    pub name: String,
    /// Text between this and the next name, such as ` & `.
    #[serde(rename(deserialize = "joinphrase"), default)]
    pub join_phrase: String,
}

/// A release of MusicBrainz: a CD, a record, a download.
#[derive(Debug, Deserialize, Serialize, Object, SimpleObject)]
pub struct MusicbrainzRelease {
    /// MusicBrainz ID.
    #[serde(rename(deserialize = "id"))]
    pub mbid: Uuid,
    /// Title.
    pub title: String,
    /// The artists as they are credited.
    #[serde(rename(deserialize = "artist-credit"), default)]
    pub artist_credit: Vec<MusicbrainzCredit>,
    /// Date: `YYYY-MM-DD`, `YYYY-MM` or `YYYY`.
    #[serde(default, deserialize_with = "text")]
    pub date: Option<String>,
    /// Country by its ISO 3166-1 code.
    #[serde(default, deserialize_with = "text")]
    pub country: Option<String>,
    /// Status, such as `Official`.
    #[serde(default, deserialize_with = "text")]
    pub status: Option<String>,
    /// What tells it from others with this title.
    #[serde(default, deserialize_with = "text")]
    pub disambiguation: Option<String>,
    /// Barcode.
    #[serde(default, deserialize_with = "text")]
    pub barcode: Option<String>,
    /// MusicBrainz ID of the release group; null where it is not told.
    #[serde(
        rename(deserialize = "release-group"),
        default,
        deserialize_with = "some_id"
    )]
    pub release_group_mbid: Option<Uuid>,
    /// Media, such as the discs of a set; their tracks are told of single releases only.
    #[serde(default)]
    pub media: Vec<MusicbrainzMedium>,
    /// How well it matches, up to 100; null outside of searches.
    #[serde(default)]
    pub score: Option<i32>,
}

/// A medium of a release.
#[derive(Debug, Deserialize, Serialize, Object, SimpleObject)]
pub struct MusicbrainzMedium {
    /// Number within the release, from 1; null where it is not told.
    #[serde(default)]
    pub position: Option<i32>,
    /// Format, such as `CD`.
    #[serde(default, deserialize_with = "text")]
    pub format: Option<String>,
    /// Title of its own.
    #[serde(default, deserialize_with = "text")]
    pub title: Option<String>,
    /// Number of tracks.
    #[serde(rename(deserialize = "track-count"), default)]
    pub track_count: i32,
    /// The tracks, in their order.
    #[serde(default)]
    pub tracks: Vec<MusicbrainzTrack>,
}

/// A track of a medium.
#[derive(Debug, Deserialize, Serialize, Object, SimpleObject)]
pub struct MusicbrainzTrack {
    /// MusicBrainz ID.
    #[serde(rename(deserialize = "id"))]
    pub mbid: Uuid,
    /// Title on this release.
    pub title: String,
    /// Number within the medium, from 1.
    #[serde(default)]
    pub position: i32,
    /// Length in milliseconds.
    #[serde(default)]
    pub length: Option<i32>,
    /// MusicBrainz ID of the recording.
    #[serde(
        rename(deserialize = "recording"),
        default,
        deserialize_with = "some_id"
    )]
    pub recording_mbid: Option<Uuid>,
    /// The artists as they are credited.
    #[serde(rename(deserialize = "artist-credit"), default)]
    pub artist_credit: Vec<MusicbrainzCredit>,
}

/// A recording of MusicBrainz, which tracks of several releases may be.
#[derive(Debug, Deserialize, Serialize, Object, SimpleObject)]
pub struct MusicbrainzRecording {
    /// MusicBrainz ID.
    #[serde(rename(deserialize = "id"))]
    pub mbid: Uuid,
    /// Title.
    pub title: String,
    /// The artists as they are credited.
    #[serde(rename(deserialize = "artist-credit"), default)]
    pub artist_credit: Vec<MusicbrainzCredit>,
    /// Length in milliseconds.
    #[serde(default)]
    pub length: Option<i32>,
    /// What tells it from others with this title.
    #[serde(default, deserialize_with = "text")]
    pub disambiguation: Option<String>,
    /// Date of its first release: `YYYY-MM-DD`, `YYYY-MM` or `YYYY`.
    #[serde(
        rename(deserialize = "first-release-date"),
        default,
        deserialize_with = "text"
    )]
    pub first_release_date: Option<String>,
    /// International Standard Recording Codes.
    #[serde(default)]
    pub isrcs: Vec<String>,
    /// Releases that it is on.
    #[serde(default)]
    pub releases: Vec<MusicbrainzRelease>,
    /// How well it matches, up to 100; null outside of searches.
    #[serde(default)]
    pub score: Option<i32>,
}

/// A release group of MusicBrainz: an album with all its releases.
#[derive(Debug, Deserialize, Serialize, Object, SimpleObject)]
pub struct MusicbrainzReleaseGroup {
    /// MusicBrainz ID.
    #[serde(rename(deserialize = "id"))]
    pub mbid: Uuid,
    /// Title.
    pub title: String,
    /// The artists as they are credited.
    #[serde(rename(deserialize = "artist-credit"), default)]
    pub artist_credit: Vec<MusicbrainzCredit>,
    /// Type, such as `Album` or `Single`.
    #[serde(
        rename(deserialize = "primary-type"),
        default,
        deserialize_with = "text"
    )]
    pub primary_type: Option<String>,
    /// Date of its first release: `YYYY-MM-DD`, `YYYY-MM` or `YYYY`.
    #[serde(
        rename(deserialize = "first-release-date"),
        default,
        deserialize_with = "text"
    )]
    pub first_release_date: Option<String>,
    /// What tells it from others with this title.
    #[serde(default, deserialize_with = "text")]
    pub disambiguation: Option<String>,
}

#[derive(Deserialize)]
pub struct Artists {
    pub artists: Vec<MusicbrainzArtist>,
}

#[derive(Deserialize)]
pub struct Releases {
    pub releases: Vec<MusicbrainzRelease>,
}

#[derive(Deserialize)]
pub struct Recordings {
    pub recordings: Vec<MusicbrainzRecording>,
}

#[derive(Deserialize)]
pub struct Groups {
    #[serde(rename = "release-groups")]
    pub groups: Vec<MusicbrainzReleaseGroup>,
}

/// What is empty there is null here.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()))
}

#[derive(Deserialize)]
struct Identified {
    id: Uuid,
}

fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Uuid, D::Error> {
    Identified::deserialize(deserializer).map(|object| object.id)
}

fn some_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Uuid>, D::Error> {
    let object = Option::<Identified>::deserialize(deserializer)?;
    Ok(object.map(|object| object.id))
}
