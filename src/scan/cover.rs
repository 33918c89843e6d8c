//! Covers of albums: in music files, or beside them.
use std::{
    fs,
    path::{Path, PathBuf},
};

use lofty::{config::ParseOptions, file::TaggedFileExt, picture::PictureType, probe::Probe};
use tokio::task::spawn_blocking;

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
const NAMES: &[&str] = &["cover", "folder", "front", "album"];
const ENDINGS: &[&str] = &["jpg", "jpeg", "png", "webp", "gif"];

/// Gives an album without a cover the cover of one of its files; returns whether it did.
pub async fn give(app: &App, actor: i64, album: i64, track: &Path) -> Result<bool> {
    let track = track.to_owned();
    let found = spawn_blocking(move || within(&track).or_else(|| beside(&track))).await;
    let Some(fit) = found.map_err(Error::internal)? else {
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

/// The cover beside a file.
fn beside(track: &Path) -> Option<Fit> {
    let folder = track.parent()?;
    let mut found: Vec<(usize, PathBuf)> = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let part = |part: Option<&std::ffi::OsStr>| Some(part?.to_str()?.to_lowercase());
            let name = part(path.file_stem())?;
            let rank = NAMES.iter().position(|known| *known == name)?;
            let ending = part(path.extension())?;
            ENDINGS.contains(&ending.as_str()).then_some((rank, path))
        })
        .collect();
    found.sort();
    found.into_iter().find_map(|(_, path)| {
        let small = fs::metadata(&path).ok()?.len() <= MOST;
        let bytes = small.then(|| fs::read(&path).ok())??;
        taken(&path, bytes)
    })
}

fn taken(path: &Path, bytes: Vec<u8>) -> Option<Fit> {
    picture::checked(bytes)
        .inspect_err(|reason| {
            tracing::warn!(file = %path.display(), %reason, "a cover is not taken");
        })
        .ok()
}
