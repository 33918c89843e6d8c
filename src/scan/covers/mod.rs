//! Covers of albums: the picture in a music file or beside it, again when that picture has changed.
mod pictures;

use std::path::{Path, PathBuf};

use sqlx::FromRow;
use tokio::task::spawn_blocking;

use self::pictures::Found;
use super::{files::Folder, walk::Candidate};
use crate::{
    app::App,
    error::{Error, Result},
    media::picture::Stored,
    resources::library::attachments,
    stop::Stop,
    store::{Tx, sql},
};

/// Gives an album without a cover the picture in one of these files, otherwise the one beside them; returns
/// whether it did.
pub async fn give(app: &App, actor: i64, album: i64, tracks: Vec<String>) -> Result<bool> {
    let find = move || {
        let mut tracks = tracks.iter().map(Path::new);
        let first = tracks.clone().next();
        tracks
            .find_map(pictures::within)
            .or_else(|| pictures::beside(first?))
    };
    take(app, actor, (album, None), find).await
}

/// An album, one of its files, and the cover that it got from a scan.
#[derive(Debug, FromRow)]
struct Row {
    album_id: i64,
    track: String,
    attachment_id: Option<i64>,
    path: Option<String>,
    size: Option<i64>,
    modified: Option<i64>,
}

impl Row {
    /// Looks for the picture, unless it is as it was.
    fn look(&self) -> Option<Found> {
        let beside = || pictures::beside(Path::new(&self.track));
        let Some(path) = self.path.as_deref().map(Path::new) else {
            return beside();
        };
        let Some(now) = Candidate::at(path) else {
            return beside();
        };
        let is_unchanged = (Some(now.size), Some(now.modified)) == (self.size, self.modified);
        (!is_unchanged).then(|| pictures::again(path))?
    }
}

/// Gives the albums of some branches the picture that lies beside them by now, where they have no cover, or where
/// theirs came from a picture that has changed; returns how many it gave.
pub async fn settle(app: &App, folder: &Folder, branches: &[PathBuf], stop: &Stop) -> Result<u64> {
    let mut given = 0;
    for branch in branches.iter().filter_map(|branch| branch.to_str()) {
        for row in rows(app, folder, branch).await? {
            if stop.is_told() {
                return Ok(given);
            }
            let album = (row.album_id, row.attachment_id);
            match take(app, folder.actor_id, album, move || row.look()).await {
                Ok(is_given) => given += u64::from(is_given),
                Err(error) => error.log(),
            }
        }
    }
    Ok(given)
}

async fn rows(app: &App, folder: &Folder, branch: &str) -> Result<Vec<Row>> {
    let below = format!("{}/", branch.trim_end_matches('/'));
    sql(
        "select t.album_id, min(f.path) as track, c.attachment_id, c.path, c.size, c.modified
         from music_files f join uploads u on u.id = f.upload_id
         join tracks t on t.id = u.track_id join albums al on al.id = t.album_id
         left join album_covers c on c.album_id = al.id and c.attachment_id = al.attachment_cover_id
         where f.folder_id = ? and f.path >= ? and f.path < ?
           and (al.attachment_cover_id is null or c.album_id is not null)
         group by t.album_id, c.attachment_id, c.path, c.size, c.modified",
    )
    .bind(folder.id)
    .bind(below.as_str())
    .bind(format!("{below}\u{10ffff}"))
    .all(app.db())
    .await
}

/// Gives an album the picture that is found, in place of the cover that it has.
async fn take(
    app: &App,
    actor: i64,
    (album, old): (i64, Option<i64>),
    find: impl FnOnce() -> Option<Found> + Send + 'static,
) -> Result<bool> {
    let Some(found) = spawn_blocking(find).await.map_err(Error::internal)? else {
        return Ok(false);
    };
    let pictures = &app.media().pictures;
    let stored = pictures.store(found.fit).await?;
    let given = insert(app, actor, (album, old), (&stored, &found.file)).await;
    match &given {
        Ok(Some(unused)) => {
            for file in unused {
                pictures.remove(file).await;
            }
        }
        _ => pictures.remove(&stored.file).await,
    }
    given.map(|given| given.is_some())
}

/// Writes the cover, unless the album got another in the meantime; returns the files of the pictures that nothing
/// uses any more.
async fn insert(
    app: &App,
    actor: i64,
    (album, old): (i64, Option<i64>),
    (stored, file): (&Stored, &Candidate),
) -> Result<Option<Vec<String>>> {
    let mut tx = app.db().begin().await?;
    let id = attachments::insert(&mut tx, actor, stored, app.clock().now()).await?;
    let give = sql("update albums set attachment_cover_id = ? where id = ?
         and attachment_cover_id is not distinct from ?");
    if give.bind(id).bind(album).bind(old).run(&mut tx).await? == 0 {
        return Ok(None);
    }
    note(&mut tx, (album, id), file).await?;
    let unused = attachments::discard(&mut tx, old.into_iter().collect()).await?;
    tx.commit().await?;
    Ok(Some(unused))
}

/// Records the file that a cover was taken from, as it was.
async fn note(tx: &mut Tx, (album, attachment): (i64, i64), file: &Candidate) -> Result<()> {
    sql(
        "insert into album_covers (album_id, attachment_id, path, size, modified) values (?, ?, ?, ?, ?)
         on conflict (album_id) do update set attachment_id = excluded.attachment_id, path = excluded.path,
           size = excluded.size, modified = excluded.modified",
    )
    .bind(album)
    .bind(attachment)
    .bind(file.path.as_str())
    .bind(file.size)
    .bind(file.modified)
    .run(tx)
    .await
    .map(|_| ())
}
