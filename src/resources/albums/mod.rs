//! Albums.
mod body;
mod graphql;
mod write;

use std::collections::HashMap;

use async_graphql::SimpleObject;
use sqlx::FromRow;
use uuid::Uuid;

pub use self::{
    body::{AlbumBody, Rest, bodies, shown},
    graphql::{Mutations, Queries},
};
use super::{
    artists::ContentCategory,
    catalogue::{Narrowing, Shelf, bounded, exists},
    libraries::{LibraryBody, library_page},
    visibility::{self, matching},
};
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::{
        connection::{Connection, Direction, connect},
        ids::Key,
        loaders::{AlbumId, AlbumLibraries},
    },
    guard::{Allowed, operations},
    rest::{
        page::{ListQuery, Page, PageQuery},
        params::{filter, ordering},
    },
    store::{
        Index, Sql,
        listing::{Kind as KeyKind, Listing, SortKey, Window},
        sql,
    },
    time::{Date, Timestamp},
};

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

const SHELF: Shelf = Shelf {
    among: "al.id in",
    tagged: "al.id in (select x.album_id from album_tags x join tags g on g.id = x.tag_id
        where g.name_folded = ?)",
    related: "al.id <> ? and al.id in (select x.album_id from album_tags x where x.tag_id in
        (select y.tag_id from album_tags y where y.album_id = ?))",
    kinship: "(select count(*) from album_tags x where x.album_id = al.id and x.tag_id in
        (select y.tag_id from album_tags y where y.album_id = ?))",
    uploaded: "select t.album_id from uploads u join tracks t on t.id = u.track_id",
    has_upload: "exists (select 1 from tracks t join uploads u on u.track_id = t.id
        where t.album_id = al.id and ",
    hidden: "exists (select 1 from album_artists h join content_filters f
        on f.target_artist_id = h.artist_id where h.album_id = al.id and f.user_id = ?)",
    hidden_values: 1,
    of_channel: "al.id in (select h.album_id from channels c
        join album_artists h on h.artist_id = c.artist_id)",
    mbid: "al.mbid = ?",
    shuffled: "((al.id * 48271 + ?) % 2147483647) * ((al.id * 69621 + ?) % 65537) % 2147483647",
    unplayable_is_withheld: false,
};

async fn listing(reader: &Reader, filter: &AlbumFilter, order: &[AlbumOrder]) -> Result<Listing> {
    if let Some(artist) = filter.artist {
        exists(
            reader,
            "artist",
            sql("select id from artists where id = ?").bind(artist),
        )
        .await?;
    }
    bounded("tag", &filter.tag)?;
    let common = Narrowing {
        hidden: filter.hidden,
        include_channels: filter.include_channels,
        library: filter.library,
        channel: filter.channel,
        mbid: filter.mbid,
        playable: filter.playable,
        related: filter.related,
        scope: filter.scope.as_deref(),
        tag: &filter.tag,
    };
    let mut from = SHELF.narrowed(reader, sql("from albums al where true"), &common);
    if let Some(artist) = filter.artist {
        let credited = "al.id in (select aa.album_id from album_artists aa where aa.artist_id = ?)";
        from = from.and(sql(credited).bind(artist));
    }
    if let Some(category) = filter.content_category {
        let of_category = sql("al.id in (select aa.album_id from album_artists aa
            join artists a on a.id = aa.artist_id where a.content_category = ?)");
        from = from.and(of_category.bind(category));
    }
    if let Some(q) = &filter.q
        && let Some(condition) = matching(reader, PLACES, q)?
    {
        from = from.and(condition);
    }
    let newest = [AlbumOrder {
        field: AlbumOrderField::CreationDate,
        direction: Direction::Desc,
    }];
    let order = if order.is_empty() { &newest } else { order };
    let seed = crate::random::seed();
    let keys = order
        .iter()
        .flat_map(|order| order.keys(filter.related, seed));
    let listing = Listing::new(from, "al.id", keys);
    let related = order
        .last()
        .is_some_and(|order| order.field == AlbumOrderField::Related);
    Ok(if related {
        listing.oldest_first()
    } else {
        listing
    })
}

/// Where `q` looks.
const PLACES: &[(&str, Index)] = &[
    ("al.id in", Index::Albums),
    (
        "al.id in (select aa.album_id from album_artists aa where aa.artist_id in",
        Index::Artists,
    ),
];

impl AlbumOrder {
    fn keys(self, related: Option<i64>, seed: i64) -> Vec<SortKey> {
        let down = self.direction == Direction::Desc;
        let key = |column, kind| vec![SortKey::new(sql(column), kind, down)];
        match self.field {
            AlbumOrderField::CreationDate => key("al.creation_date", KeyKind::Time),
            AlbumOrderField::Title => key("al.title", KeyKind::Text),
            AlbumOrderField::ReleaseDate => {
                let keys = SortKey::nullable(
                    "al.release_date",
                    "(al.release_date is null)",
                    KeyKind::Date,
                    down,
                );
                keys.into()
            }
            AlbumOrderField::ArtistModificationDate => key(
                "coalesce((select max(a.modification_date) from album_artists aa
                  join artists a on a.id = aa.artist_id where aa.album_id = al.id), al.creation_date)",
                KeyKind::Time,
            ),
            AlbumOrderField::Random => vec![SHELF.random(seed, down)],
            AlbumOrderField::Related => SHELF.relatedness(related, down).into_iter().collect(),
        }
    }
}

const SELECT: &str = "select al.id, al.uuid, al.fid, al.mbid, al.title, al.release_date,
    al.release_group_id, al.creation_date, al.attributed_to_id, al.attachment_cover_id,
    al.description_content_id from albums al ";

pub async fn by_ids(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Album>> {
    let rows: Vec<Album> = sql(SELECT)
        .then("where al.id in ?*")
        .bind(ids)
        .all(reader.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The numbers of the albums that each artist is credited on, in the order they were added.
pub async fn of_artists(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Vec<i64>>> {
    let rows = sql(
        "select artist_id, album_id from album_artists where artist_id in ?*
         order by artist_id, album_id",
    );
    Ok(super::grouped(rows.bind(ids).all(reader.db()).await?))
}

pub async fn tracks_counts(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, i64>> {
    let counted: Vec<(i64, i64)> =
        sql("select album_id, count(*) from tracks where album_id in ?* group by album_id")
            .bind(ids)
            .all(reader.db())
            .await?;
    Ok(counted.into_iter().collect())
}

/// Whether the caller can play something of each album.
pub async fn playable(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, bool>> {
    let asked = ids.clone();
    let playable = sql("select al.id from albums al where al.id in ?*")
        .bind(ids)
        .and(
            sql(SHELF.has_upload)
                .append(visibility::playable(reader))
                .then(")"),
        )
        .ids(reader.db())
        .await?;
    Ok(asked
        .into_iter()
        .map(|id| (id, playable.contains(&id)))
        .collect())
}

/// The albums whose title or artist matches, shortest title first.
pub async fn matching_ids(reader: &Reader, q: &str, most: i64) -> Result<Vec<i64>> {
    let Some(condition) = matching(reader, PLACES, q)? else {
        return Ok(Vec::new());
    };
    let found: Sql = sql("select al.id from albums al where ").append(condition);
    found
        .then(" order by length(al.title), al.id limit ?")
        .bind(most)
        .ids(reader.db())
        .await
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
    connect(
        permit,
        listing(permit, filter, order).await?,
        window,
        AlbumId,
    )
    .await
}

pub async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<Album> {
    match key {
        Key::Id(id) => permit
            .loaders()
            .one(AlbumId(id))
            .await?
            .ok_or(Error::NotFound),
        Key::Uuid(uuid) => {
            sql(SELECT)
                .then("where al.uuid = ?")
                .bind(uuid)
                .one(permit.db())
                .await
        }
    }
}

async fn libraries(
    permit: &Allowed<Libraries>,
    id: i64,
    query: &PageQuery,
) -> Result<Page<LibraryBody>> {
    let loaders = permit.loaders();
    loaders.one(AlbumId(id)).await?.ok_or(Error::NotFound)?;
    let ids = loaders.one(AlbumLibraries(id)).await?.unwrap_or_default();
    library_page(loaders, permit, &query.0, ids).await
}
