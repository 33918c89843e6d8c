//! Files that are coming in. They are written under a name of their own, and come to their place only once a row of the
//! database names them: a crash leaves neither a row without a file, nor a file without a row. In a bucket they are before
//! the row, since the machine that received them may not come back; the name of their own goes last.
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use tokio::{fs::File, io::AsyncWriteExt, task::spawn_blocking};
use uuid::Uuid;

use super::{remove_file, storage::Storage};

/// The folder of files that are coming in.
const STAGE: &str = "incoming";
/// The folder of audio that was uploaded.
const PLACE: &str = "tracks";
/// Nothing is added to a file any more after so long.
const SILENCE: Duration = Duration::from_secs(600);

/// A file that is coming in; removed when dropped, unless it is kept.
pub struct Staging {
    file: File,
    name: String,
    path: PathBuf,
    size: i64,
    is_kept: bool,
}

impl Staging {
    pub async fn begin(storage: &Storage, uuid: Uuid, extension: &str) -> io::Result<Self> {
        let folder = storage.media().join(STAGE);
        tokio::fs::create_dir_all(&folder).await?;
        let name = match extension {
            "" => uuid.simple().to_string(),
            extension => format!("{}.{extension}", uuid.simple()),
        };
        let path = folder.join(&name);
        let file = File::create_new(&path).await?;
        Ok(Self {
            file,
            name,
            path,
            size: 0,
            is_kept: false,
        })
    }

    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.size += i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        self.file.write_all(bytes).await
    }

    /// Makes sure that the file outlives a crash of the machine.
    pub async fn sync(&mut self) -> io::Result<()> {
        self.file.flush().await?;
        self.file.sync_all().await
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// In bytes.
    pub fn size(&self) -> i64 {
        self.size
    }

    /// The place in the media folder that the file will have.
    pub fn place(&self) -> String {
        place(&self.name)
    }

    /// Puts the file in the bucket, if there is one. From here on it outlives its drop: if no row names it, it is among
    /// those [`left`].
    pub async fn offer(&mut self, storage: &Storage) -> io::Result<()> {
        let Some(copies) = storage.copies().cloned() else {
            return Ok(());
        };
        self.is_kept = true;
        let (place, path) = (self.place(), self.path.clone());
        // To its end, also if the client leaves: parts of files in a bucket are found by nobody.
        tokio::spawn(async move { copies.put(&place, &path).await })
            .await
            .map_err(io::Error::other)?
    }

    /// Removes a file that no row will name.
    pub async fn discard(self, storage: &Storage) {
        if let Err(error) = remove(storage, &self.place()).await {
            tracing::warn!(%error, file = self.name, "a refused file stays for now");
        }
    }

    /// Leaves the file for [`settle`]: a row names it.
    pub fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.is_kept {
            _ = fs::remove_file(&self.path);
        }
    }
}

/// The place of a file with this name.
fn place(name: &str) -> String {
    let part = |at: usize| name.get(at..at + 2).unwrap_or("00");
    format!("{PLACE}/{}/{}/{name}", part(0), part(2))
}

/// Puts the file of a row in its place, if it is not there yet.
pub async fn settle(storage: &Storage, audio_file: &str) -> io::Result<()> {
    let name = Path::new(audio_file).file_name().unwrap_or_default();
    let staged = storage.media().join(STAGE).join(name);
    let Some(placed) = storage.here(audio_file) else {
        return Ok(());
    };
    if !tokio::fs::try_exists(&staged).await? {
        return Ok(());
    }
    let copies = storage.copies();
    if let Some(copies) = copies
        && !copies.bucket.has(audio_file).await?
    {
        copies.put(audio_file, &staged).await?;
    }
    let to = placed.clone();
    spawn_blocking(move || rename(&staged, &to))
        .await
        .map_err(io::Error::other)??;
    if let Some(copies) = copies {
        copies.added(&placed).await;
    }
    Ok(())
}

/// Removes the file of a row that is gone, wherever on its way it is.
pub async fn remove(storage: &Storage, audio_file: &str) -> io::Result<()> {
    let name = Path::new(audio_file).file_name().unwrap_or_default();
    let staged = storage.media().join(STAGE).join(name);
    match storage.bucket() {
        // The name in the stage goes last: it tells the next sweep what is in the bucket.
        Some(_) => {
            storage.remove(audio_file).await?;
            remove_file(&staged).await
        }
        // It goes first, so that nobody puts the file in its place afterwards.
        None => {
            remove_file(&staged).await?;
            storage.remove(audio_file).await
        }
    }
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    let folder = to.parent().unwrap_or(to);
    fs::create_dir_all(folder)?;
    match fs::rename(from, to) {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::NotFound && to.exists() => return Ok(()),
        renamed => renamed?,
    }
    // The new name has to outlive a crash too. Folders cannot be synced everywhere.
    if let Ok(folder) = fs::File::open(folder) {
        _ = folder.sync_all();
    }
    Ok(())
}

/// A file that a crash has left.
pub struct Left {
    /// The upload that it was to be.
    pub uuid: Uuid,
    /// The place that it was to have.
    pub place: String,
}

/// The time by the clock of a folder's files, which may be another machine's.
fn file_time(folder: &Path) -> io::Result<SystemTime> {
    let path = folder.join("clock");
    let mut file = fs::File::create(&path)?;
    file.write_all(b".")?;
    let now = file.metadata()?.modified();
    // Another process may have removed it.
    _ = fs::remove_file(path);
    now
}

/// The files that have not come to their place, though nothing has been added to them for long.
pub async fn left(storage: &Storage) -> Vec<Left> {
    let folder = storage.media().join(STAGE);
    let look = move || {
        let Ok(now) = file_time(&folder) else {
            // Nothing has come in yet.
            return Vec::new();
        };
        let entries = fs::read_dir(folder).into_iter().flatten();
        let left = |entry: io::Result<fs::DirEntry>| {
            let entry = entry.ok()?;
            let silent = now.duration_since(entry.metadata().ok()?.modified().ok()?);
            let name = entry.file_name().into_string().ok()?;
            let uuid = name.split('.').next()?.parse().ok()?;
            (silent.ok()? > SILENCE).then(|| Left {
                uuid,
                place: place(&name),
            })
        };
        entries.filter_map(left).collect()
    };
    spawn_blocking(look).await.unwrap_or_default()
}
