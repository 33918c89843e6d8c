//! What a scan did.
use std::collections::BTreeMap;

use serde::Serialize;

use crate::reading::Read;

/// The result of a scan.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Files that are new to the library.
    pub added: u64,
    /// Files that have changed, or were read again.
    pub updated: u64,
    /// Files that were not read, because nothing about them has changed.
    pub unchanged: u64,
    /// Found at a new path.
    pub moved: u64,
    /// The library already has the same audio.
    pub duplicates: u64,
    /// Missing; kept, but not playable until they return.
    #[serde(rename = "missing")]
    pub vanished: u64,
    /// Albums that got a cover.
    pub covers: u64,
    /// Playlists that playlist files made or changed.
    pub playlists: u64,
    pub skipped_count: u64,
    /// The first thousand files that could not be imported, with reasons.
    pub skipped: Vec<Skipped>,
    #[serde(rename = "read_in_part_count")]
    pub partly_count: u64,
    /// The first thousand files some of whose tags or songs could not be read, with reasons.
    #[serde(rename = "read_in_part")]
    pub partly: Vec<Skipped>,
    pub doubtful_count: u64,
    /// The first thousand files that were taken for another file's recording by their names and lengths alone.
    pub doubtful: Vec<Skipped>,
    /// Files that are no music by their endings, by ending.
    #[serde(rename = "not_looked_at")]
    pub left_out: BTreeMap<String, u64>,
    /// The scan was stopped before it was complete.
    pub interrupted: bool,
}

/// A file that is named in a report, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    pub path: String,
    pub reason: String,
}

/// Maximum number of files that are listed.
const TOLD: usize = 1000;

fn tell(list: &mut Vec<Skipped>, count: &mut u64, file: Skipped) {
    *count += 1;
    if list.len() < TOLD {
        list.push(file);
    }
}

impl Report {
    pub fn skip(&mut self, skipped: Skipped) {
        tell(&mut self.skipped, &mut self.skipped_count, skipped);
    }

    pub fn partly(&mut self, read: &Read) {
        if let Some(reason) = read.partly.clone() {
            let path = read.candidate.path.clone();
            self.in_part(Skipped { path, reason });
        }
    }

    /// Names a file of which not all could be taken.
    pub fn in_part(&mut self, file: Skipped) {
        tell(&mut self.partly, &mut self.partly_count, file);
    }

    pub fn doubt(&mut self, file: Skipped) {
        tell(&mut self.doubtful, &mut self.doubtful_count, file);
    }

    /// Adds what a transaction counted.
    pub fn count(&mut self, counts: &Report) {
        self.added += counts.added;
        self.updated += counts.updated;
        self.unchanged += counts.unchanged;
        self.moved += counts.moved;
        self.duplicates += counts.duplicates;
        self.covers += counts.covers;
        for file in counts.doubtful.iter().cloned() {
            self.doubt(file);
        }
    }

    /// Whether the scan changed anything.
    pub fn changed(&self) -> bool {
        let files = self.added + self.updated + self.moved + self.duplicates + self.vanished;
        files + self.playlists > 0
    }
}
