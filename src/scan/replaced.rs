//! Files that became other recordings, for example because the tracks of an album were renumbered:
//! uploads follow their audio, with everything attached to them.
use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use sqlx::FromRow;

use super::{
    Step, files,
    reading::{Read, Tags},
};
use crate::{
    error::Result,
    store::{Tx, sql, text::folded},
};

/// The previous state of an upload's file.
#[derive(Clone, Debug, FromRow)]
struct Before {
    id: i64,
    checksum: Option<String>,
    #[sqlx(json)]
    metadata: Value,
}

impl Before {
    fn tags(&self) -> Option<Tags> {
        serde_json::from_value(self.metadata["tags"].clone()).ok()
    }

    /// Whether a file is still this recording: same exact length, MusicBrainz ID or title.
    fn is(&self, read: &Read) -> bool {
        if self.checksum.as_deref() == Some(read.checksum.as_str()) {
            return true;
        }
        let Some(old) = self.tags() else { return true };
        let same_id = old.mbid.is_some() && old.mbid == read.tags.mbid;
        self.is_as_long(read) || same_id || folded(&old.title) == folded(&read.tags.title)
    }

    fn is_as_long(&self, read: &Read) -> bool {
        self.metadata["milliseconds"] == read.milliseconds
    }

    /// Whether a file at another path is certainly this recording.
    fn went_to(&self, read: &Read) -> bool {
        let title = || {
            self.tags()
                .is_some_and(|old| folded(&old.title) == folded(&read.tags.title))
        };
        self.checksum.as_deref() == Some(read.checksum.as_str())
            || (self.is_as_long(read) && title())
    }
}

/// Uploads whose files now contain other recordings.
#[derive(Clone, Debug, Default)]
pub struct Replaced {
    /// By upload ID; `None` once the audio has been found elsewhere.
    uploads: BTreeMap<i64, Option<Before>>,
}

/// Maximum number of uploads remembered between batches.
const REMEMBERED: usize = 1_000;

impl Replaced {
    pub fn has(&self, upload: i64) -> bool {
        self.uploads.contains_key(&upload)
    }

    /// The upload whose audio this file contains, if it is one of these.
    pub fn take(&mut self, read: &Read) -> Option<i64> {
        let mut left = self.uploads.values_mut();
        let found =
            left.find(|before| before.as_ref().is_some_and(|before| before.went_to(read)))?;
        found.take().map(|before| before.id)
    }

    /// Detaches uploads from files that now contain other recordings. Until their audio is found
    /// they count as missing.
    pub async fn detach(&mut self, tx: &mut Tx, steps: &[Step]) -> Result<()> {
        let changed: HashMap<i64, &Read> = steps
            .iter()
            .filter_map(|step| match step {
                Step::Changed(upload, read) => Some((*upload, &**read)),
                _ => None,
            })
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        let rows: Vec<Before> = sql("select id, checksum, metadata from uploads where id in ?*")
            .bind(changed.keys().copied().collect::<Vec<_>>())
            .all(&mut *tx)
            .await?;
        let other = |before: &Before| {
            let read = changed.get(&before.id);
            read.is_some_and(|read| !before.is(read))
        };
        let detached: Vec<Before> = rows.into_iter().filter(other).collect();
        if detached.is_empty() {
            return Ok(());
        }
        let ids: Vec<i64> = detached.iter().map(|before| before.id).collect();
        if self.uploads.len() > REMEMBERED {
            self.uploads.clear();
        }
        let entries = detached.into_iter().map(|before| (before.id, Some(before)));
        self.uploads.extend(entries);
        sql("delete from music_files where upload_id in ?*")
            .bind(ids.clone())
            .run(&mut *tx)
            .await?;
        sql("update uploads set import_status = 'errored', import_details = ? where id in ?*")
            .bind(files::gone())
            .bind(ids)
            .run(tx)
            .await
            .map(|_| ())
    }
}
