//! What the pod stores, and how much room is left, for administrators.
use async_graphql::SimpleObject;
use poem_openapi::Object;
use serde::Serialize;
use sqlx::FromRow;
use tokio::task::spawn_blocking;

use crate::{
    disk,
    error::{Error, Result},
    graphql::{scalars::BigInt, standard::fields},
    guard::{Allowed, operations},
    rest::{answer::Answer, standard::routes},
    store::{Dialect, sql},
};

operations! {
    "storage", "What the pod stores.";
    /// Tells what the pod stores and how much room is left.
    ///
    /// All sizes are in bytes. Files that were scanned where they lie belong to others, and are counted apart.
    show: Show = read InstanceSettings, anonymous = Never, throttle = Wildcard, graphql = "storage", reads = many;
}

/// What the pod stores, in bytes.
#[derive(Debug, FromRow, Serialize, Object, SimpleObject)]
pub struct Storage {
    /// Number of audio files in the pod's own storage.
    pub stored_files: i64,
    /// Their size.
    pub stored_bytes: BigInt,
    /// Number of audio files in folders of the server, which the pod reads and does not own.
    pub scanned_files: i64,
    /// Their size.
    pub scanned_bytes: BigInt,
    /// Size of the pictures.
    pub picture_bytes: BigInt,
    /// Size of the database.
    pub database_bytes: BigInt,
    /// Room left on the disk with the pod's data; null where the system does not tell.
    #[sqlx(skip)]
    pub free_bytes: Option<BigInt>,
    /// Size of that disk; null where the system does not tell.
    #[sqlx(skip)]
    pub disk_bytes: Option<BigInt>,
    /// Room left on the disk with the media folder; null where the system does not tell, or in a bucket.
    #[sqlx(skip)]
    pub media_free_bytes: Option<BigInt>,
    /// Size of that disk; null where the system does not tell, or in a bucket.
    #[sqlx(skip)]
    pub media_disk_bytes: Option<BigInt>,
    /// Name of the bucket that holds the media; null where a folder does.
    #[sqlx(skip)]
    pub bucket: Option<String>,
}

pub async fn show(permit: &Allowed<Show>) -> Result<Storage> {
    let database = match permit.db().dialect() {
        Dialect::Sqlite => {
            "select page_count * page_size from pragma_page_count(), pragma_page_size()"
        }
        Dialect::Postgres => "select pg_database_size(current_database())",
    };
    let counted = sql("with stored as (
           select count(*) as files, cast(coalesce(sum(size), 0) as bigint) as bytes from uploads where audio_file <> ''),
         scanned as (
           select count(*) as files, cast(coalesce(sum(size), 0) as bigint) as bytes from uploads
           where audio_file = '' and source like 'file://%')
         select stored.files as stored_files, stored.bytes as stored_bytes,
           scanned.files as scanned_files, scanned.bytes as scanned_bytes,
           (select cast(coalesce(sum(size), 0) as bigint) from attachments where file <> '') as picture_bytes, (");
    let counted = counted
        .then(database)
        .then(") as database_bytes from stored cross join scanned");
    let mut storage: Storage = counted.one(permit.db()).await?;
    let config = permit.config();
    storage.bucket = config.s3.bucket().map(str::to_owned);
    let folders = [config.data.clone(), config.media_root()];
    let disks = spawn_blocking(move || folders.map(|folder| disk::of(&folder)));
    let [data, media] = disks.await.map_err(Error::internal)?;
    let bytes = |bytes: u64| BigInt(i64::try_from(bytes).unwrap_or(i64::MAX));
    storage.free_bytes = data.map(|disk| bytes(disk.free));
    storage.disk_bytes = data.map(|disk| bytes(disk.size));
    let media = media.filter(|_| storage.bucket.is_none());
    storage.media_free_bytes = media.map(|disk| bytes(disk.free));
    storage.media_disk_bytes = media.map(|disk| bytes(disk.size));
    Ok(storage)
}

fields! {
    Queries as "StorageQueries";
    call storage -> Storage = show;
}

routes! {
    "/api/v1/manage/storage";
    show: Show = get "/" -> Answer<Storage>;
}
