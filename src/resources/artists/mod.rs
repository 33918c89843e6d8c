//! Artists.
mod body;
mod graphql;
mod sql;

use async_graphql::SimpleObject;
use sqlx::FromRow;
use uuid::Uuid;

pub use self::{
    body::{ArtistBody, ArtistRef, Depth, Rest, bodies, refs, shown},
    graphql::Queries,
    sql::{ArtistTracksCount, matching_ids},
};
use super::libraries::{ArtistLibraries, LibraryBody, library_page};
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
        params::{choices, filter, ordering},
    },
    store::listing::Window,
    time::Timestamp,
};

use self::sql::listing;

operations! {
    "artists";
    /// Lists artists; newest first unless it says otherwise.
    list: List = read Libraries, anonymous = Setting, throttle = List, graphql = "artists", params = Query;
    /// Shows one artist.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "artist";
    /// Lists the public libraries that hold something of an artist.
    libraries: Libraries = read Libraries, anonymous = Setting, throttle = Wildcard, graphql = "Artist.libraries", params = PageQuery;
}

pub type Query = ListQuery<ArtistFilter, ArtistOrder>;

choices! {
    /// What an artist publishes.
    pub enum ContentCategory {
        /// Music.
        Music = "music",
        /// Podcasts.
        Podcast = "podcast",
        /// Something else.
        Other = "other",
    }
}

/// Who makes music: a person or a group.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Artist {
    /// The number of the row, unique among artists.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// Its UUID.
    pub uuid: Uuid,
    /// Its ActivityPub identifier.
    pub fid: Option<String>,
    /// Its MusicBrainz identifier.
    pub mbid: Option<Uuid>,
    /// Its name.
    pub name: String,
    /// What it publishes.
    pub content_category: ContentCategory,
    /// When it was added.
    pub creation_date: Timestamp,
    /// When it was last changed.
    pub modification_date: Timestamp,
    #[graphql(skip)]
    pub attributed_to_id: Option<i64>,
    #[graphql(skip)]
    pub attachment_cover_id: Option<i64>,
    #[graphql(skip)]
    pub description_content_id: Option<i64>,
}

filter! {
    /// Narrows a list of artists.
    pub struct ArtistFilter {
        /// What the artist publishes.
        content_category: Option<ContentCategory>,
        /// Only artists with albums, or only those without.
        has_albums: Option<bool>,
        /// Only the artists that the caller has hidden, instead of all others.
        hidden: Option<bool>,
        /// Artists of channels too.
        include_channels: Option<bool>,
        /// Only what can be played from the library with this UUID.
        library: Option<Uuid>,
        /// The MusicBrainz identifier.
        mbid: Option<Uuid>,
        /// The name is this one.
        name: Option<String>,
        /// The name contains this, without regard to case.
        name_contains: Option<String> = "name__icontains",
        /// The name is this one, without regard to case.
        name_equals: Option<String> = "name__iexact",
        /// The name starts with this, in this case.
        name_starts_with: Option<String> = "name__startswith",
        /// Only what the caller can play, or only what the caller cannot.
        playable: Option<bool>,
        /// Full text: each word begins a word of the name. In double quotes: with the operators `&`, `|`, `!`.
        q: Option<String>,
        /// Only artists that share a tag with the one of this number.
        related: Option<i64>,
        /// Whose libraries: `me`, `subscribed`, `all`, `actor:name@domain`, `domain:name`, or several with commas.
        scope: Option<String>,
        /// Only what has this tag; given several times, all of them.
        tag: Vec<String>,
    }
}

ordering! {
    /// What artists can be sorted by.
    pub struct ArtistOrder by ArtistOrderField {
        /// The number of the row.
        Id = "id",
        /// The name, without regard to case.
        Name = "name",
        /// When it was added.
        CreationDate = "creation_date",
        /// When it was last changed.
        ModificationDate = "modification_date",
        /// A new random order for every request.
        Random = "random",
        /// How many tags it shares with the artist that `related` names.
        Related = "related",
    }
}

async fn list(permit: &Allowed<List>, query: &Query) -> Result<Page<ArtistBody>> {
    let listing = listing(permit, &query.filter, &query.order)?;
    let (frame, ids) = query.page.read_ids(permit, &listing).await?;
    Ok(frame.around(bodies(permit.loaders(), permit, &ids).await?))
}

async fn browse(
    permit: &Allowed<List>,
    filter: &ArtistFilter,
    order: &[ArtistOrder],
    window: Window,
) -> Result<Connection<Artist>> {
    connect(permit, listing(permit, filter, order)?, window).await
}

pub async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<Artist> {
    match key {
        Key::Id(id) => permit
            .loaders()
            .one::<Artist>(id)
            .await?
            .ok_or(Error::NotFound),
        Key::Uuid(uuid) => {
            let found = Artist::select().then(" where uuid = ?").bind(uuid);
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
    loaders.one::<Artist>(id).await?.ok_or(Error::NotFound)?;
    let ids = loaders
        .one::<ArtistLibraries>(id)
        .await?
        .unwrap_or_default();
    library_page(loaders, permit, &query.0, ids).await
}
