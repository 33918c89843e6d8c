//! Tracks.
mod body;
mod graphql;
mod sql;

use async_graphql::SimpleObject;
use sqlx::FromRow;
use uuid::Uuid;

pub use self::{
    body::{Rest, TrackBody, bodies, shown},
    graphql::{Mutations, Queries},
    sql::{AlbumTracks, matching_ids},
};
use super::{
    catalogue::owned_by_channel,
    contents,
    libraries::{LibraryBody, TrackLibraries, library_page},
};
use crate::{
    error::{Error, Result},
    graphql::{
        connection::{Connection, connect},
        ids::Key,
    },
    guard::{Allowed, operations},
    load::Entity,
    rest::{
        page::{ListQuery, Page, PageQuery},
        params::{filter, ordering},
    },
    store::{listing::Window, sql},
    time::Timestamp,
};

use self::sql::listing;

operations! {
    "tracks";
    /// Lists tracks; newest first unless it says otherwise.
    list: List = read Libraries, anonymous = Setting, throttle = List, graphql = "tracks", params = Query;
    /// Shows one track.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "track";
    /// Takes a track of an own channel away.
    delete: Delete = write Libraries, anonymous = Never, throttle = Destroy, graphql = "Mutation.deleteTrack";
    /// Lists the public libraries that hold a track.
    libraries: Libraries = read Libraries, anonymous = Setting, throttle = Wildcard, graphql = "Track.libraries", params = PageQuery;
}

pub type Query = ListQuery<TrackFilter, TrackOrder>;

/// A recording on an album.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Track {
    /// The number of the row, unique among tracks.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// Its UUID.
    pub uuid: Uuid,
    /// Its ActivityPub identifier.
    pub fid: Option<String>,
    /// The MusicBrainz identifier of the recording.
    pub mbid: Option<Uuid>,
    /// Its title.
    pub title: String,
    #[graphql(skip)]
    pub album_id: Option<i64>,
    /// Its place on the disc, from 1.
    pub position: Option<i64>,
    /// The number of its disc, from 1.
    pub disc_number: Option<i64>,
    #[graphql(skip)]
    pub license: Option<String>,
    /// Who holds the rights.
    pub copyright: Option<String>,
    /// How often it was listened to or downloaded.
    pub downloads_count: i64,
    /// When it was added.
    pub creation_date: Timestamp,
    #[graphql(skip)]
    pub attributed_to_id: Option<i64>,
    #[graphql(skip)]
    pub attachment_cover_id: Option<i64>,
    #[graphql(skip)]
    pub description_content_id: Option<i64>,
}

filter! {
    /// Narrows a list of tracks.
    pub struct TrackFilter {
        /// Only tracks of the album of this number.
        album: Option<i64>,
        /// Only tracks that the artist of this number is credited on, or whose album.
        artist: Option<i64>,
        /// Only what can be played from the channel with this UUID.
        channel: Option<Uuid>,
        /// Only the caller's favorites, or only what is none; strangers have no favorites to tell.
        favorites: Option<bool>,
        /// Only tracks of artists that the caller has hidden, instead of all others.
        hidden: Option<bool>,
        /// Only the tracks of these numbers.
        ids: Vec<i64> = "id",
        /// Tracks of channels too.
        include_channels: Option<bool>,
        /// Only what can be played from the library with this UUID.
        library: Option<Uuid>,
        /// The code of the license.
        license: Option<String>,
        /// The MusicBrainz identifier.
        mbid: Option<Uuid>,
        /// Only what the caller can play, or only what is kept from the caller.
        playable: Option<bool>,
        /// Full text: each word begins a word of the title, or each one of the artist's name, or each one of the album's title. In double quotes: with the operators `&`, `|`, `!`.
        q: Option<String>,
        /// Only tracks that share a tag with the one of this number.
        related: Option<i64>,
        /// Whose libraries: `me`, `subscribed`, `all`, `actor:name@domain`, `domain:name`, or several with commas.
        scope: Option<String>,
        /// Only what has this tag; given several times, all of them.
        tag: Vec<String>,
        /// The title is this one.
        title: Option<String>,
        /// The title contains this, without regard to case.
        title_contains: Option<String> = "title__icontains",
        /// The title is this one, without regard to case.
        title_equals: Option<String> = "title__iexact",
        /// The title starts with this, in this case.
        title_starts_with: Option<String> = "title__startswith",
    }
}

ordering! {
    /// What tracks can be sorted by.
    pub struct TrackOrder by TrackOrderField {
        /// When it was added.
        CreationDate = "creation_date",
        /// The title.
        Title = "title",
        /// The title of its album; tracks without an album come first.
        AlbumTitle = "album__title",
        /// When its album was released; tracks without a date come last.
        AlbumReleaseDate = "album__release_date",
        /// The name of the artist credited first.
        ArtistName = "artist__name",
        /// When its artist was last changed.
        ArtistModificationDate = "artist__modification_date",
        /// The number of its disc; tracks without one come last.
        DiscNumber = "disc_number",
        /// Its place on the disc; tracks without one come last.
        Position = "position",
        /// The size of its largest upload.
        Size = "size",
        /// A new random order for every request.
        Random = "random",
        /// How many tags it shares with the track that `related` names.
        Related = "related",
    }
}

async fn list(permit: &Allowed<List>, query: &Query) -> Result<Page<TrackBody>> {
    let listing = listing(permit, &query.filter, &query.order).await?;
    let (frame, ids) = query.page.read_ids(permit, &listing).await?;
    Ok(frame.around(bodies(permit.loaders(), permit, &ids).await?))
}

async fn browse(
    permit: &Allowed<List>,
    filter: &TrackFilter,
    order: &[TrackOrder],
    window: Window,
) -> Result<Connection<Track>> {
    connect(permit, listing(permit, filter, order).await?, window).await
}

/// Takes a track away; only the channel's owner may.
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
    sql("delete from tracks where id = ?")
        .bind(id)
        .run(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(id)
}

pub async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<Track> {
    match key {
        Key::Id(id) => permit
            .loaders()
            .one::<Track>(id)
            .await?
            .ok_or(Error::NotFound),
        Key::Uuid(uuid) => {
            let found = Track::select().then(" where uuid = ?").bind(uuid);
            found.one(permit.db()).await
        }
    }
}

async fn libraries(
    permit: &Allowed<Libraries>,
    id: i64,
    query: &PageQuery,
) -> Result<Page<LibraryBody>> {
    let loaders = permit.loaders();
    loaders.one::<Track>(id).await?.ok_or(Error::NotFound)?;
    let ids = loaders.one::<TrackLibraries>(id).await?.unwrap_or_default();
    library_page(loaders, permit, &query.0, ids).await
}
