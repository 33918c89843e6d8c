//! Uploads with the same audio.
use serde_json::json;
use sqlx::FromRow;
use uuid::Uuid;

use super::files::Folder;
use crate::{
    error::Result,
    reading::Read,
    store::{Sql, Tx, sql},
};

/// An upload of the library with the same audio, and the path of its file if it was scanned.
#[derive(Debug, FromRow)]
pub struct Twin {
    pub upload_id: i64,
    pub uuid: Uuid,
    pub track_id: Option<i64>,
    pub source: Option<String>,
    pub import_status: String,
    pub checksum: Option<String>,
    #[sqlx(json)]
    pub metadata: serde_json::Value,
    pub path: Option<String>,
    /// The folder of that file.
    pub root: Option<String>,
}

/// Maximum number of uploads with the same audio, oldest first, that one is compared with: silence may be there a
/// thousand times.
const ALIKE: i64 = 50;

/// Condition on an upload `u`: it is in the library, and has these bytes or this audio.
pub fn alike(library: i64, checksum: Option<&str>, audio: &str) -> Sql {
    alike_in(&sql("= ?").bind(library), checksum, audio)
}

/// The same for several libraries, by a condition on their IDs. The sign keeps SQLite from reading whole libraries
/// where it has no statistics yet.
pub fn alike_in(libraries: &Sql, checksum: Option<&str>, audio: &str) -> Sql {
    let with = |column: &'static str, checksum: Option<&str>| {
        sql("u.id in (select c.id from uploads c where ")
            .then(column)
            .then(" = ? and +c.library_id ")
            .bind(checksum.map(str::to_owned))
            .append(libraries.clone())
            .then(" order by c.id limit ?)")
            .bind(ALIKE)
    };
    sql("(")
        .append(with("c.checksum", checksum))
        .then(" or ")
        .append(with("c.audio_checksum", Some(audio)))
        .then(")")
}

/// Uploads with the audio of a file that are no duplicates.
pub async fn twins(tx: &mut Tx, folder: &Folder, read: &Read) -> Result<Vec<Twin>> {
    sql(
        "select u.id as upload_id, u.uuid, u.track_id, u.source, u.import_status, u.checksum, u.metadata, f.path,
           m.path as root
         from uploads u left join music_files f on f.upload_id = u.id left join music_folders m on m.id = f.folder_id
         where u.import_status <> 'skipped'",
    )
    .and(alike(folder.library_id, Some(&read.checksum), &read.audio))
    .then(" order by (u.import_status <> 'finished'), u.id")
    .all(tx)
    .await
}

/// The import details of an upload that is a duplicate of another.
pub fn duplicate_of(other: Uuid) -> serde_json::Value {
    json!({ "code": "already_imported_in_owned_libraries", "duplicates": [other] })
}
