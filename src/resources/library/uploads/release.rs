//! What becomes of uploads' files and duplicates when they go.
use serde_json::{Map, Value};

use crate::{
    error::Result,
    jobs::{self, UploadImport},
    store::{Sql, Tx, sql},
    time::Timestamp,
};

/// The turn of those who write the catalogue on PostgreSQL: two files of a new album would make it twice.
pub const CATALOGUE: &str = "catalogue";
/// Uploads of one request whose imports come due in the same second, so that others need not wait for all of them.
const EACH_SECOND: usize = 50;

/// Before uploads go: has their files removed, and duplicates that were skipped because of them imported in their place,
/// once the transaction is committed. `going` selects the IDs of the uploads.
pub async fn release(tx: &mut Tx, going: &Sql, now: Timestamp) -> Result<()> {
    // Nobody finds one of them for a twin meanwhile.
    tx.take_turn(CATALOGUE).await?;
    let files = sql("select audio_file from uploads where audio_file <> '' and id in (")
        .append(going.clone())
        .then(")");
    let files: Vec<(String,)> = files.all(&mut *tx).await?;
    let files = files.into_iter().map(|(file,)| file).collect();
    let heirs = heirs(going).ids(&mut *tx).await?;
    jobs::remove(tx, files, now).await?;
    submit(tx, heirs, &["skipped"], now).await.map(|_| ())
}

/// The IDs of duplicates, in libraries of the same owners, that were skipped because of uploads that go.
pub fn heirs(going: &Sql) -> Sql {
    // As expressions, so that SQLite does not read all uploads with a status where it has no statistics yet.
    let alike = |column: &'static str| {
        sql("select s.id from uploads u join uploads s on s.")
            .then(column)
            .then(" = u.")
            .then(column)
            .then(
                " where coalesce(u.import_status, '') = 'finished' and coalesce(s.import_status, '') = 'skipped'
                   and (select l.actor_id from libraries l where l.id = s.library_id) =
                     (select l.actor_id from libraries l where l.id = u.library_id)
                   and u.id in (",
            )
            .append(going.clone())
            .then(") and s.id not in (")
            .append(going.clone())
            .then(")")
    };
    alike("audio_checksum")
        .then(" union ")
        .append(alike("checksum"))
}

/// Submits those of these uploads for import that have one of these statuses; returns their IDs.
pub async fn submit(
    tx: &mut Tx,
    ids: Vec<i64>,
    statuses: &[&str],
    now: Timestamp,
) -> Result<Vec<i64>> {
    if ids.is_empty() {
        return Ok(ids);
    }
    let statuses: Vec<String> = statuses.iter().map(|status| (*status).to_owned()).collect();
    let submit = sql(
        "update uploads set import_status = 'pending', import_details = ?, modification_date = ?
         where id in ?* and import_status in ?* and (audio_file <> '' or source like 'file://%') returning id",
    );
    let submitted = submit
        .bind(Value::Object(Map::new()))
        .bind(now)
        .bind(ids)
        .bind(statuses)
        .ids(&mut *tx)
        .await?;
    for (index, upload) in submitted.iter().enumerate() {
        let later = i64::try_from(index / EACH_SECOND).unwrap_or(i64::MAX);
        let import = UploadImport { upload: *upload };
        jobs::enqueue(tx, &import, now.plus_seconds(later)).await?;
    }
    Ok(submitted)
}
