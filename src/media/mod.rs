//! Audio and pictures: storing, sending, and converting them.
pub mod bucket;
mod chunks;
mod copies;
pub mod directory;
mod eviction;
pub mod incoming;
pub mod picture;
pub mod probe;
pub mod public;
pub mod serve;
pub mod staging;
pub mod storage;
pub mod transcode;

use std::{fs, io, path::Path, time::Duration};

use moka::{
    ops::compute::{CompResult, Op},
    sync::Cache,
};

use self::{incoming::Incoming, picture::Pictures, storage::Storage, transcode::Transcoder};
use crate::{
    config::Config,
    error::Startup,
    throttle::Ident,
    time::{Clock, Timestamp},
};

/// Everything that handles files; built once per server.
pub struct Media {
    pub storage: Storage,
    pub transcoder: Transcoder,
    pub pictures: Pictures,
    pub incoming: Incoming,
    listeners: Cache<(Ident, i64), Timestamp>,
}

/// Seconds within which a listener counts once, unless the track is longer (contract section 7).
const HEARD: i64 = 6 * 3600;

impl Media {
    pub fn new(config: &Config, clock: &Clock) -> Result<Self, Startup> {
        let storage = Storage::new(config, clock)?;
        Ok(Self {
            transcoder: Transcoder::new(config, &storage),
            pictures: Pictures::new(storage.clone()),
            incoming: Incoming::default(),
            listeners: Cache::builder()
                .max_capacity(100_000)
                .time_to_live(Duration::from_secs(24 * 3600))
                .build(),
            storage,
        })
    }

    /// Whether this listener has not been counted for this upload recently; counts them now.
    pub fn is_new_listener(&self, who: Ident, upload: i64, seconds: i64, now: Timestamp) -> bool {
        let until = now.plus_seconds(seconds.max(HEARD));
        let entry = self.listeners.entry((who, upload));
        let counted = entry.and_compute_with(|held| match held {
            Some(held) if now < *held.value() => Op::Nop,
            _ => Op::Put(until),
        });
        matches!(
            counted,
            CompResult::Inserted(_) | CompResult::ReplacedWith(_)
        )
    }
}

/// Writes a file, whole or not at all.
fn keep(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let unfinished = folder.join(format!(".{}", crate::random::uuid().simple()));
    fs::write(&unfinished, bytes)?;
    fs::rename(&unfinished, path).inspect_err(|_| {
        // Ignored, because the original failure is reported.
        let _ = fs::remove_file(&unfinished);
    })
}

/// Removes a file. It is not an error if it is not there.
async fn remove_file(path: &Path) -> io::Result<()> {
    match tokio::fs::remove_file(path).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
