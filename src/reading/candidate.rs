//! A file before it is read.
use std::{
    fs::Metadata,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

/// A file that may hold music, as it was before it was read.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub path: String,
    /// In bytes.
    pub size: i64,
    /// In Unix microseconds.
    pub modified: i64,
}

impl Candidate {
    /// The file at a path, if it can be reached.
    pub fn at(path: &Path) -> Option<Self> {
        Some(Self::of(path.to_str()?, &path.metadata().ok()?))
    }

    pub fn of(path: &str, metadata: &Metadata) -> Self {
        Self {
            path: path.to_owned(),
            size: i64::try_from(metadata.len()).unwrap_or(i64::MAX),
            modified: metadata.modified().map_or(0, micros),
        }
    }
}

fn micros(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or_default()
}
