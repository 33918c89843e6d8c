//! What a scan has touched. What follows from it is settled once all files have been read.
use std::collections::{BTreeMap, BTreeSet, HashSet};

#[derive(Debug, Default)]
pub struct Traces {
    /// Uploads that may be the same recording as others by now.
    pub uploads: BTreeSet<i64>,
    /// Those of them that are new, and were counted as duplicates.
    pub new: HashSet<i64>,
    /// Albums that tracks have left, and the one that these went to; `None` where they went to several.
    pub left: BTreeMap<i64, Option<i64>>,
    /// Albums that were made.
    pub made: HashSet<i64>,
    /// Tracks that lost a file.
    pub tracks: BTreeSet<i64>,
    /// Artists that lost a credit.
    pub artists: BTreeSet<i64>,
    /// Albums whose artists follow from those of their tracks, which have changed.
    pub credits: BTreeSet<i64>,
    /// Pictures that an album lost.
    pub pictures: BTreeSet<i64>,
}

impl Traces {
    /// Adds what was touched after this.
    pub fn absorb(&mut self, later: Traces) {
        self.uploads.extend(later.uploads);
        self.new.extend(later.new);
        self.made.extend(later.made);
        self.tracks.extend(later.tracks);
        self.artists.extend(later.artists);
        self.pictures.extend(later.pictures);
        for (from, to) in later.left {
            self.went(from, to);
        }
        self.credits = later.credits;
    }

    /// Notes that a track went from one album to another.
    pub fn went(&mut self, from: i64, to: Option<i64>) {
        self.left
            .entry(from)
            .and_modify(|known| *known = known.filter(|known| Some(*known) == to))
            .or_insert(to);
        self.credits.insert(from);
    }
}
