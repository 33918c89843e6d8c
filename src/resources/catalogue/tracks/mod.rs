//! Tracks.
mod body;
mod details;
pub mod graphql;
mod nested;
mod sql;

use async_graphql::SimpleObject;
use sqlx::FromRow;
use uuid::Uuid;

pub use self::{
    body::{Rest, TrackBody, bodies, by_id, shown},
    details::{DetailsOfTrack, Lyrics, TrackDetails, write as describe},
    nested::{TracksOfAlbum, TracksOfArtist, TracksOfLibrary, TracksOfTag},
    sql::{
        AlbumTracks, ArtistTracks, all_known, existing, hidden_from, known, listing, most_played,
        of_any, on_no_album, search_listing, title_listing,
    },
};
use super::{found, libraries_of, owned_by_channel};
use crate::{
    error::Result,
    graphql::{
        ids::Key,
        input::Defaulted,
        reference::{ById, ByUuid},
    },
    guard::{Allowed, operations},
    resources::{
        catalogue::{albums::Album, artists::Artist},
        library::{
            contents,
            libraries::{HolderBody, Library, TrackLibraries},
            uploads::release,
        },
        publishing::channels::Channel,
    },
    rest::{
        page::{ListQuery, Page, PageQuery},
        params::{filter, ordering},
    },
    store::sql,
    time::{Date, Timestamp},
};

operations! {
    "tracks", "Tracks, their titles and credits.";
    /// Lists tracks.
    ///
    /// Tracks of channels are left out by default, and so are tracks of artists that you have
    /// hidden. Tracks are listed whether or not you can play them; use the filter `playable` to
    /// choose. Sorted newest first by default. Invalid filter values are answered with 400.
    list: List = read Libraries, anonymous = Setting, throttle = List, graphql = "tracks", params = Query;
    /// Returns a track.
    ///
    /// Tracks are visible to every caller, whether or not they are playable. Unknown IDs are
    /// answered with 404.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "track";
    /// Deletes a track from a channel you own.
    ///
    /// The track's uploads, favorites, listening history, playlist entries and edits are deleted
    /// with it. Tracks outside of your channels, and unknown IDs, are answered with 404.
    delete: Delete = write Libraries, anonymous = Never, throttle = Destroy, graphql = "Mutation.deleteTrack";
    /// Lists the libraries that contain a track.
    ///
    /// Listed are those that you have access to and in which you can play something of it, oldest
    /// first, but no libraries of channels. Unknown IDs are answered with 404.
    libraries: Libraries = read Libraries, anonymous = Setting, throttle = Wildcard, graphql = "Track.libraries", params = PageQuery;
}

pub type Query = ListQuery<TrackFilter, TrackOrder>;

/// A track: a recording, usually on an album.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Track {
    /// Numeric ID, unique among tracks.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// UUID of the track.
    pub uuid: Uuid,
    /// ActivityPub ID (URI) of the track.
    pub fid: Option<String>,
    /// MusicBrainz ID of the recording.
    pub mbid: Option<Uuid>,
    /// Title of the track.
    pub title: String,
    #[graphql(skip)]
    pub album_id: Option<i64>,
    /// Position on the disc, from 1.
    pub position: Option<i64>,
    /// Number of the disc, from 1.
    pub disc_number: Option<i64>,
    #[graphql(skip)]
    pub license: Option<String>,
    /// Copyright notice.
    pub copyright: Option<String>,
    /// Number of times the track was played or downloaded.
    pub downloads_count: i64,
    /// Time at which the track was added.
    pub creation_date: Timestamp,
    #[graphql(skip)]
    pub attributed_to_id: Option<i64>,
    #[graphql(skip)]
    pub attachment_cover_id: Option<i64>,
    #[graphql(skip)]
    pub description_content_id: Option<i64>,
}

filter! {
    /// Filter for a list of tracks. A track must match all conditions.
    pub struct TrackFilter {
        /// Tracks with any of these tags (not case-sensitive). At most 100.
        any_tag: Defaulted<Vec<String>>,
        /// Tracks added at this time or later.
        creation_date_from: Option<Timestamp> = "creation_date__gte",
        /// Tracks added before this time.
        creation_date_before: Option<Timestamp> = "creation_date__lt",
        /// Tracks on this album. Unknown IDs are answered with 400.
        album: Option<ById<Album>>,
        /// Tracks credited to this artist, or on an album credited to them. Unknown IDs
        /// are answered with 400.
        artist: Option<ById<Artist>>,
        /// Tracks that you can play in this channel. Needs `include_channels` to be
        /// `true`.
        channel: Option<ByUuid<Channel>>,
        /// Tracks of at least this many seconds.
        duration_from: Option<i64> = "duration__gte",
        /// Tracks of at most this many seconds.
        duration_to: Option<i64> = "duration__lte",
        /// `true`: only your favorites. `false`: only other tracks. Anonymous callers: ignored.
        favorites: Option<bool>,
        /// `true`: only tracks of artists that you have hidden, or on their albums. By default,
        /// they are left out. Anonymous callers: ignored.
        hidden: Option<bool>,
        /// These tracks. At most 100.
        ids: Option<Vec<ById<Track>>> = "id",
        /// `true`: include tracks of channels, which are left out by default.
        include_channels: Option<bool>,
        /// Tracks that you can play in this library.
        library: Option<ByUuid<Library>>,
        /// Code of the license, such as `cc-by-4.0`. Unknown codes are answered with 400.
        license: Option<String>,
        /// MusicBrainz ID of the recording.
        mbid: Option<Uuid>,
        /// `true`: only tracks that you can play. `false`: only tracks with an upload in a
        /// restricted library that you cannot access.
        playable: Option<bool>,
        /// Full-text search: every word must begin a word of the title, or every word must begin a
        /// word of one credited artist's name, or of the album's title. A query entirely in double
        /// quotes may use `&`, `|`, `!` and parentheses. At most 32 words.
        q: Option<String>,
        /// Tracks that share a tag with this track, without that track.
        related: Option<ById<Track>>,
        /// Tracks on albums released on this day or later.
        release_date_from: Option<Date> = "album__release_date__gte",
        /// Tracks on albums released on this day or earlier.
        release_date_to: Option<Date> = "album__release_date__lte",
        /// Tracks with uploads in these libraries: `me` (your own), `subscribed` (those you
        /// follow), `all`, `actor:name@domain` or `domain:name`. Several are separated by commas;
        /// any of them may match.
        scope: Option<String>,
        /// Tracks with all of these tags (not case-sensitive). At most 100.
        tag: Defaulted<Vec<String>>,
        /// Exact title (case-sensitive).
        title: Option<String>,
        /// Title contains (not case-sensitive).
        title_contains: Option<String> = "title__icontains",
        /// Exact title (not case-sensitive).
        title_equals: Option<String> = "title__iexact",
        /// Title starts with (case-sensitive).
        title_starts_with: Option<String> = "title__startswith",
    } shares hidden, include_channels
}

ordering! {
    /// Sort options for tracks.
    pub struct TrackOrder by TrackOrderField {
        /// Time at which the track was added.
        CreationDate = "creation_date",
        /// Title.
        Title = "title",
        /// Title of the album. Tracks without an album come first, or last if descending.
        AlbumTitle = "album__title",
        /// Release date of the album. Tracks without one come last, or first if descending.
        AlbumReleaseDate = "album__release_date",
        /// Name of the artist credited first.
        ArtistName = "artist__name",
        /// Time of the last change to a credited artist.
        ArtistModificationDate = "artist__modification_date",
        /// Number of the disc. Tracks without one come last, or first if descending.
        DiscNumber = "disc_number",
        /// Position on the disc. Tracks without one come last, or first if descending.
        Position = "position",
        /// Size of the largest upload in bytes.
        Size = "size",
        /// Random order, another one for every request.
        Random = "random",
        /// Number of tags shared with the track of the filter `related`; ignored without that
        /// filter.
        Related = "related",
    }
    shuffled by seed
}

/// Deletes a track. Only the owner of the channel may.
pub async fn delete(permit: &Allowed<Delete>, key: Key) -> Result<i64> {
    let own = sql("select id from tracks where ")
        .append(key.condition())
        .and(owned_by_channel(
            permit,
            "id in (select h.track_id from track_artists h where ",
        ));
    let mut tx = permit.begin().await?;
    let id = own.number(&mut tx).await?;
    let texts = sql("select description_content_id from tracks where id = ?").bind(id);
    contents::delete_of(&mut tx, texts).await?;
    let going = sql("select id from uploads where track_id = ?").bind(id);
    release(&mut tx, &going, permit.clock().now()).await?;
    sql("delete from tracks where id = ?")
        .bind(id)
        .run(&mut tx)
        .await?;
    tx.commit().await?;
    permit.app().add_jobs();
    Ok(id)
}

pub async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<Track> {
    found(permit, key).await
}

/// When a track was last added.
pub async fn last_added(permit: &Allowed<List>) -> Result<Option<Timestamp>> {
    let newest =
        sql("select creation_date from tracks order by creation_date desc, id desc limit 1");
    let newest: Option<(Timestamp,)> = newest.optional(permit.db()).await?;
    Ok(newest.map(|(time,)| time))
}

async fn libraries(
    permit: &Allowed<Libraries>,
    id: i64,
    query: &PageQuery,
) -> Result<Page<HolderBody>> {
    libraries_of::<Track, TrackLibraries>(permit, id, query).await
}
