//! Converting audio while it is listened to, by the ffmpeg of this machine. What was converted is
//! kept; nobody is ever given half of it as the whole.
mod cache;
mod format;
mod job;

use std::{
    collections::HashMap,
    fs::File,
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::stream::try_unfold;
use poem::Body;
use tokio::{
    sync::{Semaphore, watch},
    task::spawn_blocking,
    time::timeout,
};
use uuid::Uuid;

use self::{
    cache::Bounds,
    job::{Progress, Task},
};
pub use self::{
    format::{Format, Target, Wish},
    job::Failure,
};
use super::storage::Storage;
use crate::{
    config::Config,
    error::{Error, Result},
    time::Timestamp,
};

/// Converts, a few at a time. Cheap to clone.
#[derive(Clone)]
pub struct Transcoder(Arc<Parts>);

struct Parts {
    ffmpeg: PathBuf,
    storage: Storage,
    /// Bytes of conversions that are kept.
    keep: u64,
    places: Semaphore,
    running: Mutex<HashMap<Key, Running>>,
}

type Key = (Uuid, Target);

/// A conversion that others may join.
struct Running {
    progress: watch::Sender<Progress>,
    unfinished: PathBuf,
}

/// How long a listener waits for a place.
const PATIENCE: Duration = Duration::from_secs(20);

/// A converted file, or one that is coming to be.
pub enum Converted {
    /// A path within the media folder.
    Kept(String),
    Growing(Growing),
}

/// What a listener holds of a running conversion; it ends when nobody holds it.
pub struct Growing {
    progress: watch::Receiver<Progress>,
    unfinished: PathBuf,
    finished: String,
}

/// The audio that is to be converted.
pub struct Source {
    pub upload: Uuid,
    pub path: PathBuf,
}

impl Transcoder {
    pub fn new(config: &Config, storage: &Storage) -> Self {
        Self(Arc::new(Parts {
            ffmpeg: config.ffmpeg.clone(),
            storage: storage.clone(),
            keep: config.transcoding_cache << 20,
            places: Semaphore::new(config.transcoding_jobs),
            running: Mutex::default(),
        }))
    }

    /// A conversion that is kept, by its path within the media folder.
    pub async fn kept(&self, upload: Uuid, target: Target, now: Timestamp) -> Option<String> {
        let folder = cache::folder(upload);
        let path = self.0.storage.within_media(&folder)?;
        let found = spawn_blocking(move || {
            let name = cache::find(&path, target)?;
            cache::touch(&path.join(&name), now.0.into());
            Some(name)
        });
        Some(format!("{folder}/{}", found.await.ok()??))
    }

    /// The conversion, or its beginning.
    pub async fn convert(&self, source: Source, target: Target, now: Timestamp) -> Converted {
        match self.kept(source.upload, target, now).await {
            Some(kept) => Converted::Kept(kept),
            None => Converted::Growing(self.join(source, target, now)),
        }
    }

    /// Joins a running conversion, or starts it.
    fn join(&self, source: Source, target: Target, now: Timestamp) -> Growing {
        let key = (source.upload, target);
        let folder = cache::folder(source.upload);
        let finished = format!("{folder}/{}", cache::file_name(target));
        let mut running = self.running();
        // One that nobody listens to any more is about to end: it is not joined.
        if let Some(known) = running
            .get(&key)
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
            source: source.path,
            target,
            unfinished: path.join(format!(".{}", crate::random::uuid().simple())),
            finished: path.join(cache::file_name(target)),
        };
        let (progress, listener) = watch::channel(Progress::Growing(0));
        let unfinished = task.unfinished.clone();
        running.insert(
            key,
            Running {
                progress: progress.clone(),
                unfinished: unfinished.clone(),
            },
        );
        tokio::spawn(self.clone().work(key, task, progress, now));
        Growing {
            progress: listener,
            unfinished,
            finished,
        }
    }

    async fn work(self, key: Key, task: Task, progress: watch::Sender<Progress>, now: Timestamp) {
        let place = tokio::select! {
            place = timeout(PATIENCE, self.0.places.acquire()) => place,
            () = progress.closed() => return self.forget(&key, &task),
        };
        match place {
            Ok(Ok(_place)) => {
                if job::convert(&task, &progress).await == Progress::Finished {
                    self.tidy(None, now).await;
                }
            }
            _ => {
                progress.send_replace(Progress::Failed(Failure::Busy));
            }
        }
        self.forget(&key, &task);
    }

    /// The next listener starts anew, or finds it kept.
    fn forget(&self, key: &Key, task: &Task) {
        let mut running = self.running();
        if running
            .get(key)
            .is_some_and(|known| known.unfinished == task.unfinished)
        {
            running.remove(key);
        }
    }

    /// Removes what is too much, and what was not used for so many minutes.
    pub async fn tidy(&self, unused_minutes: Option<u64>, now: Timestamp) {
        let root = self.0.storage.media().join(cache::FOLDER);
        let bounds = Bounds {
            bytes: self.0.keep,
            unused: unused_minutes.map_or(Duration::MAX, |minutes| {
                Duration::from_secs(minutes.saturating_mul(60))
            }),
        };
        let tidied = spawn_blocking(move || cache::tidy(&root, bounds, now.0.into())).await;
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
        // A panic elsewhere cannot leave the map half-written.
        self.0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Growing {
    /// Waits for the whole of it, for so long; `None` when there is only a part by then.
    pub async fn whole(&mut self, patience: Duration) -> Result<Option<String>> {
        let end = |progress: &Progress| !matches!(progress, Progress::Growing(_));
        match timeout(patience, self.progress.wait_for(end)).await {
            Err(_) => Ok(None),
            Ok(Err(_)) => Err(refusal(Failure::Broken)),
            Ok(Ok(end)) => match &*end {
                Progress::Failed(why) => Err(refusal(*why)),
                _ => Ok(Some(self.finished.clone())),
            },
        }
    }

    /// Waits for the first bytes, so that a failure can still be told.
    pub async fn begun(&mut self) -> Result<()> {
        let begun = |progress: &Progress| *progress != Progress::Growing(0);
        match self.progress.wait_for(begun).await.as_deref() {
            Ok(Progress::Failed(why)) => Err(refusal(*why)),
            Ok(_) => Ok(()),
            Err(_) => Err(refusal(Failure::Broken)),
        }
    }

    /// What is there, and what comes, as it comes.
    pub fn body(self, storage: &Storage) -> Body {
        let finished = storage.media().join(&self.finished);
        let reading = Reading {
            file: None,
            sent: 0,
            growing: self,
            finished,
        };
        Body::from_bytes_stream(try_unfold(reading, Reading::next))
    }
}

/// A listener's place in a growing file.
struct Reading {
    file: Option<File>,
    sent: u64,
    growing: Growing,
    finished: PathBuf,
}

impl Reading {
    async fn next(mut self) -> io::Result<Option<(Vec<u8>, Self)>> {
        let sent = self.sent;
        let more =
            |progress: &Progress| !matches!(progress, Progress::Growing(there) if *there <= sent);
        let progress = match self.growing.progress.wait_for(more).await {
            Ok(progress) => progress.clone(),
            Err(_) => return Err(ErrorKind::ConnectionAborted.into()),
        };
        if let Progress::Failed(_) = progress {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        let (unfinished, finished) = (self.growing.unfinished.clone(), self.finished.clone());
        let file = self.file.take();
        let read = spawn_blocking(move || read_on(file, &unfinished, &finished));
        let (file, bytes) = read.await??;
        if bytes.is_empty() {
            return match progress {
                Progress::Finished => Ok(None),
                _ => Err(ErrorKind::UnexpectedEof.into()),
            };
        }
        self.sent += bytes.len() as u64;
        self.file = Some(file);
        Ok(Some((bytes, self)))
    }
}

fn read_on(file: Option<File>, unfinished: &Path, finished: &Path) -> io::Result<(File, Vec<u8>)> {
    let mut file = match file {
        Some(file) => file,
        // It is renamed once: what is not there under one name is under the other.
        None => File::open(unfinished).or_else(|_| File::open(finished))?,
    };
    let mut bytes = Vec::with_capacity(64 << 10);
    (&mut file).take(64 << 10).read_to_end(&mut bytes)?;
    Ok((file, bytes))
}

fn refusal(why: Failure) -> Error {
    match why {
        Failure::NoConverter => Error::NotImplemented(
            "This server cannot convert audio, as it has no ffmpeg. Without `to` and \
             `max_bitrate` the original is played."
                .to_owned(),
        ),
        Failure::Busy => Error::Unavailable(
            "Too many conversions are running. Try again soon, or listen without `to` and \
             `max_bitrate`."
                .to_owned(),
        ),
        Failure::Broken => Error::Unprocessable(
            "This audio cannot be converted. Without `to` and `max_bitrate` the original is played."
                .to_owned(),
        ),
    }
}
