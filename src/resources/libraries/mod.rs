//! Libraries: whose uploads, and who may hear them.
mod body;
mod graphql;

use std::collections::HashMap;

use async_graphql::SimpleObject;
use sqlx::FromRow;
use uuid::Uuid;

pub use self::{
    body::{LibraryBody, Rest, bodies, library_page},
    graphql::Queries,
};
use super::visibility::{WORDS, containing, libraries_of_scope, viewable_libraries};
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::{
        connection::{Connection, Direction, connect},
        ids::Key,
        loaders::{LibraryId, ViewableLibrary},
    },
    guard::{Allowed, operations},
    rest::{
        page::{ListQuery, Page},
        params::{choices, filter, ordering},
    },
    store::{
        Sql,
        listing::{Kind as KeyKind, Listing, SortKey, Window},
        sql,
    },
    time::Timestamp,
};

operations! {
    "libraries";
    /// Lists the libraries that the caller may look into; newest first unless it says otherwise.
    list: List = read Libraries, anonymous = Setting, throttle = List, graphql = "libraries", params = Query;
    /// Shows one library. Whoever knows its UUID may, so that a private one can be asked for.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "library";
}

pub type Query = ListQuery<LibraryFilter, LibraryOrder>;

choices! {
    /// Who may look into a library.
    pub enum PrivacyLevel {
        /// Its owner, and those the owner has let in.
        Me = "me",
        /// Everybody of the owner's pod.
        Instance = "instance",
        /// Everybody.
        Everyone = "everyone",
    }
}

/// Somebody's uploads that are shared with the same people.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Library {
    /// The number of the row, unique among libraries.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// Its UUID.
    pub uuid: Uuid,
    /// Its ActivityPub identifier.
    pub fid: String,
    /// Its name.
    pub name: String,
    /// What its owner says of it.
    pub description: Option<String>,
    /// Who may look into it.
    pub privacy_level: PrivacyLevel,
    /// When it was made.
    pub creation_date: Timestamp,
    #[graphql(skip)]
    pub actor_id: i64,
}

/// What a library holds.
#[derive(Clone, Copy, Debug, Default, FromRow)]
pub struct LibraryStats {
    pub uploads_count: i64,
    /// Bytes.
    pub size: i64,
}

filter! {
    /// Narrows a list of libraries.
    pub struct LibraryFilter {
        /// Who may look into it.
        privacy_level: Option<PrivacyLevel>,
        /// The name contains each of these words, without regard to case.
        q: Option<String>,
        /// Whose: `me`, `subscribed`, `all`, `actor:name@domain`, `domain:name`, or several with commas.
        scope: Option<String>,
    }
}

ordering! {
    /// What libraries can be sorted by.
    pub struct LibraryOrder by LibraryOrderField {
        /// When it was made.
        CreationDate = "creation_date",
        /// The name.
        Name = "name",
    }
    others ignored
}

fn listing(reader: &Reader, filter: &LibraryFilter, order: &[LibraryOrder]) -> Listing {
    let mut from = sql("from libraries l join actors o on o.id = l.actor_id where l.id in (")
        .append(viewable_libraries(reader))
        .then(") and not exists (select 1 from channels c where c.library_id = l.id)");
    if let Some(level) = filter.privacy_level {
        from = from.then(" and l.privacy_level = ?").bind(level);
    }
    for word in filter
        .q
        .iter()
        .flat_map(|q| q.split_whitespace().take(WORDS))
    {
        let pattern = containing(&super::visibility::folded(word));
        from = from
            .then(" and l.name_folded like ? escape '\\'")
            .bind(pattern);
    }
    if let Some(scope) = &filter.scope {
        let words = scope
            .split(',')
            .take(WORDS)
            .filter_map(|word| libraries_of_scope(reader, word.trim()));
        let any = words.reduce(|left, right| left.then(" or ").append(right));
        let condition = any.unwrap_or_else(|| sql("1 = 0"));
        from = from.and(sql("(").append(condition).then(")"));
    }
    let newest = [LibraryOrder {
        field: LibraryOrderField::CreationDate,
        direction: Direction::Desc,
    }];
    let order = if order.is_empty() { &newest } else { order };
    Listing::new(from, "l.id", order.iter().map(|order| order.key()))
}

impl LibraryOrder {
    fn key(self) -> SortKey {
        let down = self.direction == Direction::Desc;
        match self.field {
            LibraryOrderField::CreationDate => {
                SortKey::new(sql("l.creation_date"), KeyKind::Time, down)
            }
            LibraryOrderField::Name => SortKey::new(sql("l.name"), KeyKind::Text, down),
        }
    }
}

const SELECT: &str = "select l.id, l.uuid, l.fid, l.name, l.description, l.privacy_level,
    l.creation_date, l.actor_id from libraries l ";

pub async fn by_ids(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Library>> {
    let rows: Vec<Library> = sql(SELECT)
        .then("where l.id in ?*")
        .bind(ids)
        .all(reader.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// How many uploads each library has, of any status, and their bytes.
pub async fn stats(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, LibraryStats>> {
    let rows: Vec<(i64, i64, i64)> = sql("select library_id, count(*),
           cast(coalesce(sum(size), 0) as bigint) from uploads
         where library_id in ?* group by library_id")
    .bind(ids)
    .all(reader.db())
    .await?;
    let stats = |(id, uploads_count, size)| {
        (
            id,
            LibraryStats {
                uploads_count,
                size,
            },
        )
    };
    Ok(rows.into_iter().map(stats).collect())
}

/// Of an upload `u` in a library `l`: it is public, and no channel's.
const PUBLIC: &str = "l.privacy_level = 'everyone' and u.import_status in ('finished', 'skipped')
    and not exists (select 1 from channels c where c.library_id = l.id)";

/// The public libraries that hold something of each artist; newest first.
pub async fn of_artists(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Vec<i64>>> {
    let found = sql(
        "select distinct ta.artist_id, l.id, l.creation_date from track_artists ta
         join uploads u on u.track_id = ta.track_id join libraries l on l.id = u.library_id
         where ta.artist_id in ?* and ",
    );
    holders(reader, found.bind(ids), " order by 1, 3 desc, 2 desc").await
}

/// The public libraries that hold something of each album; newest first.
pub async fn of_albums(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Vec<i64>>> {
    let found = sql(
        "select distinct t.album_id, l.id, l.creation_date from tracks t
         join uploads u on u.track_id = t.id join libraries l on l.id = u.library_id
         where t.album_id in ?* and ",
    );
    holders(reader, found.bind(ids), " order by 1, 3 desc, 2 desc").await
}

/// The public libraries that hold each track; newest first.
pub async fn of_tracks(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Vec<i64>>> {
    let found = sql(
        "select distinct u.track_id, l.id, l.creation_date from uploads u
         join libraries l on l.id = u.library_id where u.track_id in ?* and ",
    );
    holders(reader, found.bind(ids), " order by 1, 3 desc, 2 desc").await
}

async fn holders(
    reader: &Reader,
    found: Sql,
    order: &'static str,
) -> Result<HashMap<i64, Vec<i64>>> {
    let rows: Vec<(i64, i64, Timestamp)> = found.then(PUBLIC).then(order).all(reader.db()).await?;
    Ok(super::grouped(
        rows.into_iter().map(|(owner, library, _)| (owner, library)),
    ))
}

async fn list(permit: &Allowed<List>, query: &Query) -> Result<Page<LibraryBody>> {
    let listing = listing(permit, &query.filter, &query.order);
    let (frame, ids) = query.page.read_ids(permit, &listing).await?;
    Ok(frame.around(bodies(permit.loaders(), permit, &ids).await?))
}

async fn browse(
    permit: &Allowed<List>,
    filter: &LibraryFilter,
    order: &[LibraryOrder],
    window: Window,
) -> Result<Connection<Library>> {
    connect(permit, listing(permit, filter, order), window, LibraryId).await
}

pub async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<Library> {
    match key {
        Key::Id(id) => permit
            .loaders()
            .one(ViewableLibrary(id))
            .await?
            .ok_or(Error::NotFound),
        Key::Uuid(uuid) => {
            sql(SELECT)
                .then("where l.uuid = ?")
                .bind(uuid)
                .one(permit.db())
                .await
        }
    }
}

/// Numbers can be guessed: by its number only what the caller may look into is shown.
pub async fn viewable_by_ids(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Library>> {
    let found = sql(SELECT).then("where l.id in ?* and l.id in (").bind(ids);
    let found = found.append(viewable_libraries(reader)).then(")");
    let rows: Vec<Library> = found.all(reader.db()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}
