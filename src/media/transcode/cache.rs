//! The cache of conversions: files in a folder for each upload. The least recently used files are
//! removed first.
use std::{
    fs::{self, File, FileTimes},
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use uuid::Uuid;
use walkdir::WalkDir;

use super::format::Target;

/// The folder of conversions; in the media folder, so that reverse proxies can send them.
pub const FOLDER: &str = "transcoded";

/// Age after which an unfinished file is considered abandoned.
const ABANDONED: Duration = Duration::from_secs(3600);

/// The folder of an upload's conversions, in the media folder.
pub fn folder(upload: Uuid) -> String {
    let name = upload.simple().to_string();
    format!("{FOLDER}/{}/{}/{name}", &name[..2], &name[2..4])
}

/// The version of a source: its size and modification time.
pub fn version(source: &Path) -> Option<String> {
    let metadata = fs::metadata(source).ok()?;
    let modified = metadata
        .modified()
        .ok()?
        .duration_since(SystemTime::UNIX_EPOCH);
    let nanos = modified.ok()?.as_nanos();
    Some(format!("{:x}_{nanos:x}", metadata.len()))
}

/// The file name of a finished conversion.
pub fn file_name(target: Target, version: &str) -> String {
    let (bitrate, extension) = (target.bitrate, target.format.extension());
    format!("{bitrate}-{version}.{extension}")
}

/// A cached conversion with a bitrate within a fifth of the requested one.
pub fn find(folder: &Path, target: Target, version: &str) -> Option<String> {
    let entries = fs::read_dir(folder).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let near = names.filter_map(|name| {
        let (stem, extension) = name.split_once('.')?;
        let (bitrate, of) = stem.split_once('-')?;
        let bitrate: i64 = bitrate.parse().ok().filter(|_| of == version)?;
        let away = (bitrate - target.bitrate).abs();
        (extension == target.format.extension() && away * 5 <= target.bitrate)
            .then_some((away, name))
    });
    near.min().map(|(_, name)| name)
}

/// Records that a conversion was used. Errors are ignored; the file can still be played.
pub fn touch(path: &Path, now: SystemTime) {
    let noted = File::options()
        .append(true)
        .open(path)
        .and_then(|file| file.set_times(FileTimes::new().set_accessed(now)));
    if let Err(error) = noted {
        tracing::debug!(path = %path.display(), %error, "cannot note the use of a conversion");
    }
}

/// Removes a file. It is not an error if another process has already removed it.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Younger conversions, which may be about to be sent, are kept until the cache is twice as large as it
/// should be.
const FRESH: Duration = Duration::from_secs(30);

/// The limits of the cache.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub bytes: u64,
    /// How long an unused conversion is kept.
    pub unused: Duration,
}

/// Removes conversions beyond the limits, and abandoned unfinished files.
pub fn tidy(root: &Path, bounds: Bounds, now: SystemTime) -> io::Result<u64> {
    let mut kept: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
    let (mut removed, mut growing) = (0, 0);
    for entry in WalkDir::new(root).into_iter().filter_map(Result::ok) {
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if !metadata.is_file() {
            continue;
        }
        let unfinished = entry.file_name().to_string_lossy().starts_with('.');
        let used = match unfinished {
            true => metadata.modified()?,
            false => metadata.accessed()?.max(metadata.modified()?),
        };
        let age = now.duration_since(used).unwrap_or_default();
        if (unfinished && age > ABANDONED) || (!unfinished && age > bounds.unused) {
            remove(entry.path())?;
            removed += 1;
        } else if unfinished {
            growing += metadata.len();
        } else {
            kept.push((used, metadata.len(), entry.into_path()));
        }
    }
    kept.sort();
    let mut total: u64 = growing + kept.iter().map(|(_, size, _)| size).sum::<u64>();
    for (used, size, path) in kept {
        let fresh = now.duration_since(used).unwrap_or_default() < FRESH;
        let most = bounds.bytes * if fresh { 2 } else { 1 };
        if total <= most {
            break;
        }
        remove(&path)?;
        total -= size;
        removed += 1;
    }
    Ok(removed)
}
