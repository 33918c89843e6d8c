//! Converting audio with ffmpeg while it is being sent. Finished conversions are cached; a partial
//! one is never taken for a complete one.
mod cache;
mod format;
mod growing;
mod job;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{AcquireError, Semaphore, watch},
    task::spawn_blocking,
    time::timeout,
};
use uuid::Uuid;

pub use self::{
    format::{Format, Target, Wish},
    job::{FORMATS, local},
};
use self::{
    growing::Growing,
    job::{Failure, Progress, Task},
};
use super::{
    eviction::{self, Bounds},
    storage::{Audio, Storage},
};
use crate::{config::Config, shares::Shares, throttle::Ident, time::Timestamp};

/// Runs and caches conversions, a limited number at a time. Cheap to clone.
#[derive(Clone)]
pub struct Transcoder(Arc<Parts>);

struct Parts {
    ffmpeg: PathBuf,
    storage: Storage,
    /// Maximum size of the cache in bytes.
    keep: u64,
    places: Semaphore,
    /// How many of them one caller may have; the others are for others.
    shares: Shares,
    running: Mutex<HashMap<Key, Running>>,
}

/// The path of a finished conversion in the media folder.
type Key = String;

/// A conversion that others may join.
struct Running {
    progress: watch::Sender<Progress>,
    unfinished: PathBuf,
}

/// A conversion that waits for its places.
struct Work {
    key: Key,
    audio: Audio,
    task: Task,
    progress: watch::Sender<Progress>,
    /// The places of whoever asked first.
    share: Arc<Semaphore>,
}

/// How long a conversion waits for a slot.
const PATIENCE: Duration = Duration::from_secs(20);

/// Bytes that a conversion may have at least, however small the cache: hours of what is compressed.
const SMALLEST: u64 = 64 << 20;

/// Younger conversions may be about to be sent.
const FRESH: Duration = Duration::from_secs(30);

/// A converted file, or one that is being converted.
pub enum Converted {
    /// A path in the media folder.
    Kept(String),
    Growing(Growing),
}

/// The audio to convert.
pub struct Source {
    upload: Uuid,
    audio: Audio,
    version: String,
}

/// The version of files in a bucket: they never change.
const STORED: &str = "stored";

impl Source {
    /// `None` if the file does not exist. Files of a bucket are looked for when they are converted.
    pub async fn of(upload: Uuid, audio: Audio, storage: &Storage) -> Option<Self> {
        let path = storage.path(&audio)?;
        let version = match (&audio, storage.bucket()) {
            (Audio::Uploaded(_), Some(_)) => STORED.to_owned(),
            _ => spawn_blocking(move || cache::version(&path)).await.ok()??,
        };
        Some(Self {
            upload,
            audio,
            version,
        })
    }
}

impl Transcoder {
    pub fn new(config: &Config, storage: &Storage) -> Self {
        Self(Arc::new(Parts {
            ffmpeg: config.ffmpeg.clone(),
            storage: storage.clone(),
            keep: config.transcoding_cache << 20,
            places: Semaphore::new(config.transcoding_jobs),
            shares: Shares::of_size(config.transcoding_jobs.div_ceil(2)),
            running: Mutex::default(),
        }))
    }

    /// A cached conversion, by its path in the media folder.
    pub async fn kept(&self, source: &Source, target: Target, now: Timestamp) -> Option<String> {
        let folder = cache::folder(source.upload);
        let path = self.0.storage.within_media(&folder)?;
        let version = source.version.clone();
        let found = spawn_blocking(move || {
            let name = cache::find(&path, target, &version)?;
            eviction::touch(&path.join(&name), now.0.into());
            Some(name)
        });
        Some(format!("{folder}/{}", found.await.ok()??))
    }

    /// The cached conversion, or a running one.
    pub async fn convert(
        &self,
        source: Source,
        target: Target,
        now: Timestamp,
        who: Ident,
    ) -> Converted {
        match self.kept(&source, target, now).await {
            Some(kept) => Converted::Kept(kept),
            None => Converted::Growing(self.join(source, target, now, who)),
        }
    }

    /// Joins a running conversion, or starts it.
    fn join(&self, source: Source, target: Target, now: Timestamp, who: Ident) -> Growing {
        let folder = cache::folder(source.upload);
        let name = cache::file_name(target, &source.version);
        let finished = format!("{folder}/{name}");
        let mut running = self.running();
        // A conversion without listeners is about to end, so it is not joined.
        if let Some(known) = running
            .get(&finished)
            .filter(|known| known.progress.receiver_count() > 0)
        {
            return Growing {
                progress: known.progress.subscribe(),
                unfinished: known.unfinished.clone(),
                finished,
            };
        }
        let path = self.0.storage.media().join(&folder);
        let task = Task {
            ffmpeg: self.0.ffmpeg.clone(),
            source: self.0.storage.path(&source.audio).unwrap_or_default(),
            target,
            unfinished: path.join(format!(".{}", crate::random::uuid().simple())),
            finished: path.join(name),
            most: (self.0.keep / 4).max(SMALLEST),
        };
        let (progress, listener) = watch::channel(Progress::Growing(0));
        let unfinished = task.unfinished.clone();
        let entry = Running {
            progress: progress.clone(),
            unfinished: unfinished.clone(),
        };
        running.insert(finished.clone(), entry);
        let work = Work {
            key: finished.clone(),
            audio: source.audio,
            task,
            progress,
            share: self.0.shares.of(who),
        };
        tokio::spawn(self.clone().work(work, now));
        Growing {
            progress: listener,
            unfinished,
            finished,
        }
    }

    async fn work(self, work: Work, now: Timestamp) {
        let Work {
            key,
            audio,
            task,
            progress,
            share,
        } = work;
        let places = async {
            let own = share.acquire().await?;
            Ok::<_, AcquireError>((own, self.0.places.acquire().await?))
        };
        let place = tokio::select! {
            place = timeout(PATIENCE, places) => place,
            () = progress.closed() => return self.forget(&key, &task),
        };
        match place {
            Ok(Ok(_place)) => {
                let fetched = async { self.0.storage.fetched_audio(&audio).await };
                if job::convert(&task, fetched, &progress).await == Progress::Finished {
                    self.tidy(None, now).await;
                }
            }
            _ => {
                progress.send_replace(Progress::Failed(Failure::Busy));
            }
        }
        self.forget(&key, &task);
    }

    /// Removes a conversion that has ended: the next listener finds it cached or starts anew.
    fn forget(&self, key: &Key, task: &Task) {
        let mut running = self.running();
        if running
            .get(key)
            .is_some_and(|known| known.unfinished == task.unfinished)
        {
            running.remove(key);
        }
    }

    /// Removes conversions beyond the size limit, and those unused for this many minutes.
    pub async fn tidy(&self, unused_minutes: Option<u64>, now: Timestamp) {
        let root = self.0.storage.media().join(cache::FOLDER);
        let bounds = Bounds {
            bytes: self.0.keep,
            unused: unused_minutes.map_or(Duration::MAX, |minutes| {
                Duration::from_secs(minutes.saturating_mul(60))
            }),
            fresh: (FRESH, self.0.keep.saturating_mul(2)),
        };
        let tidied = spawn_blocking(move || eviction::tidy(&root, bounds, now.0.into())).await;
        match tidied {
            Ok(Ok(removed)) if removed > 0 => {
                tracing::info!(removed, "conversions that nobody used were removed");
            }
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "cannot tidy the conversions"),
            Err(error) => tracing::warn!(%error, "cannot tidy the conversions"),
        }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<Key, Running>> {
        // A panic elsewhere cannot leave the map inconsistent.
        self.0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
