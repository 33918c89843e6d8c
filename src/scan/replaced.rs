//! Files that became other recordings, for example because the tracks of an album were renumbered:
//! uploads follow their audio, with everything attached to them.
use std::collections::{BTreeSet, HashMap};

use serde_json::Value;
use sqlx::FromRow;

use super::{
    Step,
    files::{self, Folder},
};
use crate::{
    error::Result,
    reading::{Read, Tags},
    store::{Tx, sql, text::folded},
};

/// The previous state of an upload's file.
#[derive(Clone, Debug, FromRow)]
struct Before {
    id: i64,
    checksum: Option<String>,
    audio_checksum: Option<String>,
    #[sqlx(json)]
    metadata: Value,
}

impl Before {
    /// Whether a file is still this recording: the same audio, or audio that is new here, with the same exact length,
    /// MusicBrainz ID or title.
    fn is(&self, read: &Read, known: &BTreeSet<String>) -> bool {
        let is = |checksum: &Option<String>, file: &str| checksum.as_deref() == Some(file);
        if is(&self.checksum, &read.checksum) || is(&self.audio_checksum, &read.audio) {
            return true;
        }
        if known.contains(&read.audio) {
            return false;
        }
        let Some(old) = Tags::of_metadata(&self.metadata) else {
            return true;
        };
        let same_id = old.mbid.is_some() && old.mbid == read.tags.mbid;
        let is_as_long = self.metadata["milliseconds"] == read.milliseconds;
        is_as_long || same_id || folded(&old.title) == folded(&read.tags.title)
    }
}

/// Detaches uploads from files that now contain other recordings, and returns them. Until their audio is found they
/// count as missing.
pub async fn detach(tx: &mut Tx, folder: &Folder, steps: &[Step]) -> Result<BTreeSet<i64>> {
    let changed: HashMap<i64, &Read> = steps
        .iter()
        .filter_map(|step| match step {
            Step::Changed(upload, read) => Some((*upload, &**read)),
            _ => None,
        })
        .collect();
    if changed.is_empty() {
        return Ok(BTreeSet::new());
    }
    let known = sql(
        "select audio_checksum from uploads where +library_id = ? and import_status <> 'skipped'
         and audio_checksum in ?*",
    );
    let audio: Vec<String> = changed.values().map(|read| read.audio.clone()).collect();
    let known: Vec<(String,)> = known
        .bind(folder.library_id)
        .bind(audio)
        .all(&mut *tx)
        .await?;
    let known: BTreeSet<String> = known.into_iter().map(|(audio,)| audio).collect();
    let rows: Vec<Before> = sql("select id, checksum, audio_checksum, metadata from uploads
         where import_status <> 'skipped' and id in ?*")
    .bind(changed.keys().copied().collect::<Vec<_>>())
    .all(&mut *tx)
    .await?;
    let other = |before: &Before| {
        let read = changed.get(&before.id)?;
        (!before.is(read, &known)).then_some(before.id)
    };
    let detached: BTreeSet<i64> = rows.iter().filter_map(other).collect();
    if detached.is_empty() {
        return Ok(detached);
    }
    let ids: Vec<i64> = detached.iter().copied().collect();
    sql("delete from music_files where upload_id in ?*")
        .bind(ids.clone())
        .run(&mut *tx)
        .await?;
    sql("update uploads set import_status = 'errored', import_details = ? where id in ?*")
        .bind(files::gone())
        .bind(ids)
        .run(tx)
        .await?;
    Ok(detached)
}
