//! Covers of albums: the picture in a music file or beside it, again when that picture has changed.
mod pictures;

use std::path::{Path, PathBuf};

use sqlx::FromRow;
use tokio::task::spawn_blocking;

use self::pictures::{Found, Origin};
use super::files::Folder;
use crate::{
    app::App,
    error::{Error, Result},
    media::picture::Stored,
    reading::Candidate,
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

/// Gives an album without a cover the picture in a file that was uploaded. What lies beside that is not its album's.
pub async fn give_own(app: &App, actor: i64, album: i64, track: String) -> Result<bool> {
    if !is_bare(app, album).await? {
        return Ok(false);
    }
    take(app, actor, (album, None), move || {
        pictures::within(Path::new(&track))
    })
    .await
}

/// Whether an album has no cover, and nobody decided that.
pub async fn is_bare(app: &App, album: i64) -> Result<bool> {
    let bare =
        sql("select al.id from albums al where al.id = ? and al.attachment_cover_id is null and ")
            .bind(album)
            .then(UNDECIDED);
    Ok(bare.optional::<(i64,)>(app.db()).await?.is_some())
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
    checksum: Option<String>,
    /// Whether that file is a music file of the album by now.
    is_own: bool,
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
        if is_unchanged {
            return None;
        }
        pictures::again(path, self.is_own)
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
            let held = row.attachment_id.zip(row.checksum.clone());
            match take(app, folder.actor_id, (row.album_id, held), move || {
                row.look()
            })
            .await
            {
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
        "select t.album_id, min(f.path) as track, c.attachment_id, c.path, c.size, c.modified, c.checksum,
           exists (select 1 from music_files m join uploads mu on mu.id = m.upload_id
             join tracks mt on mt.id = mu.track_id
             where m.folder_id = ? and m.path = c.path and mt.album_id = t.album_id) as is_own
         from music_files f join uploads u on u.id = f.upload_id
         join tracks t on t.id = u.track_id join albums al on al.id = t.album_id
         left join album_covers c on c.album_id = al.id and c.attachment_id = al.attachment_cover_id
         where f.folder_id = ? and f.path >= ? and f.path < ?
           and (c.album_id is not null or al.attachment_cover_id is null and ",
    )
    .bind(folder.id)
    .bind(folder.id)
    .bind(below.as_str())
    .bind(format!("{below}\u{10ffff}"))
    .then(UNDECIDED)
    .then(") group by t.album_id, c.attachment_id, c.path, c.size, c.modified, c.checksum")
    .all(app.db())
    .await
}

/// Condition on an album `al`: nobody has chosen its cover, or that it has none.
const UNDECIDED: &str =
    "not exists (select 1 from mutations e where e.album_id = al.id and e.is_applied
    and cast(e.payload as text) like '%\"cover\"%')";

/// Gives an album the picture that is found, in place of the cover that it has, unless that is the same.
async fn take(
    app: &App,
    actor: i64,
    (album, held): (i64, Option<(i64, String)>),
    find: impl FnOnce() -> Option<Found> + Send + 'static,
) -> Result<bool> {
    let found = spawn_blocking(find).await.map_err(Error::internal)?;
    let Some(Found { fit, origin }) = found else {
        return Ok(false);
    };
    if let Some((old, checksum)) = &held
        && *checksum == origin.checksum
    {
        let mut tx = app.db().begin().await?;
        note(&mut tx, (album, *old), &origin).await?;
        tx.commit().await?;
        return Ok(false);
    }
    let old = held.map(|(old, _)| old);
    let pictures = &app.media().pictures;
    let stored = pictures.store(fit).await?;
    let given = insert(app, actor, (album, old), (&stored, &origin)).await;
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
    (stored, origin): (&Stored, &Origin),
) -> Result<Option<Vec<String>>> {
    let mut tx = app.db().begin().await?;
    let id = attachments::insert(&mut tx, actor, stored, app.clock().now()).await?;
    let give = sql("update albums set attachment_cover_id = ? where id = ?
         and attachment_cover_id is not distinct from ?");
    if give.bind(id).bind(album).bind(old).run(&mut tx).await? == 0 {
        return Ok(None);
    }
    note(&mut tx, (album, id), origin).await?;
    let unused = attachments::discard(&mut tx, old.into_iter().collect()).await?;
    tx.commit().await?;
    Ok(Some(unused))
}

/// Records the file that a cover was taken from, as it was.
async fn note(tx: &mut Tx, (album, attachment): (i64, i64), origin: &Origin) -> Result<()> {
    sql(
        "insert into album_covers (album_id, attachment_id, path, size, modified, checksum) values (?, ?, ?, ?, ?, ?)
         on conflict (album_id) do update set attachment_id = excluded.attachment_id, path = excluded.path,
           size = excluded.size, modified = excluded.modified, checksum = excluded.checksum",
    )
    .bind(album)
    .bind(attachment)
    .bind(origin.file.path.as_str())
    .bind(origin.file.size)
    .bind(origin.file.modified)
    .bind(origin.checksum.as_str())
    .run(tx)
    .await
    .map(|_| ())
}
