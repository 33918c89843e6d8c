use sqlx::FromRow;

use crate::{
    error::Result,
    store::{Dialect, Reads, sql},
};

/// What the pod stores: numbers of files, and bytes.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Stored {
    pub stored_files: i64,
    pub stored_bytes: i64,
    pub scanned_files: i64,
    pub scanned_bytes: i64,
    pub picture_bytes: i64,
    pub database_bytes: i64,
}

impl Stored {
    /// Counts everything.
    pub async fn load(db: &Reads) -> Result<Self> {
        let database = match db.dialect() {
            Dialect::Sqlite => {
                "select page_count * page_size from pragma_page_count(), pragma_page_size()"
            }
            Dialect::Postgres => "select pg_database_size(current_database())",
        };
        let counted = sql("with stored as (
               select count(*) as files, cast(coalesce(sum(size), 0) as bigint) as bytes from uploads where audio_file <> ''),
             scanned as (
               select count(*) as files, cast(coalesce(sum(size), 0) as bigint) as bytes from uploads
               where audio_file = '' and source like 'file://%')
             select stored.files as stored_files, stored.bytes as stored_bytes,
               scanned.files as scanned_files, scanned.bytes as scanned_bytes,
               (select cast(coalesce(sum(size), 0) as bigint) from attachments where file <> '') as picture_bytes, (");
        let counted = counted
            .then(database)
            .then(") as database_bytes from stored cross join scanned");
        counted.one(db).await
    }
}
