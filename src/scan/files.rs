//! The known files of a folder: the upload of each, and its state when it was read.
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use serde_json::json;
use sqlx::FromRow;
use uuid::Uuid;

use super::{Order, traces::Traces};
use crate::{
    accounts::is_named,
    app::App,
    error::{Error, Result, Startup},
    reading::{Candidate, VERSION},
    resources::library::{
        libraries,
        uploads::{self, CATALOGUE, heirs as heirs_of},
    },
    store::{Sql, Tx, sql, text::folded},
};

/// A music folder and its library.
#[derive(Clone, Debug)]
pub struct Folder {
    pub id: i64,
    pub path: String,
    pub library_id: i64,
    pub actor_id: i64,
    /// The number of this scan.
    pub scan: i64,
    /// The scan before was cut off before what follows from it was settled.
    pub is_unsettled: bool,
}

/// Finds or creates the folder that is scanned, and its library; also returns the branch of it to scan. A folder within
/// one that was scanned into the library is a branch of that one, so that no file is known twice.
pub async fn folder(app: &App, order: &Order) -> Result<(Folder, PathBuf), Startup> {
    let path = order.folder.canonicalize().map_err(|error| {
        Startup::new(format!(
            "cannot look into {}: {error}",
            order.folder.display()
        ))
    })?;
    std::fs::read_dir(&path)
        .map_err(|error| Startup::new(format!("cannot look into {}: {error}", path.display())))?;
    let not_text = || Startup::new(format!("the name of {} is not UTF-8", path.display()));
    let name = path.to_str().ok_or_else(not_text)?;
    let actor_id = actor(app, &order.user).await?;
    let library_id = library(app, order, actor_id).await?;
    let mut tx = app.db().begin().await?;
    let known = sql("select id, path from music_folders where library_id = ? order by id");
    let known: Vec<(i64, String)> = known.bind(library_id).all(&mut tx).await?;
    let (id, root) = match known.iter().find(|(_, above)| path.starts_with(above)) {
        Some(above) => above.clone(),
        None => {
            let made = sql("insert into music_folders (library_id, path) values (?, ?)
                 on conflict (library_id, path) do update set path = excluded.path returning id");
            let id = made.bind(library_id).bind(name).number(&mut tx).await?;
            (id, name.to_owned())
        }
    };
    let is_within =
        |(inner, below): &&(i64, String)| *inner != id && Path::new(below).starts_with(&root);
    for (inner, _) in known.iter().filter(is_within) {
        adopt(&mut tx, id, *inner).await?;
    }
    tx.commit().await?;
    let folder = Folder {
        id,
        path: root,
        library_id,
        actor_id,
        scan: 0,
        is_unsettled: false,
    };
    Ok((folder, path))
}

/// Takes up the files of a folder within another: songs and playlists.
async fn adopt(tx: &mut Tx, folder: i64, inner: i64) -> Result<()> {
    sql(
        "update music_files set folder_id = ?, seen = 0 where folder_id = ? and not exists
           (select 1 from music_files x where x.folder_id = ? and x.path = music_files.path)",
    )
    .bind(folder)
    .bind(inner)
    .bind(folder)
    .run(&mut *tx)
    .await?;
    sql(
        "update playlist_files set folder_id = ? where folder_id = ? and not exists
           (select 1 from playlist_files x where x.folder_id = ? and x.path = playlist_files.path)",
    )
    .bind(folder)
    .bind(inner)
    .bind(folder)
    .run(&mut *tx)
    .await?;
    sql("delete from music_folders where id = ? and not exists (select 1 from music_files x where x.folder_id = ?)")
        .bind(inner)
        .bind(inner)
        .run(tx)
        .await
        .map(|_| ())
}

async fn actor(app: &App, user: &str) -> Result<i64, Startup> {
    let found: Option<(Option<i64>,)> = sql("select actor_id from users where ")
        .append(is_named(user))
        .optional(app.db())
        .await?;
    match found {
        Some((Some(actor),)) => Ok(actor),
        Some((None,)) => Err(Startup::new(format!("the user {user} has no actor"))),
        None => Err(Startup::new(format!(
            "there is no user {user}; make one with: baleen user create {user}"
        ))),
    }
}

async fn library(app: &App, order: &Order, actor: i64) -> Result<i64, Startup> {
    let own = sql("select id from libraries where actor_id = ? and ").bind(actor);
    let uuid = order.library.parse::<Uuid>().ok();
    let named = match uuid {
        Some(uuid) => own.then("uuid = ?").bind(uuid),
        None => own
            .then("name_folded = ? order by id limit 1")
            .bind(folded(&order.library)),
    };
    match (named.optional::<(i64,)>(app.db()).await?, uuid) {
        (Some((id,)), _) => Ok(id),
        (None, Some(uuid)) => Err(Startup::new(format!(
            "{} has no library with the UUID {uuid}",
            order.user
        ))),
        (None, None) => {
            let mut tx = app.db().begin().await?;
            let new = libraries::New {
                name: &order.library,
                description: None,
                privacy_level: order.privacy,
                actor_id: actor,
            };
            let id = libraries::insert(&mut tx, app, &new).await?;
            tx.commit().await?;
            Ok(id)
        }
    }
}

/// Begins a scan: from now on, files count as seen only if this scan finds them.
pub async fn begin(app: &App, folder: &Folder) -> Result<Folder> {
    let begun = sql(
        "update music_folders set scans = scans + 1, last_scan_date = ? where id = ?
         returning scans",
    );
    let mut tx = app.db().begin().await?;
    let unsettled = sql("select count(*) from music_folders where id = ? and settled < scans");
    let unsettled = unsettled.bind(folder.id).number(&mut tx).await?;
    let begun = begun.bind(app.clock().now()).bind(folder.id);
    let scan = begun.number(&mut tx).await?;
    tx.commit().await?;
    Ok(Folder {
        scan,
        is_unsettled: unsettled > 0,
        ..folder.clone()
    })
}

/// Notes that what follows from a scan is settled.
pub async fn settled(app: &App, folder: &Folder) -> Result<()> {
    let settled = sql("update music_folders set settled = ? where id = ? and settled < ?");
    let mut tx = app.db().begin().await?;
    settled
        .bind(folder.scan)
        .bind(folder.id)
        .bind(folder.scan)
        .run(&mut tx)
        .await?;
    tx.commit().await
}

/// Files that count as duplicates, though a scan that was cut off may not have seen what they are.
pub async fn provisional(app: &App, folder: &Folder) -> Result<Vec<i64>> {
    sql(
        "select u.id from music_files f join uploads u on u.id = f.upload_id
         where f.folder_id = ? and u.import_status = 'skipped'",
    )
    .bind(folder.id)
    .ids(app.db())
    .await
}

/// A known file, as it was when it was read.
#[derive(Debug, FromRow)]
pub struct Known {
    pub path: String,
    pub upload_id: i64,
    pub size: i64,
    pub modified: i64,
    pub reader: i64,
}

impl Known {
    /// Whether the file is unchanged, and was read as it would be now.
    pub fn is(&self, candidate: &Candidate) -> bool {
        (self.size, self.modified, self.reader) == (candidate.size, candidate.modified, VERSION)
    }
}

pub async fn known(
    app: &App,
    folder: &Folder,
    candidates: &[Candidate],
) -> Result<HashMap<String, Known>> {
    let paths = candidates.iter().map(|candidate| candidate.path.clone());
    let rows: Vec<Known> = sql(
        "select path, upload_id, size, modified, reader from music_files
         where folder_id = ? and path in ?*",
    )
    .bind(folder.id)
    .bind(paths.collect::<Vec<_>>())
    .all(app.db())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.path.clone(), row))
        .collect())
}

/// Marks files as seen. Missing ones become playable again; returns these.
pub async fn seen(tx: &mut Tx, folder: &Folder, uploads: Vec<i64>) -> Result<Vec<i64>> {
    if uploads.is_empty() {
        return Ok(Vec::new());
    }
    let back = sql(
        "update uploads set import_status = 'finished', import_details = ? where id in
         (select f.upload_id from music_files f where f.upload_id in ?* and f.seen < ?)
         and import_status = 'errored' and import_details = ? returning id",
    )
    .bind(json!({}))
    .bind(uploads.clone())
    .bind(folder.scan)
    .bind(gone())
    .ids(&mut *tx)
    .await?;
    // Another scan of the folder may have a higher number.
    sql("update music_files set seen = ? where upload_id in ?* and seen < ?")
        .bind(folder.scan)
        .bind(uploads)
        .bind(folder.scan)
        .run(tx)
        .await?;
    Ok(back)
}

/// The import details of an upload whose file is missing.
pub fn gone() -> serde_json::Value {
    json!({ "error_code": "file_is_gone" })
}

/// Marks uploads below a branch that this scan did not find as missing, and deletes those that were
/// duplicates.
pub async fn mark_vanished(
    app: &App,
    folder: &Folder,
    branch: &Path,
    traces: &mut Traces,
) -> Result<u64> {
    let branch = branch.to_str().ok_or(Error::NotFound)?;
    let below = format!("{}/", branch.trim_end_matches('/'));
    let missing = sql(
        "select f.upload_id from music_files f where f.folder_id = ? and f.seen < ?
         and (f.path = ? or (f.path >= ? and f.path < ?))",
    )
    .bind(folder.id)
    .bind(folder.scan)
    .bind(branch)
    .bind(below.as_str())
    .bind(format!("{below}\u{10ffff}"));
    let mut tx = app.db().begin().await?;
    tx.take_turn(CATALOGUE).await?;
    let stored = sql("select h.id from uploads h where h.audio_file <> '' and h.id in (")
        .append(heirs_of(&missing))
        .then(")");
    let stored = stored.ids(&mut tx).await?;
    uploads::submit(&mut tx, stored, &["skipped"], app.clock().now()).await?;
    let marked = sql(
        "update uploads set import_status = 'errored', import_details = ?, modification_date = ?
         where import_status = 'finished' and id in (",
    )
    .bind(gone())
    .bind(app.clock().now())
    .append(missing.clone())
    .then(")")
    .run(&mut tx)
    .await?;
    let tracks = sql("delete from uploads where import_status = 'skipped' and id in (")
        .append(missing.clone())
        .then(") returning coalesce(track_id, 0)");
    traces.tracks.extend(tracks.ids(&mut tx).await?);
    if marked > 0 {
        traces
            .uploads
            .extend(heirs(&mut tx, folder, &missing).await?);
    }
    tx.commit().await?;
    app.add_jobs();
    Ok(marked)
}

/// Duplicates of missing files, one of which may take the place of each.
async fn heirs(tx: &mut Tx, folder: &Folder, missing: &Sql) -> Result<Vec<i64>> {
    sql(
        "select s.id from uploads s where +s.library_id = ? and s.import_status = 'skipped'
         and s.import_reference = 'scan' and s.audio_checksum in
           (select e.audio_checksum from uploads e where e.import_status = 'errored' and e.id in (",
    )
    .bind(folder.library_id)
    .append(missing.clone())
    .then("))")
    .ids(tx)
    .await
}

/// Records the path, size and modification time of an upload's file.
pub async fn note(tx: &mut Tx, folder: &Folder, upload: i64, candidate: &Candidate) -> Result<()> {
    sql(
        "insert into music_files (upload_id, folder_id, path, size, modified, seen, reader)
         values (?, ?, ?, ?, ?, ?, ?)
         on conflict (upload_id) do update set folder_id = excluded.folder_id,
           path = excluded.path, size = excluded.size, modified = excluded.modified,
           reader = excluded.reader,
           seen = case when excluded.folder_id = music_files.folder_id
               and excluded.seen < music_files.seen then music_files.seen else excluded.seen end",
    )
    .bind(upload)
    .bind(folder.id)
    .bind(candidate.path.as_str())
    .bind(candidate.size)
    .bind(candidate.modified)
    .bind(folder.scan)
    .bind(VERSION)
    .run(tx)
    .await
    .map(|_| ())
}
