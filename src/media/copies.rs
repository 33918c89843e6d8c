//! Copies of a bucket's files on this machine, for what needs whole files: reading tags, converting, making crops.
use std::{
    fs::{self, File, FileTimes},
    io,
    path::{Path, PathBuf},
    pin::pin,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::{task::spawn_blocking, time::timeout};

use super::{
    bucket::Bucket,
    spare::{self, Bounds},
};
use crate::time::Clock;

/// The folder of copies, in the media folder.
const FOLDER: &str = "copies";
const MINUTE: Duration = Duration::from_secs(60);

/// The copies, of which the least recently used ones are removed.
pub struct Copies {
    pub bucket: Bucket,
    root: PathBuf,
    /// Bytes that they may take.
    keep: u64,
    /// Bytes that came in since they were looked through.
    added: AtomicU64,
    clock: Clock,
}

impl Copies {
    pub fn new(bucket: Bucket, media: &Path, keep: u64, clock: Clock) -> Self {
        Self {
            bucket,
            root: media.join(FOLDER),
            keep,
            added: AtomicU64::new(0),
            clock,
        }
    }

    /// Where the copy of a file is, once there is one.
    pub fn path(&self, place: &str) -> PathBuf {
        self.root.join(place)
    }

    /// The copy of a file, which is fetched if it is not here.
    ///
    /// # Errors
    /// `NotFound` if the bucket has no such file.
    pub async fn of(&self, place: &str) -> io::Result<PathBuf> {
        let path = self.path(place);
        let (here, now) = (path.clone(), self.clock.now().0.into());
        let is_here = move || {
            let is_here = here.is_file();
            if is_here {
                spare::touch(&here, now);
            }
            is_here
        };
        if spawn_blocking(is_here).await.map_err(io::Error::other)? {
            return Ok(path);
        }
        let folder = path.parent().unwrap_or(&self.root);
        tokio::fs::create_dir_all(folder).await?;
        let unfinished = Unfinished::within(folder);
        self.bucket.fetch(place, &unfinished.0).await?;
        tokio::fs::rename(&unfinished.0, &path).await?;
        self.added(&path).await;
        Ok(path)
    }

    /// Stores a file that is coming in. While that lasts, the file is young: it is no leftover of a crash.
    pub async fn put(&self, place: &str, file: &Path) -> io::Result<()> {
        let mut putting = pin!(self.bucket.put(place, file));
        loop {
            let put = timeout(MINUTE, &mut putting).await;
            let times = FileTimes::new().set_modified(self.clock.now().0.into());
            File::options().append(true).open(file)?.set_times(times)?;
            if let Ok(put) = put {
                return put;
            }
        }
    }

    /// Counts a file that came in, and makes space for it now and then.
    pub async fn added(&self, path: &Path) {
        let size = tokio::fs::metadata(path).await.map_or(0, |file| file.len());
        let before = self.added.fetch_add(size, Ordering::Relaxed);
        if before + size > self.keep / 8 {
            self.tidy().await;
        }
    }

    /// Removes the least recently used copies beyond the limit.
    pub async fn tidy(&self) {
        self.added.store(0, Ordering::Relaxed);
        let (root, now) = (self.root.clone(), self.clock.now().0.into());
        let bounds = Bounds {
            bytes: self.keep,
            unused: Duration::MAX,
        };
        let tidied = spawn_blocking(move || spare::tidy(&root, bounds, now));
        let tidied = tidied.await.map_err(io::Error::other).flatten();
        if let Err(error) = tidied {
            tracing::warn!(%error, "cannot remove copies of files");
        }
    }
}

/// A file that is being written; removed when dropped, unless it was renamed.
struct Unfinished(PathBuf);

impl Unfinished {
    fn within(folder: &Path) -> Self {
        Self(folder.join(format!(".{}", crate::random::uuid().simple())))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // It is not there if it was renamed.
        _ = fs::remove_file(&self.0);
    }
}
