//! Albums.
mod body;
pub mod graphql;
mod nested;
mod shelves;
mod sql;
mod write;

use async_graphql::SimpleObject;
use sqlx::FromRow;
use uuid::Uuid;

pub use self::{
    body::{AlbumBody, Rest, bodies, shown},
    nested::{AlbumsOfArtist, AlbumsOfLibrary, AlbumsOfTag},
    shelves::{Whose, by_artist, by_name, heard, rated, starred},
    sql::{
        AlbumDuration, AlbumSounds, AlbumTracksCount, ArtistAlbums, listing, playable,
        search_listing, title_listing,
    },
};
use super::{artists::ContentCategory, found, libraries_of};
use crate::{
    error::Result,
    graphql::{
        ids::Key,
        input::Defaulted,
        reference::{ById, ByUuid},
    },
    guard::{Allowed, operations},
    resources::{
        catalogue::artists::Artist,
        library::libraries::{AlbumLibraries, HolderBody, Library},
        publishing::channels::Channel,
    },
    rest::{
        page::{ListQuery, Page, PageQuery},
        params::{filter, ordering},
    },
    time::{Date, Timestamp},
};

operations! {
    "albums", "Albums and their tracks.";
    /// Lists albums.
    ///
    /// Albums of channels are left out by default, and so are albums of artists that you have
    /// hidden. Albums are listed whether or not you can play their tracks; use the filter
    /// `playable` to choose. Sorted newest first by default. Invalid filter values are answered
    /// with 400.
    list: List = read Libraries, anonymous = Setting, throttle = List, graphql = "albums", params = Query;
    /// Returns an album.
    ///
    /// Albums are visible to every caller, whether or not their tracks are playable. Unknown IDs
    /// are answered with 404.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "album";
    /// Creates an album in a channel you own.
    ///
    /// The artist must be the artist of one of your channels, and the cover must be an attachment
    /// of your own. Tags that do not exist yet are created. Invalid values are answered with 400.
    create: Create = write Libraries, anonymous = Never, throttle = Create, graphql = "Mutation.createAlbum";
    /// Deletes an album from a channel you own.
    ///
    /// The album's tracks are deleted with it, together with their uploads, favorites, listening
    /// history, playlist entries and edits. Albums outside of your channels, and unknown IDs, are
    /// answered with 404.
    delete: Delete = write Libraries, anonymous = Never, throttle = Destroy, graphql = "Mutation.deleteAlbum";
    /// Lists the libraries with tracks of an album.
    ///
    /// Listed are those that you have access to and in which you can play something of it, oldest
    /// first, but no libraries of channels. Unknown IDs are answered with 404.
    libraries: Libraries = read Libraries, anonymous = Setting, throttle = Wildcard, graphql = "Album.libraries", params = PageQuery;
}

pub type Query = ListQuery<AlbumFilter, AlbumOrder>;

/// An album: tracks that were released together.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Album {
    /// Numeric ID, unique among albums.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// UUID of the album.
    pub uuid: Uuid,
    /// ActivityPub ID (URI) of the album.
    pub fid: Option<String>,
    /// MusicBrainz ID of the release.
    pub mbid: Option<Uuid>,
    /// Title of the album.
    pub title: String,
    /// Release date.
    pub release_date: Option<Date>,
    /// MusicBrainz ID of the release group.
    pub release_group_id: Option<Uuid>,
    /// Time at which the album was added.
    pub creation_date: Timestamp,
    #[graphql(skip)]
    pub attributed_to_id: Option<i64>,
    #[graphql(skip)]
    pub attachment_cover_id: Option<i64>,
    #[graphql(skip)]
    pub description_content_id: Option<i64>,
}

filter! {
    /// Filter for a list of albums. An album must match all conditions.
    pub struct AlbumFilter {
        /// Albums with any of these tags (not case-sensitive). At most 100.
        any_tag: Defaulted<Vec<String>>,
        /// Albums added at this time or later.
        creation_date_from: Option<Timestamp> = "creation_date__gte",
        /// Albums added before this time.
        creation_date_before: Option<Timestamp> = "creation_date__lt",
        /// Albums credited to this artist. Unknown IDs are answered with 400.
        artist: Option<ById<Artist>>,
        /// Albums with a track that you can play in this channel. Needs `include_channels` to be
        /// `true`.
        channel: Option<ByUuid<Channel>>,
        /// Albums of artists with this category of content.
        content_category: Option<ContentCategory>,
        /// `true`: only albums of artists that you have hidden. By default, they are left out.
        /// Anonymous callers: ignored.
        hidden: Option<bool>,
        /// These albums. At most 100.
        ids: Option<Vec<ById<Album>>> = "id",
        /// `true`: include albums of channels, which are left out by default.
        include_channels: Option<bool>,
        /// Albums with a track that you can play in this library.
        library: Option<ByUuid<Library>>,
        /// MusicBrainz ID of the release.
        mbid: Option<Uuid>,
        /// `true`: only albums with a track that you can play. `false`: only albums without one.
        playable: Option<bool>,
        /// Full-text search: every word must begin a word of the title, or every word must begin a
        /// word of one credited artist's name. A query entirely in double quotes may use `&`, `|`,
        /// `!` and parentheses. At most 32 words.
        q: Option<String>,
        /// Albums that share a tag with this album, without that album.
        related: Option<ById<Album>>,
        /// Albums released on this day or later.
        release_date_from: Option<Date> = "release_date__gte",
        /// Albums released on this day or earlier.
        release_date_to: Option<Date> = "release_date__lte",
        /// Albums with uploads in these libraries: `me` (your own), `subscribed` (those you
        /// follow), `all`, `actor:name@domain` or `domain:name`. Several are separated by commas;
        /// any of them may match.
        scope: Option<String>,
        /// Albums with all of these tags (not case-sensitive). At most 100.
        tag: Defaulted<Vec<String>>,
    } shares hidden, include_channels
}

ordering! {
    /// Sort options for albums.
    pub struct AlbumOrder by AlbumOrderField {
        /// Time at which the album was added.
        CreationDate = "creation_date",
        /// Release date. Albums without one come last, or first if descending.
        ReleaseDate = "release_date",
        /// Title.
        Title = "title",
        /// Time of the last change to a credited artist.
        ArtistModificationDate = "artist__modification_date",
        /// Random order, another one for every request.
        Random = "random",
        /// Number of tags shared with the album of the filter `related`; ignored without that
        /// filter.
        Related = "related",
    }
    shuffled by seed
}

pub async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<Album> {
    found(permit, key).await
}

async fn libraries(
    permit: &Allowed<Libraries>,
    id: i64,
    query: &PageQuery,
) -> Result<Page<HolderBody>> {
    libraries_of::<Album, AlbumLibraries>(permit, id, query).await
}
