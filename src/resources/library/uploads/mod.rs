//! Uploads: the audio files of tracks.
mod actions;
mod address;
mod body;
mod file_metadata;
mod form;
pub mod graphql;
mod metadata;
mod nested;
mod receive;
mod release;
mod smart;
mod sql;
mod sweep;
mod write;

use std::collections::HashMap;

use async_graphql::SimpleObject;
use sqlx::FromRow;
use uuid::Uuid;

pub use self::{
    address::{AudioFormat, address},
    body::{CHANNEL, Rest, UploadBody, UploadRef, file_name, listen_url},
    metadata::UploadMetadata,
    nested::{UploadsOfActor, UploadsOfLibrary},
    release::{CATALOGUE, heirs, release, submit},
    sql::{audible_uploads, audible_uploads_of, duration_of, durations},
    sweep::tidy,
    write::uploaded_name,
};
use super::visibility::audible;
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::{
        ids::Key,
        input::Defaulted,
        reference::{ById, ByUuid, identified},
        scalars::BigInt,
    },
    guard::{Allowed, Upon, operations},
    live::Row,
    load::{Entity, load},
    resources::{
        catalogue::{artists::Artist, tracks::Track},
        library::libraries::Library,
        publishing::channels::Channel,
    },
    rest::{
        page::ListQuery,
        params::{choices, filter, ordering},
    },
    store::{Change, Sql, sql},
    time::Timestamp,
};

operations! {
    "uploads", "Audio files of tracks.";
    /// Lists your own uploads.
    ///
    /// Uploads in channels are left out by default. Sorted newest first by default. Invalid filter
    /// values are answered with 400.
    list: List = read Libraries, anonymous = Never, throttle = List, graphql = "uploads",
        live = "uploadImported", upon = Upon::EachRow(&[Change::UploadImport]), params = Query;
    /// Returns an upload.
    ///
    /// Visible are your own uploads, and uploads that you can play. Other uploads, and unknown IDs,
    /// are answered with 404.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "upload";
    /// Uploads an audio file.
    ///
    /// The form field `audio_file` contains the file, and `library` or `channel` says where it goes; send
    /// them before the file, so that it is not sent in vain. The file is imported in the background: follow
    /// `import_status`, and read `import_details` if it is `errored`. Tags say what the track is; where
    /// they are missing, the name of the file does. Audio that your libraries have already is kept as
    /// `skipped`. A file that is larger than what is left of your quota is answered with 400, as are
    /// libraries and channels that are not yours.
    create: Create = write Libraries, anonymous = Never, throttle = Create, graphql = "Mutation.createUpload", takes = file;
    /// Changes one of your drafts.
    ///
    /// `import_status` `pending` submits it for import. The audio file cannot be replaced. Uploads that
    /// are no drafts any more, or not yours, are answered with 404.
    update: Update = write Libraries, anonymous = Never, throttle = Update, graphql = "Mutation.updateUpload";
    /// Deletes one of your uploads, with its file.
    ///
    /// Files that are played in place are not deleted. A duplicate that was skipped because of the upload
    /// takes its place. Uploads of others, and unknown IDs, are answered with 404.
    delete: Delete = write Libraries, anonymous = Never, throttle = Destroy, graphql = "Mutation.deleteUpload";
    /// Deletes, submits or imports several of your uploads again.
    ///
    /// `action` is `delete`, `relaunch_import` (those that are pending, failed or skipped) or `publish` (drafts; not for
    /// `"all"`). At most 5,000 uploads at once. If none matches, the answer is 400.
    act: Act = write Libraries, anonymous = Never, throttle = Wildcard, graphql = "Mutation.applyUploadAction";
    /// Returns what the tags of one of your uploads say.
    ///
    /// Uploads of others, and unknown IDs, are answered with 404; a file that cannot be read with 400.
    file_metadata: FileMetadata = read Libraries, anonymous = Never, throttle = Wildcard, graphql = "Upload.fileMetadata";
}

pub type Query = ListQuery<UploadFilter, UploadOrder>;

choices! {
    /// Import status of an upload.
    pub enum ImportStatus {
        /// Not submitted for import yet.
        Draft = "draft",
        /// Waiting for import.
        Pending = "pending",
        /// Imported.
        Finished = "finished",
        /// The import failed.
        Errored = "errored",
        /// Skipped as a duplicate of another upload.
        Skipped = "skipped",
    }
}

/// An upload: an audio file of a track.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Upload {
    /// Numeric ID, unique among uploads.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// UUID of the upload.
    pub uuid: Uuid,
    /// ActivityPub ID (URI) of the upload.
    pub fid: Option<String>,
    #[graphql(skip)]
    pub track_id: Option<i64>,
    #[graphql(skip)]
    pub library_id: i64,
    #[graphql(skip)]
    pub audio_file: String,
    #[graphql(skip)]
    pub source: Option<String>,
    /// Media type, such as `audio/mpeg`.
    pub mimetype: Option<String>,
    #[graphql(skip)]
    pub size: Option<i64>,
    /// Duration in seconds.
    pub duration: Option<i64>,
    /// Bitrate in bits per second.
    pub bitrate: Option<i64>,
    /// Time of the upload.
    pub creation_date: Timestamp,
    /// Time at which the import ended; null until then.
    pub import_date: Option<Timestamp>,
    /// Import status.
    pub import_status: ImportStatus,
    /// Name that the uploader gave to the import.
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
    /// Filter for a list of uploads. An upload must match all conditions.
    pub struct UploadFilter {
        /// Uploads on albums credited to this artist.
        album_artist: Option<ById<Artist>>,
        /// Uploads of at least this many bits per second.
        bitrate_from: Option<i64> = "bitrate__gte",
        /// Uploads of at most this many bits per second.
        bitrate_to: Option<i64> = "bitrate__lte",
        /// Uploads in this channel.
        channel: Option<ByUuid<Channel>>,
        /// Uploads of at least this many seconds.
        duration_from: Option<i64> = "duration__gte",
        /// Uploads of at most this many seconds.
        duration_to: Option<i64> = "duration__lte",
        /// Name that the uploader gave to the import (exact, case-sensitive).
        import_reference: Option<String>,
        /// Import status: any of these.
        import_status: Defaulted<Vec<ImportStatus>>,
        /// `true`: include uploads in channels, which are left out by default.
        include_channels: Option<bool>,
        /// Uploads in this library.
        library: Option<ByUuid<Library>>,
        /// Media type, such as `audio/mpeg` (exact, case-sensitive).
        mimetype: Option<String>,
        /// `true`: only imported uploads, which you can play. `false`: only the others.
        playable: Option<bool>,
        /// Words, which must all match, each as a part of the title, album, artist or source (not
        /// case-sensitive). `artist:`, `album:`, `track:` and `status:` before a word restrict it;
        /// double quotes keep words together.
        q: Option<String>,
        /// Uploads in these libraries: `me` (your own), `subscribed` (those you follow), `all`,
        /// `actor:name@domain` or `domain:name`. Several are separated by commas; any of them may
        /// match.
        scope: Option<String>,
        /// Uploads of at least this many bytes.
        size_from: Option<BigInt> = "size__gte",
        /// Uploads of at most this many bytes.
        size_to: Option<BigInt> = "size__lte",
        /// Uploads of this track.
        track: Option<ByUuid<Track>>,
        /// Uploads of tracks credited to this artist.
        track_artist: Option<ById<Artist>>,
    } shares include_channels
}

ordering! {
    /// Sort options for uploads.
    pub struct UploadOrder by UploadOrderField {
        /// Time of the upload.
        CreationDate = "creation_date",
        /// Time at which the import ended. Uploads without one come last, or first if descending.
        ImportDate = "import_date",
        /// Size in bytes. Uploads without one come last, or first if descending.
        Size = "size",
        /// Bitrate in bits per second. Uploads without one come last, or first if descending.
        Bitrate = "bitrate",
        /// Duration in seconds. Uploads without one come last, or first if descending.
        Duration = "duration",
    }
    others ignored
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

impl Upload {
    /// The caller's own upload with this UUID.
    async fn of_owner(reader: &Reader, uuid: Uuid) -> Result<Self> {
        Self::own(reader, sql("u.uuid = ?").bind(uuid)).await
    }

    async fn own(reader: &Reader, condition: Sql) -> Result<Self> {
        Self::select()
            .then(" u where u.library_id in (select l.id from libraries l where l.actor_id = ?)")
            .bind(reader.actor_id().unwrap_or(-1))
            .and(condition)
            .one(reader.db())
            .await
    }
}

identified!(Upload in "uploads");

load!(/// An upload that belongs to the caller, or that the caller can play.
    VisibleUpload: Upload = for_caller visible_by_ids);

async fn visible_by_ids(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Upload>> {
    let found = Upload::select()
        .then(" u where id in ?*")
        .bind(ids)
        .and(visible(reader));
    let rows: Vec<Upload> = found.all(reader.db()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Condition on an upload `u`: the caller owns or can play it.
fn visible(reader: &Reader) -> Sql {
    sql("(u.library_id in (select l.id from libraries l where l.actor_id = ?) or (")
        .bind(reader.actor_id().unwrap_or(-1))
        .append(audible(reader))
        .then("))")
}

/// The upload whose import has ended, if it is the caller's.
async fn of_row(permit: &Allowed<List>, (_, id): Row) -> Result<Upload> {
    Upload::own(permit, sql("u.id = ?").bind(id)).await
}
