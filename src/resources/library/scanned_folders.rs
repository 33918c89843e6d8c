//! Folders that are scanned, as they lie on the disk.
use sqlx::FromRow;
use uuid::Uuid;

use super::visibility::viewable_libraries;
use crate::{
    context::Reader,
    error::Result,
    store::{Sql, sql},
};

/// A folder that is scanned into a library.
#[derive(Clone, Debug, FromRow)]
pub struct ScannedFolder {
    pub id: i64,
    /// Where it lies on the server: not for others to know.
    path: String,
    /// UUID of the library.
    pub library: Uuid,
}

/// Something in a directory of a folder.
#[derive(Debug, PartialEq, Eq)]
pub enum Entry {
    Directory {
        name: String,
        /// The track of the first file below.
        first: Option<i64>,
    },
    /// The track of a file.
    Track(i64),
}

impl ScannedFolder {
    /// The last part of the path.
    pub fn name(&self) -> &str {
        match self.path.trim_end_matches('/').rsplit_once('/') {
            Some((_, name)) if !name.is_empty() => name,
            _ => "Music",
        }
    }

    /// What lies in a directory of the folder, named by its path from there (`Ann/First`), by name. It is found along the
    /// index on paths, one step for each entry, however many files lie below.
    pub async fn entries(&self, reader: &Reader, path: &str, most: i64) -> Result<Vec<Entry>> {
        let mut above = format!("{}/", self.path.trim_end_matches('/'));
        if !path.is_empty() {
            above.push_str(path);
            above.push('/');
        }
        let rows = self.first_files(reader, &above, most);
        let rows: Vec<(String, Option<i64>)> = rows.all(reader.db()).await?;
        let entries = rows.into_iter().filter_map(|(file, track)| {
            let below = file.strip_prefix(&above)?;
            match below.split_once('/') {
                None => track.map(Entry::Track),
                Some((name, _)) => Some(Entry::Directory {
                    name: name.to_owned(),
                    first: track,
                }),
            }
        });
        Ok(entries.collect())
    }

    /// Selects path and track of the files in a directory, and of the first file in each directory of it.
    fn first_files(&self, reader: &Reader, above: &str, most: i64) -> Sql {
        let place = reader.db().dialect().place();
        let start = i64::try_from(above.chars().count()).unwrap_or(i64::MAX);
        let next = |after: Sql| {
            sql(
                "(select f.path from music_files f cross join uploads u where u.id = f.upload_id and f.folder_id = ?
                   and u.import_status in ('finished', 'skipped') and f.path < ? and f.path > ",
            )
            .bind(self.id)
            .bind(beyond(above))
            .append(after)
            .then(" order by f.path limit 1)")
        };
        // The slash behind the name of a directory, counted from its beginning; 0 behind the name of a file.
        let slash = || {
            let below = sql(place).then("(substr(e.path, cast(? as integer)), '/')");
            below.bind(start + 1)
        };
        let after = sql("case ").append(slash()).then(
            " when 0 then e.path
             else substr(e.path, 1, cast(? as integer) + ",
        );
        let after = after.bind(start).append(slash()).then(") || ? end");
        let after = after.bind(LAST);
        sql("with recursive entry (path, number) as (select ")
            .append(next(sql("?").bind(above)))
            .then(", 1 union all select ")
            .append(next(after))
            .then(", e.number + 1 from entry e where e.path is not null and e.number < ?)")
            .bind(most)
            .then(
                " select e.path, u.track_id from entry e join music_files f on f.path = e.path and f.folder_id = ?
                 join uploads u on u.id = f.upload_id order by e.path",
            )
            .bind(self.id)
    }
}

/// The last character that there is.
const LAST: &str = "\u{10ffff}";

/// What comes behind all that begins so.
fn beyond(start: &str) -> String {
    format!("{start}{LAST}")
}

/// Folders of an answer at most.
const MOST: i64 = 500;

/// The scanned folders of the libraries that the caller has access to.
pub async fn scanned_folders(reader: &Reader) -> Result<Vec<ScannedFolder>> {
    sql("select m.id, m.path, o.uuid as library from music_folders m join libraries o on o.id = m.library_id
         where m.library_id in (")
        .append(viewable_libraries(reader))
        .then(") order by m.id limit ?")
        .bind(MOST)
        .all(reader.db())
        .await
}
