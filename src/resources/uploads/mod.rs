//! Uploads: the audio behind tracks.
mod body;
mod graphql;
mod smart;
mod sql;

use std::collections::HashMap;

use async_graphql::SimpleObject;
use sqlx::FromRow;
use uuid::Uuid;

pub use self::{
    body::{Rest, UploadBody, UploadRef, file_name, listen_url},
    graphql::Queries,
    sql::{audible_uploads, audible_uploads_of},
};
use super::visibility::audible;
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::{
        connection::{Connection, connect},
        ids::Key,
    },
    guard::{Allowed, operations},
    load::{Entity, load},
    rest::{
        page::{ListQuery, Page},
        params::{choices, filter, ordering},
    },
    store::{Sql, listing::Window, sql},
    time::Timestamp,
};

use self::sql::listing;

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
    connect(permit, listing(permit, filter, order), window).await
}

pub async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<Upload> {
    match key {
        Key::Id(id) => permit
            .loaders()
            .one::<VisibleUpload>(id)
            .await?
            .ok_or(Error::NotFound),
        Key::Uuid(uuid) => {
            let named = Upload::select().then(" u where uuid = ?").bind(uuid);
            named.and(visible(permit)).one(permit.db()).await
        }
    }
}

load!(/// An upload, where it is the caller's or the caller can listen to it.
    VisibleUpload: Upload = for_caller visible_by_ids);

async fn visible_by_ids(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Upload>> {
    let found = Upload::select()
        .then(" u where id in ?*")
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
