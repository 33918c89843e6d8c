//! Albums.
mod body;
mod graphql;
mod sql;
mod write;

use async_graphql::SimpleObject;
use sqlx::FromRow;
use uuid::Uuid;

pub use self::{
    body::{AlbumBody, Rest, bodies, shown},
    graphql::{Mutations, Queries},
    sql::{AlbumTracksCount, ArtistAlbums, matching_ids, playable},
};
use super::{
    artists::ContentCategory,
    libraries::{AlbumLibraries, LibraryBody, library_page},
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
    store::listing::Window,
    time::{Date, Timestamp},
};

use self::sql::listing;

operations! {
    "albums";
    /// Lists albums; newest first unless it says otherwise.
    list: List = read Libraries, anonymous = Setting, throttle = List, graphql = "albums", params = Query;
    /// Shows one album.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "album";
    /// Makes an album of an artist whose channel is the caller's.
    create: Create = write Libraries, anonymous = Never, throttle = Create, graphql = "Mutation.createAlbum";
    /// Takes an album of an own channel away, with its tracks.
    delete: Delete = write Libraries, anonymous = Never, throttle = Destroy, graphql = "Mutation.deleteAlbum";
    /// Lists the public libraries that hold something of an album.
    libraries: Libraries = read Libraries, anonymous = Setting, throttle = Wildcard, graphql = "Album.libraries", params = PageQuery;
}

pub type Query = ListQuery<AlbumFilter, AlbumOrder>;

/// A release: tracks that were published together.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Album {
    /// The number of the row, unique among albums.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// Its UUID.
    pub uuid: Uuid,
    /// Its ActivityPub identifier.
    pub fid: Option<String>,
    /// The MusicBrainz identifier of the release.
    pub mbid: Option<Uuid>,
    /// Its title.
    pub title: String,
    /// When it was released.
    pub release_date: Option<Date>,
    /// The MusicBrainz identifier of the release group.
    pub release_group_id: Option<Uuid>,
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
    /// Narrows a list of albums.
    pub struct AlbumFilter {
        /// Only albums that the artist of this number is credited on.
        artist: Option<i64>,
        /// Only what can be played from the channel with this UUID.
        channel: Option<Uuid>,
        /// What the artist publishes.
        content_category: Option<ContentCategory>,
        /// Only albums of artists that the caller has hidden, instead of all others.
        hidden: Option<bool>,
        /// Albums of channels too.
        include_channels: Option<bool>,
        /// Only what can be played from the library with this UUID.
        library: Option<Uuid>,
        /// The MusicBrainz identifier.
        mbid: Option<Uuid>,
        /// Only what the caller can play, or only what the caller cannot.
        playable: Option<bool>,
        /// Full text: each word begins a word of the title, or each one of the artist's name. In double quotes: with the operators `&`, `|`, `!`.
        q: Option<String>,
        /// Only albums that share a tag with the one of this number.
        related: Option<i64>,
        /// Whose libraries: `me`, `subscribed`, `all`, `actor:name@domain`, `domain:name`, or several with commas.
        scope: Option<String>,
        /// Only what has this tag; given several times, all of them.
        tag: Vec<String>,
    }
}

ordering! {
    /// What albums can be sorted by.
    pub struct AlbumOrder by AlbumOrderField {
        /// When it was added.
        CreationDate = "creation_date",
        /// When it was released; albums without a date come last.
        ReleaseDate = "release_date",
        /// The title.
        Title = "title",
        /// When its artist was last changed.
        ArtistModificationDate = "artist__modification_date",
        /// A new random order for every request.
        Random = "random",
        /// How many tags it shares with the album that `related` names.
        Related = "related",
    }
}

async fn list(permit: &Allowed<List>, query: &Query) -> Result<Page<AlbumBody>> {
    let listing = listing(permit, &query.filter, &query.order).await?;
    let (frame, ids) = query.page.read_ids(permit, &listing).await?;
    Ok(frame.around(bodies(permit.loaders(), permit, &ids).await?))
}

async fn browse(
    permit: &Allowed<List>,
    filter: &AlbumFilter,
    order: &[AlbumOrder],
    window: Window,
) -> Result<Connection<Album>> {
    connect(permit, listing(permit, filter, order).await?, window).await
}

pub async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<Album> {
    match key {
        Key::Id(id) => permit
            .loaders()
            .one::<Album>(id)
            .await?
            .ok_or(Error::NotFound),
        Key::Uuid(uuid) => {
            let found = Album::select().then(" where uuid = ?").bind(uuid);
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
    loaders.one::<Album>(id).await?.ok_or(Error::NotFound)?;
    let ids = loaders.one::<AlbumLibraries>(id).await?.unwrap_or_default();
    library_page(loaders, permit, &query.0, ids).await
}
