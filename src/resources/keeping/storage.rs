//! What the pod stores, and how much room is left, for administrators.
use async_graphql::SimpleObject;
use poem_openapi::Object;
use serde::Serialize;
use tokio::task::spawn_blocking;

use crate::{
    disk,
    error::{Error, Result},
    graphql::{scalars::BigInt, standard::fields},
    guard::{Allowed, operations},
    rest::{answer::Answer, standard::routes},
};

operations! {
    "storage", "What the pod stores.";
    /// Tells what the pod stores and how much room is left.
    ///
    /// All sizes are in bytes; what is counted is a minute old at most. Files that were scanned where they lie belong to others, and are counted apart.
    show: Show = read InstanceSettings, anonymous = Never, throttle = Wildcard, graphql = "storage", reads = many;
}

/// What the pod stores, in bytes.
#[derive(Debug, Serialize, Object, SimpleObject)]
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
    pub free_bytes: Option<BigInt>,
    /// Size of that disk; null where the system does not tell.
    pub disk_bytes: Option<BigInt>,
    /// Room left on the disk with the media folder; null where the system does not tell, or in a bucket.
    pub media_free_bytes: Option<BigInt>,
    /// Size of that disk; null where the system does not tell, or in a bucket.
    pub media_disk_bytes: Option<BigInt>,
    /// Name of the bucket that holds the media; null where a folder does.
    pub bucket: Option<String>,
}

pub async fn show(permit: &Allowed<Show>) -> Result<Storage> {
    let stored = permit.stored().await?;
    let config = permit.config();
    let bucket = config.s3.bucket().map(str::to_owned);
    let folders = [config.data.clone(), config.media_root()];
    let disks = spawn_blocking(move || folders.map(|folder| disk::of(&folder)));
    let [data, media] = disks.await.map_err(Error::internal)?;
    let media = media.filter(|_| bucket.is_none());
    let bytes = |bytes: u64| BigInt(i64::try_from(bytes).unwrap_or(i64::MAX));
    Ok(Storage {
        stored_files: stored.stored_files,
        stored_bytes: BigInt(stored.stored_bytes),
        scanned_files: stored.scanned_files,
        scanned_bytes: BigInt(stored.scanned_bytes),
        picture_bytes: BigInt(stored.picture_bytes),
        database_bytes: BigInt(stored.database_bytes),
        free_bytes: data.map(|disk| bytes(disk.free)),
        disk_bytes: data.map(|disk| bytes(disk.size)),
        media_free_bytes: media.map(|disk| bytes(disk.free)),
        media_disk_bytes: media.map(|disk| bytes(disk.size)),
        bucket,
    })
}

fields! {
    Queries as "StorageQueries";
    call storage -> Storage = show;
}

routes! {
    "/api/v1/manage/storage";
    show: Show = get "/" -> Answer<Storage>;
}
