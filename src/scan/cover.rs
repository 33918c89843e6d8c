//! Covers of albums: in music files, or beside them.
use std::{
    fs,
    path::{Path, PathBuf},
};

use lofty::{config::ParseOptions, file::TaggedFileExt, picture::PictureType, probe::Probe};
use tokio::task::spawn_blocking;

use super::reading::album_folder;
use crate::{
    app::App,
    error::{Error, Result},
    media::picture::{self, Fit, Stored},
    resources::library::attachments,
    store::sql,
};

/// Maximum size of a cover in bytes.
const MOST: u64 = 16 << 20;

/// File names of covers, best first, and their extensions.
const NAMES: &[&str] = &["cover", "folder", "front", "album", "artwork"];
const ENDINGS: &[&str] = &["jpg", "jpeg", "png", "webp", "gif"];
/// Folders of pictures within that of an album.
const FOLDERS: &[&str] = &["art", "artwork", "cover", "covers", "scans"];

/// Gives an album without a cover the picture in one of these files, otherwise the one beside them; returns
/// whether it did.
pub async fn give(app: &App, actor: i64, album: i64, tracks: Vec<String>) -> Result<bool> {
    let found = spawn_blocking(move || {
        let mut tracks = tracks.iter().map(Path::new);
        let first = tracks.clone().next();
        tracks.find_map(within).or_else(|| beside(first?))
    });
    take(app, actor, album, found.await.map_err(Error::internal)?).await
}

/// Gives an album without a cover the picture beside one of its files; returns whether it did.
pub async fn give_beside(app: &App, actor: i64, album: i64, track: String) -> Result<bool> {
    let found = spawn_blocking(move || beside(Path::new(&track)));
    take(app, actor, album, found.await.map_err(Error::internal)?).await
}

async fn take(app: &App, actor: i64, album: i64, found: Option<Fit>) -> Result<bool> {
    let Some(fit) = found else {
        return Ok(false);
    };
    let pictures = &app.media().pictures;
    let stored = pictures.store(fit).await?;
    let given = insert(app, actor, album, &stored).await;
    if !matches!(given, Ok(true)) {
        pictures.remove(&stored.file).await;
    }
    given
}

/// Writes the cover, unless the album got one in the meantime.
async fn insert(app: &App, actor: i64, album: i64, stored: &Stored) -> Result<bool> {
    let mut tx = app.db().begin().await?;
    let id = attachments::insert(&mut tx, actor, stored, app.clock().now()).await?;
    let given = sql(
        "update albums set attachment_cover_id = ? where id = ? and attachment_cover_id is null",
    );
    let given = given.bind(id).bind(album).run(&mut tx).await?;
    if given == 0 {
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}

/// The cover in a file: the picture marked as front cover, otherwise the first picture.
fn within(track: &Path) -> Option<Fit> {
    let options = ParseOptions::new().read_properties(false);
    let probe = Probe::open(track).ok()?.options(options);
    let file = probe.guess_file_type().ok()?.read().ok()?;
    let tag = file.primary_tag().or_else(|| file.first_tag())?;
    let picture = tag
        .get_picture_type(PictureType::CoverFront)
        .or_else(|| tag.pictures().first())?;
    let small = picture.data().len() as u64 <= MOST;
    small.then(|| taken(track, picture.data().to_vec()))?
}

/// The cover beside a file, in a folder of pictures beside it, or above the folder of a disc.
fn beside(track: &Path) -> Option<Fit> {
    let folder = track.parent()?;
    let above = album_folder(track).filter(|above| *above != folder);
    [Some(folder), above]
        .into_iter()
        .flatten()
        .find_map(|folder| {
            let mut found = covers(folder);
            for inner in entries(folder).filter(|path| path.is_dir() && is_named(path, FOLDERS)) {
                found.extend(covers(&inner));
            }
            found.sort();
            found.into_iter().find_map(|(_, path)| {
                let small = fs::metadata(&path).ok()?.len() <= MOST;
                let bytes = small.then(|| fs::read(&path).ok())??;
                taken(&path, bytes)
            })
        })
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path()))
}

fn is_named(path: &Path, names: &[&str]) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| names.contains(&name.to_lowercase().as_str()))
}

/// The pictures of a folder that are named as covers are; the best have the lowest number.
fn covers(folder: &Path) -> Vec<(usize, PathBuf)> {
    let rank = |path: &Path| {
        let part = |part: Option<&std::ffi::OsStr>| Some(part?.to_str()?.to_lowercase());
        let ending = part(path.extension())?;
        let name = part(path.file_stem())?;
        let exact = NAMES.iter().position(|known| *known == name);
        let alike = || {
            let is_alike =
                name.starts_with("albumart") || name.contains("front") || name.contains("cover");
            let small = usize::from(name.contains("small"));
            is_alike.then_some(NAMES.len() + small)
        };
        ENDINGS
            .contains(&ending.as_str())
            .then(|| exact.or_else(alike))?
    };
    entries(folder)
        .filter_map(|path| Some((rank(&path)?, path)))
        .collect()
}

fn taken(path: &Path, bytes: Vec<u8>) -> Option<Fit> {
    picture::checked(bytes)
        .inspect_err(|reason| {
            tracing::warn!(file = %path.display(), %reason, "a cover is not taken");
        })
        .ok()
}
