//! Folders of files that can be made or fetched again: conversions, and copies of what is in a bucket.
use std::{
    fs::{self, File, FileTimes},
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use walkdir::WalkDir;

/// Age after which an unfinished file, whose name begins with a dot, is considered abandoned.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Records that a file was used. Errors are ignored; the file is there.
pub fn touch(path: &Path, now: SystemTime) {
    let noted = File::options()
        .append(true)
        .open(path)
        .and_then(|file| file.set_times(FileTimes::new().set_accessed(now)));
    if let Err(error) = noted {
        tracing::debug!(path = %path.display(), %error, "cannot note the use of a file");
    }
}

/// Removes a file. It is not an error if another process has already removed it.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The limits of a folder.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub bytes: u64,
    /// How long an unused file is kept.
    pub unused: Duration,
    /// How long a file that was used stays, since it may be about to be read, and up to how many bytes of all.
    pub fresh: (Duration, u64),
}

/// Removes files beyond the limits, the least recently used ones first, and abandoned unfinished files. Returns how many.
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
        let (fresh, at_most) = bounds.fresh;
        let is_fresh = now.duration_since(used).unwrap_or_default() < fresh;
        let most = if is_fresh { at_most } else { bounds.bytes };
        if total <= most {
            break;
        }
        remove(&path)?;
        total -= size;
        removed += 1;
    }
    Ok(removed)
}
