//! Copies of a bucket's files on this machine, for what needs whole files: reading tags, converting, making crops. What
//! another server removes from the bucket is gone here within two minutes.
use std::{
    fs::{self, File, FileTimes},
    io,
    path::{Path, PathBuf},
    pin::pin,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use moka::sync::Cache;
use sha2::{Digest, Sha256};
use tokio::{task::spawn_blocking, time::timeout};

use super::{
    bucket::Bucket,
    eviction::{self, Bounds},
};
use crate::{hex::hex, time::Clock};

/// The folder of copies, in the media folder.
const FOLDER: &str = "copies";
const MINUTE: Duration = Duration::from_secs(60);
/// Copies that were used lately may be about to be read.
const FRESH: Duration = Duration::from_secs(600);
/// How long a file counts as being in the bucket: another server may remove it.
const KNOWN: Duration = Duration::from_secs(120);
/// Characters of the ending of a file's name.
const ENDING: usize = 8;

/// The copies, of which the least recently used ones are removed.
pub struct Copies {
    pub bucket: Bucket,
    root: PathBuf,
    /// Bytes that they may take.
    keep: u64,
    /// Bytes that came in since they were looked through.
    added: AtomicU64,
    known: Cache<String, ()>,
    clock: Clock,
}

impl Copies {
    pub fn new(bucket: Bucket, media: &Path, keep: u64, clock: Clock) -> Self {
        Self {
            bucket,
            root: media.join(FOLDER),
            keep,
            added: AtomicU64::new(0),
            known: Cache::builder()
                .max_capacity(100_000)
                .time_to_live(KNOWN)
                .build(),
            clock,
        }
    }

    /// Where the copy of a file is, once there is one. All are in one folder: a name of a file cannot stand in the way of
    /// another.
    pub fn path(&self, place: &str) -> PathBuf {
        let name = hex(Sha256::digest(place));
        let ending = Path::new(place)
            .extension()
            .and_then(|ending| ending.to_str());
        match ending.filter(|ending| ending.len() <= ENDING) {
            Some(ending) => self.root.join(format!("{name}.{ending}")),
            None => self.root.join(name),
        }
    }

    /// The copy of a file, which is fetched if it is not here, and looked for in the bucket if it was not for a while.
    ///
    /// # Errors
    /// `NotFound` if the bucket has no such file.
    pub async fn of(&self, place: &str) -> io::Result<PathBuf> {
        let path = self.path(place);
        let is_here = tokio::fs::try_exists(&path).await?;
        match (is_here, self.known.contains_key(place)) {
            (true, true) => {}
            (true, false) => match self.bucket.has(place).await {
                Ok(true) => self.known.insert(place.to_owned(), ()),
                Ok(false) => {
                    tokio::fs::remove_file(&path).await?;
                    return Err(io::ErrorKind::NotFound.into());
                }
                // The copy is as good as ever.
                Err(error) => tracing::warn!(place, %error, "the bucket does not answer"),
            },
            (false, _) => {
                self.fetch(place, &path).await?;
                self.known.insert(place.to_owned(), ());
            }
        }
        let (here, now) = (path.clone(), self.clock.now().0.into());
        _ = spawn_blocking(move || eviction::touch(&here, now)).await;
        Ok(path)
    }

    async fn fetch(&self, place: &str, path: &Path) -> io::Result<()> {
        let unfinished = Unfinished::within(&self.root);
        let to = async || {
            tokio::fs::create_dir_all(&self.root).await?;
            Ok(unfinished.0.clone())
        };
        self.bucket.fetch(place, to).await?;
        tokio::fs::rename(&unfinished.0, path).await?;
        self.added(path).await;
        Ok(())
    }

    /// Stores a file that is coming in. While that lasts, the file is young: it is no leftover of a crash.
    pub async fn put(&self, place: &str, file: &Path) -> io::Result<()> {
        let mut putting = pin!(self.bucket.put(place, file));
        loop {
            let put = timeout(MINUTE, &mut putting).await;
            let (file, now) = (file.to_owned(), self.clock.now().0.into());
            let touching = spawn_blocking(move || {
                let times = FileTimes::new().set_modified(now);
                File::options().append(true).open(file)?.set_times(times)
            });
            // If another process has put it in its place, it is no leftover either.
            _ = touching.await;
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
            fresh: (FRESH, u64::MAX),
        };
        let tidied = spawn_blocking(move || eviction::tidy(&root, bounds, now));
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
