//! Finding the music files of a folder.
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use tokio::sync::mpsc::Sender;
use walkdir::{DirEntry, WalkDir};

use super::Skipped;
use crate::{reading::Candidate, stop::Stop};

pub type Found = Result<Candidate, Skipped>;

/// Extensions of music files.
const ENDINGS: &[&str] = &[
    "aac", "aif", "aifc", "aiff", "ape", "dff", "dsf", "flac", "m4a", "m4b", "mka", "mp2", "mp3",
    "mp4", "mpc", "oga", "ogg", "opus", "spx", "tta", "w64", "wav", "webm", "wma", "wv",
];
/// Extensions of playlist files.
const PLAYLISTS: &[&str] = &["m3u", "m3u8"];
/// Most other endings that are counted one by one.
const OTHERS: usize = 100;

fn is_music(path: &Path) -> bool {
    has_ending(path, ENDINGS)
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| endings.contains(&ending.to_ascii_lowercase().as_str()))
}

/// Hidden files and folders, whose names begin with a dot, are ignored.
fn is_shown(entry: &DirEntry) -> bool {
    entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.')
}

fn entries(root: &Path) -> impl Iterator<Item = walkdir::Result<DirEntry>> {
    WalkDir::new(root)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(is_shown)
}

/// The number of music files.
pub fn count(root: &Path, stop: &Stop) -> u64 {
    let music = |entry: &DirEntry| entry.file_type().is_file() && is_music(entry.path());
    let entries = entries(root).take_while(|_| !stop.is_told());
    entries.filter_map(Result::ok).filter(music).count() as u64
}

/// How much of a branch was walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Walked {
    Whole,
    /// To the end, but some places could not be read.
    Partly,
    Stopped,
}

/// What a walk came past.
#[derive(Default)]
pub struct Walk {
    /// The branches that could be read to the end.
    pub whole: Vec<PathBuf>,
    pub is_stopped: bool,
    /// Paths of playlist files.
    pub playlists: Vec<String>,
    /// Files that are no music by their endings, by ending.
    pub left_out: BTreeMap<String, u64>,
}

/// Sends every music file, and every place that cannot be read.
pub fn walk(branches: &[PathBuf], stop: &Stop, told: &Sender<Found>) -> Walk {
    let mut walk = Walk::default();
    for branch in branches {
        match send(branch, stop, told, &mut walk) {
            Walked::Whole => walk.whole.push(branch.clone()),
            Walked::Partly => {}
            Walked::Stopped => {
                walk.is_stopped = true;
                break;
            }
        }
    }
    walk
}

fn send(root: &Path, stop: &Stop, told: &Sender<Found>, walk: &mut Walk) -> Walked {
    // A missing branch is a result, not a failure.
    if matches!(root.try_exists(), Ok(false)) {
        return Walked::Whole;
    }
    let mut blind = false;
    for entry in entries(root) {
        let found = match entry {
            Ok(entry) if entry.file_type().is_file() && is_music(entry.path()) => candidate(&entry),
            Ok(entry) => {
                if entry.file_type().is_file() {
                    walk.pass(entry.path());
                }
                continue;
            }
            Err(error) => {
                let gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
                blind |= error.io_error().is_some_and(|error| !gone(error));
                Err(unreachable(&error))
            }
        };
        if stop.is_told() || told.blocking_send(found).is_err() {
            return Walked::Stopped;
        }
    }
    match blind {
        true => Walked::Partly,
        false => Walked::Whole,
    }
}

impl Walk {
    /// Keeps in mind what is no music.
    fn pass(&mut self, path: &Path) {
        match path.to_str() {
            Some(text) if has_ending(path, PLAYLISTS) => self.playlists.push(text.to_owned()),
            _ => leave_out(path, &mut self.left_out),
        }
    }
}

fn leave_out(path: &Path, left_out: &mut BTreeMap<String, u64>) {
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    let ending = ending.to_lowercase();
    let is_new = !left_out.contains_key(&ending);
    // Endings without end would fill the memory.
    let counted = if is_new && left_out.len() >= OTHERS {
        "others".to_owned()
    } else {
        ending
    };
    *left_out.entry(counted).or_default() += 1;
}

fn candidate(entry: &DirEntry) -> Found {
    let shown = entry.path().display().to_string();
    let skipped = |reason: String| Skipped {
        path: shown.clone(),
        reason,
    };
    let path = entry
        .path()
        .to_str()
        .ok_or_else(|| skipped("its name is not UTF-8; rename it".to_owned()))?;
    let metadata = entry
        .metadata()
        .map_err(|error| skipped(error.to_string()))?;
    match Candidate::of(path, &metadata) {
        Candidate { size: 0, .. } => Err(skipped("it is empty".to_owned())),
        candidate => Ok(candidate),
    }
}

fn unreachable(error: &walkdir::Error) -> Skipped {
    let path = error.path().unwrap_or(Path::new("?")).display().to_string();
    let reason = match (error.loop_ancestor(), error.io_error()) {
        (Some(above), _) => format!("it is a link to {}, which holds it", above.display()),
        (None, Some(error)) => error.to_string(),
        (None, None) => error.to_string(),
    };
    Skipped { path, reason }
}
