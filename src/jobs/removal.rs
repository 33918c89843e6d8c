//! Removing files once the rows that named them are gone: a row of this job is written with their deletion, so that
//! neither happens alone.
use serde_json::Value;

use super::{Failure, FileRemoval, Perform, Running, enqueue};
use crate::{app::App, error::Result, media::staging, store::Tx, time::Timestamp};

/// Number of files per job.
const BATCH: usize = 500;

/// Has files of the media folder removed once the transaction is committed.
pub async fn remove(tx: &mut Tx, files: Vec<String>, now: Timestamp) -> Result<()> {
    for files in files.chunks(BATCH) {
        let files = files.to_vec();
        enqueue(tx, &FileRemoval { files }, now).await?;
    }
    Ok(())
}

impl Perform for FileRemoval {
    async fn perform(self, app: &App, _: Running) -> Result<Value, Failure> {
        let mut failed = None;
        for file in &self.files {
            if let Err(error) = staging::remove(&app.media().storage, file).await {
                failed = Some(format!("{file}: {error}"));
            }
        }
        match failed {
            // Nothing else would remove them.
            Some(reason) => Err(Failure::Away(reason)),
            None => Ok(Value::Null),
        }
    }
}
