//! Uploads: the audio behind tracks.
mod body;
mod graphql;
mod smart;

use std::collections::HashMap;

use async_graphql::SimpleObject;
use sqlx::FromRow;
use uuid::Uuid;

pub use self::{
    body::{Rest, UploadBody, UploadRef, listen_url},
    graphql::Queries,
};
use super::visibility::{audible, playable, within_scope};
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::{
        connection::{Connection, Direction, connect},
        ids::Key,
        loaders::{UploadId, VisibleUpload},
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
    "uploads";
    /// Lists the caller's own uploads; newest first unless it says otherwise.
    list: List = read Libraries, anonymous = Never, throttle = List, graphql = "uploads", params = Query;
    /// Shows one upload: an own one, or one that the caller can play.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "upload";
}

pub type Query = ListQuery<UploadFilter, UploadOrder>;

choices! {
    /// How far the import of an upload is.
    pub enum ImportStatus {
        /// Not handed in yet.
        Draft = "draft",
        /// Waiting to be imported.
        Pending = "pending",
        /// Imported.
        Finished = "finished",
        /// The import failed.
        Errored = "errored",
        /// Not imported: it was there already.
        Skipped = "skipped",
    }
}

/// A file of audio.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Upload {
    /// The number of the row, unique among uploads.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// Its UUID.
    pub uuid: Uuid,
    /// Its ActivityPub identifier.
    pub fid: Option<String>,
    #[graphql(skip)]
    pub track_id: Option<i64>,
    #[graphql(skip)]
    pub library_id: i64,
    #[graphql(skip)]
    pub audio_file: String,
    #[graphql(skip)]
    pub source: Option<String>,
    /// Its media type.
    pub mimetype: Option<String>,
    #[graphql(skip)]
    pub size: Option<i64>,
    /// Its length in seconds.
    pub duration: Option<i64>,
    /// Its bits per second.
    pub bitrate: Option<i64>,
    /// When it was uploaded.
    pub creation_date: Timestamp,
    /// When it was imported.
    pub import_date: Option<Timestamp>,
    /// How far its import is.
    pub import_status: ImportStatus,
    /// What its uploader calls the import that it belongs to.
    pub import_reference: String,
    #[graphql(skip)]
    #[sqlx(json)]
    pub import_details: serde_json::Value,
    #[graphql(skip)]
    #[sqlx(json)]
    pub import_metadata: serde_json::Value,
    #[graphql(skip)]
    #[sqlx(json)]
    pub metadata: serde_json::Value,
}

filter! {
    /// Narrows a list of uploads.
    pub struct UploadFilter {
        /// Only uploads of albums of the artist of this number.
        album_artist: Option<i64>,
        /// Only uploads of the channel with this UUID.
        channel: Option<Uuid>,
        /// What the uploader calls the import.
        import_reference: Option<String>,
        /// How far the import is; given several times, any of them.
        import_status: Vec<ImportStatus>,
        /// Uploads of channels too.
        include_channels: Option<bool>,
        /// Only uploads of the library with this UUID.
        library: Option<Uuid>,
        /// The media type.
        mimetype: Option<String>,
        /// Only what the caller can play, or only what the caller cannot.
        playable: Option<bool>,
        /// Words, and `key:value` with the keys `artist`, `album`, `track`, `status`.
        q: Option<String>,
        /// Whose libraries: `me`, `subscribed`, `all`, `actor:name@domain`, `domain:name`, or several with commas.
        scope: Option<String>,
        /// Only uploads of the track with this UUID.
        track: Option<Uuid>,
        /// Only uploads of tracks of the artist of this number.
        track_artist: Option<i64>,
    }
}

ordering! {
    /// What uploads can be sorted by.
    pub struct UploadOrder by UploadOrderField {
        /// When it was uploaded.
        CreationDate = "creation_date",
        /// When it was imported; others come last.
        ImportDate = "import_date",
        /// The size in bytes.
        Size = "size",
        /// The bits per second.
        Bitrate = "bitrate",
        /// The length.
        Duration = "duration",
    }
    others ignored
}

fn listing(reader: &Reader, filter: &UploadFilter, order: &[UploadOrder]) -> Listing {
    let from = sql("from uploads u where u.library_id in
        (select l.id from libraries l where l.actor_id = ?)")
    .bind(reader.actor_id().unwrap_or(-1));
    let mut from = of_tracks_filter(of_library(reader, from, filter), filter);
    if !filter.import_status.is_empty() {
        let words = filter
            .import_status
            .iter()
            .map(|status| status.word().to_owned());
        from = from
            .then(" and u.import_status in ?*")
            .bind(words.collect::<Vec<_>>());
    }
    if let Some(reference) = &filter.import_reference {
        from = from
            .then(" and u.import_reference = ?")
            .bind(reference.as_str());
    }
    if let Some(mimetype) = &filter.mimetype {
        from = from.then(" and u.mimetype = ?").bind(mimetype.as_str());
    }
    for condition in filter.q.iter().flat_map(|q| smart::conditions(q)) {
        from = from.and(condition);
    }
    let newest = [UploadOrder {
        field: UploadOrderField::CreationDate,
        direction: Direction::Desc,
    }];
    let order = if order.is_empty() { &newest } else { order };
    Listing::new(from, "u.id", order.iter().flat_map(|order| order.keys()))
}

fn of_library(reader: &Reader, mut from: Sql, filter: &UploadFilter) -> Sql {
    if filter.include_channels != Some(true) && filter.channel.is_none() {
        let of_channel = "exists (select 1 from channels c where c.library_id = u.library_id)";
        from = from.then(" and not ").then(of_channel);
    }
    if let Some(library) = filter.library {
        let there = "u.library_id = (select l.id from libraries l where l.uuid = ?)";
        from = from.and(sql(there).bind(library));
    }
    if let Some(channel) = filter.channel {
        let there = "u.library_id = (select c.library_id from channels c where c.uuid = ?)";
        from = from.and(sql(there).bind(channel));
    }
    if let Some(scope) = &filter.scope {
        from = from.and(within_scope(reader, scope));
    }
    match filter.playable {
        None => from,
        Some(true) => from.and(playable(reader)),
        Some(false) => from.then(" and not (").append(playable(reader)).then(")"),
    }
}

fn of_tracks_filter(mut from: Sql, filter: &UploadFilter) -> Sql {
    if let Some(track) = filter.track {
        let there = "u.track_id = (select t.id from tracks t where t.uuid = ?)";
        from = from.and(sql(there).bind(track));
    }
    if let Some(artist) = filter.track_artist {
        let credited =
            "u.track_id in (select ta.track_id from track_artists ta where ta.artist_id = ?)";
        from = from.and(sql(credited).bind(artist));
    }
    if let Some(artist) = filter.album_artist {
        let credited = "u.track_id in (select t.id from tracks t
            join album_artists aa on aa.album_id = t.album_id where aa.artist_id = ?)";
        from = from.and(sql(credited).bind(artist));
    }
    from
}

impl UploadOrder {
    fn keys(&self) -> Vec<SortKey> {
        let down = self.direction == Direction::Desc;
        match self.field {
            UploadOrderField::CreationDate => {
                vec![SortKey::new(sql("u.creation_date"), KeyKind::Time, down)]
            }
            UploadOrderField::ImportDate => SortKey::nullable(
                "u.import_date",
                "(u.import_date is null)",
                KeyKind::Time,
                down,
            )
            .into(),
            UploadOrderField::Size => {
                SortKey::nullable("u.size", "(u.size is null)", KeyKind::Int, down).into()
            }
            UploadOrderField::Bitrate => {
                SortKey::nullable("u.bitrate", "(u.bitrate is null)", KeyKind::Int, down).into()
            }
            UploadOrderField::Duration => {
                SortKey::nullable("u.duration", "(u.duration is null)", KeyKind::Int, down).into()
            }
        }
    }
}

const SELECT: &str = "select u.id, u.uuid, u.fid, u.track_id, u.library_id, u.audio_file, u.source,
    u.mimetype, u.size, u.duration, u.bitrate, u.creation_date, u.import_date, u.import_status,
    u.import_reference, u.import_details, u.import_metadata, u.metadata from uploads u ";

pub async fn by_ids(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Upload>> {
    let rows: Vec<Upload> = sql(SELECT)
        .then("where u.id in ?*")
        .bind(ids)
        .all(reader.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The uploads of each track that the caller can play, oldest first.
pub async fn of_tracks(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Vec<Upload>>> {
    let found = sql(SELECT)
        .then("where u.track_id in ?* and ")
        .bind(ids)
        .append(audible(reader));
    let rows: Vec<Upload> = found.then(" order by u.id").all(reader.db()).await?;
    let owned = rows
        .into_iter()
        .filter_map(|row| Some((row.track_id?, row)));
    Ok(super::grouped(owned))
}

async fn list(permit: &Allowed<List>, query: &Query) -> Result<Page<UploadBody>> {
    let listing = listing(permit, &query.filter, &query.order);
    let (frame, ids) = query.page.read_ids(permit, &listing).await?;
    Ok(frame.around(body::bodies(permit.loaders(), permit, &ids).await?))
}

async fn browse(
    permit: &Allowed<List>,
    filter: &UploadFilter,
    order: &[UploadOrder],
    window: Window,
) -> Result<Connection<Upload>> {
    connect(permit, listing(permit, filter, order), window, UploadId).await
}

pub async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<Upload> {
    match key {
        Key::Id(id) => permit
            .loaders()
            .one(VisibleUpload(id))
            .await?
            .ok_or(Error::NotFound),
        Key::Uuid(uuid) => {
            let named = sql(SELECT).then("where u.uuid = ?").bind(uuid);
            named.and(visible(permit)).one(permit.db()).await
        }
    }
}

pub async fn visible_by_ids(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Upload>> {
    let found = sql(SELECT)
        .then("where u.id in ?*")
        .bind(ids)
        .and(visible(reader));
    let rows: Vec<Upload> = found.all(reader.db()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Of an upload `u`: it is the caller's, or the caller can play it.
fn visible(reader: &Reader) -> Sql {
    sql("(u.library_id in (select l.id from libraries l where l.actor_id = ?) or (")
        .bind(reader.actor_id().unwrap_or(-1))
        .append(audible(reader))
        .then("))")
}
