//! Artists.
mod body;
pub mod graphql;
mod nested;
mod sql;

use async_graphql::SimpleObject;
use sqlx::FromRow;
use uuid::Uuid;

pub use self::{
    body::{ArtistBody, ArtistRef, Depth, Rest, bodies, refs, shown},
    nested::{ArtistsOfLibrary, ArtistsOfTag},
    sql::{ArtistTracksCount, among, listing, search_listing},
};
use super::{found, libraries_of};
use crate::{
    error::Result,
    graphql::{
        ids::Key,
        input::Defaulted,
        reference::{ById, ByUuid},
    },
    guard::{Allowed, operations},
    resources::library::libraries::{ArtistLibraries, HolderBody, Library},
    rest::{
        page::{ListQuery, Page, PageQuery},
        params::{choices, filter, ordering},
    },
    time::Timestamp,
};

operations! {
    "artists", "Artists of albums and tracks.";
    /// Lists artists.
    ///
    /// Artists of channels are left out by default, and so are artists that you have hidden.
    /// Artists are listed whether or not you can play their tracks; use the filter `playable` to
    /// choose. Sorted newest first by default. Invalid filter values are answered with 400.
    list: List = read Libraries, anonymous = Setting, throttle = List, graphql = "artists", params = Query;
    /// Returns an artist.
    ///
    /// Artists are visible to every caller, whether or not their tracks are playable. Unknown IDs
    /// are answered with 404.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "artist";
    /// Lists the libraries with tracks of an artist.
    ///
    /// Listed are those that you have access to and in which you can play something of it, oldest
    /// first, but no libraries of channels. Unknown IDs are answered with 404.
    libraries: Libraries = read Libraries, anonymous = Setting, throttle = Wildcard, graphql = "Artist.libraries", params = PageQuery;
}

pub type Query = ListQuery<ArtistFilter, ArtistOrder>;

choices! {
    /// Category of an artist's content.
    pub enum ContentCategory {
        /// Music.
        Music = "music",
        /// Podcasts.
        Podcast = "podcast",
        /// Other audio content.
        Other = "other",
    }
}

/// An artist: a person or a group.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Artist {
    /// Numeric ID, unique among artists.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// UUID of the artist.
    pub uuid: Uuid,
    /// ActivityPub ID (URI) of the artist.
    pub fid: Option<String>,
    /// MusicBrainz ID of the artist.
    pub mbid: Option<Uuid>,
    /// Name of the artist.
    pub name: String,
    /// Category of the artist's content.
    pub content_category: ContentCategory,
    /// Time at which the artist was added.
    pub creation_date: Timestamp,
    /// Time of the last change.
    pub modification_date: Timestamp,
    #[graphql(skip)]
    pub attributed_to_id: Option<i64>,
    #[graphql(skip)]
    pub attachment_cover_id: Option<i64>,
    #[graphql(skip)]
    pub description_content_id: Option<i64>,
}

filter! {
    /// Filter for a list of artists. An artist must match all conditions.
    pub struct ArtistFilter {
        /// Artists with any of these tags (not case-sensitive). At most 100.
        any_tag: Defaulted<Vec<String>>,
        /// Artists added at this time or later.
        creation_date_from: Option<Timestamp> = "creation_date__gte",
        /// Artists added before this time.
        creation_date_before: Option<Timestamp> = "creation_date__lt",
        /// Category of the artist's content.
        content_category: Option<ContentCategory>,
        /// `true`: only artists credited on an album. `false`: only artists without albums.
        has_albums: Option<bool>,
        /// `true`: only artists that you have hidden. By default, hidden artists are left out.
        /// Anonymous callers: ignored.
        hidden: Option<bool>,
        /// These artists. At most 100.
        ids: Option<Vec<ById<Artist>>> = "id",
        /// `true`: include artists of channels, which are left out by default.
        include_channels: Option<bool>,
        /// Artists with a track that you can play in this library.
        library: Option<ByUuid<Library>>,
        /// MusicBrainz ID of the artist.
        mbid: Option<Uuid>,
        /// Exact name (case-sensitive).
        name: Option<String>,
        /// Name contains (not case-sensitive).
        name_contains: Option<String> = "name__icontains",
        /// Exact name (not case-sensitive).
        name_equals: Option<String> = "name__iexact",
        /// Name starts with (case-sensitive).
        name_starts_with: Option<String> = "name__startswith",
        /// `true`: only artists with a track that you can play. `false`: only artists without one.
        playable: Option<bool>,
        /// Full-text search: every word must begin a word of the name. A query entirely in double
        /// quotes may use `&`, `|`, `!` and parentheses. At most 32 words.
        q: Option<String>,
        /// Artists that share a tag with this artist, without that artist.
        related: Option<ById<Artist>>,
        /// Artists with uploads in these libraries: `me` (your own), `subscribed` (those you
        /// follow), `all`, `actor:name@domain` or `domain:name`. Several are separated by commas;
        /// any of them may match.
        scope: Option<String>,
        /// Artists with all of these tags (not case-sensitive). At most 100.
        tag: Defaulted<Vec<String>>,
    } shares hidden, include_channels
}

ordering! {
    /// Sort options for artists.
    pub struct ArtistOrder by ArtistOrderField {
        /// Numeric ID.
        Id = "id",
        /// Name (not case-sensitive).
        Name = "name",
        /// Time at which the artist was added.
        CreationDate = "creation_date",
        /// Time of the last change.
        ModificationDate = "modification_date",
        /// Random order, another one for every request.
        Random = "random",
        /// Number of tags shared with the artist of the filter `related`; ignored without that
        /// filter.
        Related = "related",
    }
    shuffled by seed
}

pub async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<Artist> {
    found(permit, key).await
}

async fn libraries(
    permit: &Allowed<Libraries>,
    id: i64,
    query: &PageQuery,
) -> Result<Page<HolderBody>> {
    libraries_of::<Artist, ArtistLibraries>(permit, id, query).await
}
