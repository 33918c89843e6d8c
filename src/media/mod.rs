//! Audio and pictures: storing, sending, and converting them.
mod chunks;
pub mod directory;
pub mod incoming;
pub mod picture;
pub mod probe;
pub mod public;
pub mod serve;
pub mod staging;
pub mod storage;
pub mod transcode;

use std::time::Duration;

use moka::{
    ops::compute::{CompResult, Op},
    sync::Cache,
};

use self::{incoming::Incoming, picture::Pictures, storage::Storage, transcode::Transcoder};
use crate::{config::Config, throttle::Ident, time::Timestamp};

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
    pub fn new(config: &Config) -> Self {
        let storage = Storage::new(config);
        Self {
            transcoder: Transcoder::new(config, &storage),
            pictures: Pictures::new(storage.clone()),
            incoming: Incoming::default(),
            listeners: Cache::builder()
                .max_capacity(100_000)
                .time_to_live(Duration::from_secs(24 * 3600))
                .build(),
            storage,
        }
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
