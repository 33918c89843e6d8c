//! Playlist files (M3U) of music folders. A playlist follows its file until somebody changes it or removes it.
mod text;

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read},
    path::Path,
};

use sqlx::FromRow;
use tokio::task::spawn_blocking;
use unicode_normalization::UnicodeNormalization;

use self::text::Text;
use super::{Report, Skipped, files::Folder};
use crate::{
    app::App,
    error::{Error, Result},
    resources::listening::playlists::{append, insert, tidied},
    stop::Stop,
    store::{Tx, sql},
    time::Timestamp,
};

/// Longer files are not read.
const LONGEST: u64 = 4 << 20;
/// Number of paths in a statement.
const AT_ONCE: usize = 500;

/// Who gets the playlists of a folder.
struct Owner {
    user_id: i64,
    privacy_level: String,
    /// Maximum number of tracks in a playlist.
    most: usize,
}

/// A playlist as its file has it.
struct Listed<'a> {
    path: &'a str,
    name: String,
    tracks: Vec<i64>,
}

/// A file that became a playlist before.
#[derive(FromRow)]
struct Known {
    id: i64,
    path: String,
    /// `None`: its owner removed the playlist.
    playlist_id: Option<i64>,
}

/// Makes the playlists what their files say.
pub async fn settle(
    app: &App,
    folder: &Folder,
    files: &[String],
    stop: &Stop,
    report: &mut Report,
) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let owner = owner(app, folder).await?;
    for path in files {
        if stop.is_told() {
            break;
        }
        let followed = follow(app, folder, &owner, path, report).await;
        followed.unwrap_or_else(|error| {
            error.log();
            report.skip(told(path, format!("it cannot be stored: {error}")));
        });
    }
    Ok(())
}

fn told(path: &str, reason: String) -> Skipped {
    let path = path.to_owned();
    Skipped { path, reason }
}

async fn owner(app: &App, folder: &Folder) -> Result<Owner> {
    let owner = sql(
        "select u.id, l.privacy_level from users u, libraries l where u.actor_id = ? and l.id = ?",
    );
    let owner = owner.bind(folder.actor_id).bind(folder.library_id);
    let (user_id, privacy_level) = owner.one(app.db()).await?;
    Ok(Owner {
        user_id,
        privacy_level,
        most: app.preferences().await?.max_playlist_tracks(),
    })
}

async fn follow(
    app: &App,
    folder: &Folder,
    owner: &Owner,
    path: &str,
    report: &mut Report,
) -> Result<()> {
    let from = path.to_owned();
    let read = spawn_blocking(move || read(Path::new(&from))).await;
    let text = match read.map_err(Error::internal)? {
        Ok(text) => text,
        Err(reason) => {
            report.skip(told(path, reason.to_string()));
            return Ok(());
        }
    };
    let (tracks, missing) = tracks(app, folder, &text.paths).await?;
    if missing > 0 {
        let lines = text.paths.len();
        let reason = format!("{missing} of its {lines} songs are not in this folder");
        report.in_part(told(path, reason));
    }
    if tracks.len() > owner.most {
        let reason = format!(
            "only its first {} songs are taken, as many as a playlist may have",
            owner.most
        );
        report.in_part(told(path, reason));
    }
    let beside = Path::new(path).file_stem().unwrap_or_default();
    let name = text.name.and_then(|name| tidied(&name));
    let listed = Listed {
        path,
        name: name
            .or_else(|| tidied(&beside.to_string_lossy()))
            .unwrap_or_else(|| "Playlist".to_owned()),
        tracks: tracks.into_iter().take(owner.most).collect(),
    };
    let written = write(app, folder, owner, &listed).await?;
    report.playlists += u64::from(written);
    Ok(())
}

fn read(path: &Path) -> io::Result<Text> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(LONGEST + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::other("it has more than 4 MiB"));
    }
    let text = text::read(&bytes, path.parent().unwrap_or(Path::new("/")));
    text.ok_or_else(|| io::Error::other("it lists the pieces of a stream, not songs"))
}

/// The tracks of files of a folder, in their order, and how many of the files are not there. A name may be spelled
/// with other code points in the playlist than on disk (Unicode NFC and NFD).
async fn tracks(app: &App, folder: &Folder, paths: &[Option<String>]) -> Result<(Vec<i64>, usize)> {
    let mut tracks = Vec::with_capacity(paths.len());
    for paths in paths.chunks(AT_ONCE) {
        let spelled = paths.iter().flatten();
        let spelled =
            spelled.flat_map(|path| [path.clone(), path.nfc().collect(), path.nfd().collect()]);
        let mut spelled = Vec::from_iter(spelled);
        spelled.sort_unstable();
        spelled.dedup();
        let known = sql(
            "select f.path, u.track_id from music_files f join uploads u on u.id = f.upload_id
             where f.folder_id = ? and u.track_id is not null and f.path in ?*",
        );
        let known = known.bind(folder.id).bind(spelled);
        let known: Vec<(String, i64)> = known.all(app.db()).await?;
        let exact: HashMap<&str, i64> = known
            .iter()
            .map(|(path, track)| (path.as_str(), *track))
            .collect();
        let alike: HashMap<String, i64> = known
            .iter()
            .map(|(path, track)| (path.nfc().collect(), *track))
            .collect();
        let track = |path: &String| {
            let exact = exact.get(path.as_str()).copied();
            exact.or_else(|| alike.get(&path.nfc().collect::<String>()).copied())
        };
        tracks.extend(paths.iter().flatten().filter_map(track));
    }
    let missing = paths.len() - tracks.len();
    Ok((tracks, missing))
}

/// Returns whether a playlist was made or changed.
async fn write(app: &App, folder: &Folder, owner: &Owner, listed: &Listed<'_>) -> Result<bool> {
    let now = app.clock().now();
    let known = known(app, folder, owner, listed).await?;
    let mut tx = app.db().begin().await?;
    let written = match known {
        Some(known) => rewrite(&mut tx, &known, listed, now).await?,
        None => create(&mut tx, folder, owner, listed, now).await?,
    };
    tx.commit().await?;
    Ok(written)
}

/// The file as it was known, also at another path where it is not any more.
async fn known(
    app: &App,
    folder: &Folder,
    owner: &Owner,
    listed: &Listed<'_>,
) -> Result<Option<Known>> {
    let known =
        sql("select id, path, playlist_id from playlist_files where folder_id = ? and path = ?");
    let known = known.bind(folder.id).bind(listed.path);
    if let Some(known) = known.optional::<Known>(app.db()).await? {
        return Ok(Some(known));
    }
    let alike = sql(
        "select f.id, f.path, f.playlist_id from playlist_files f join playlists p on p.id = f.playlist_id
         where f.folder_id = ? and p.user_id = ? and p.name = ? order by f.id",
    );
    let alike = alike
        .bind(folder.id)
        .bind(owner.user_id)
        .bind(listed.name.as_str());
    let alike: Vec<Known> = alike.all(app.db()).await?;
    let is_gone = |known: &Known| matches!(Path::new(&known.path).try_exists(), Ok(false));
    Ok(alike.into_iter().find(is_gone))
}

/// Gives the playlist of a file the tracks that the file has by now, unless its owner changed or removed it.
async fn rewrite(tx: &mut Tx, known: &Known, listed: &Listed<'_>, now: Timestamp) -> Result<bool> {
    let Some(playlist) = known.playlist_id else {
        return Ok(false);
    };
    let untouched = sql("select id from playlists where id = ?
           and modification_date = (select written_date from playlist_files where id = ?)");
    let untouched = untouched.bind(playlist).bind(known.id);
    tx.lock(untouched.clone()).await?;
    if untouched.ids(&mut *tx).await?.is_empty() {
        return Ok(false);
    }
    sql("update playlist_files set path = ? where id = ?")
        .bind(listed.path)
        .bind(known.id)
        .run(&mut *tx)
        .await?;
    let tracks =
        sql("select track_id from playlist_tracks where playlist_id = ? order by position, id");
    if tracks.bind(playlist).ids(&mut *tx).await? == listed.tracks {
        return Ok(false);
    }
    let gone = sql("delete from playlist_tracks where playlist_id = ?").bind(playlist);
    gone.run(&mut *tx).await?;
    append(tx, playlist, 0, &listed.tracks, now).await?;
    sql("update playlists set modification_date = ? where id = ?")
        .bind(now)
        .bind(playlist)
        .run(&mut *tx)
        .await?;
    sql("update playlist_files set written_date = ? where id = ?")
        .bind(now)
        .bind(known.id)
        .run(tx)
        .await?;
    Ok(true)
}

/// Makes a playlist of a new file, unless it has no song, or another scan did meanwhile.
async fn create(
    tx: &mut Tx,
    folder: &Folder,
    owner: &Owner,
    listed: &Listed<'_>,
    now: Timestamp,
) -> Result<bool> {
    if listed.tracks.is_empty() {
        return Ok(false);
    }
    let noted = sql(
        "insert into playlist_files (folder_id, path, written_date) values (?, ?, ?)
         on conflict (folder_id, path) do nothing returning id",
    );
    let noted = noted.bind(folder.id).bind(listed.path).bind(now);
    let Some((file,)) = noted.optional::<(i64,)>(&mut *tx).await? else {
        return Ok(false);
    };
    let playlist = (listed.name.as_str(), Some(owner.privacy_level.as_str()));
    let playlist = insert(tx, owner.user_id, playlist, now).await?;
    append(tx, playlist, 0, &listed.tracks, now).await?;
    sql("update playlist_files set playlist_id = ? where id = ?")
        .bind(playlist)
        .bind(file)
        .run(tx)
        .await?;
    Ok(true)
}
