//! Finding the picture of an album: in its music files, or beside them.
use std::{
    fs,
    path::{Path, PathBuf},
};

use lofty::{config::ParseOptions, file::TaggedFileExt, picture::PictureType, probe::Probe};
use sha2::{Digest, Sha256};

use crate::{
    hex::hex,
    media::picture::{self, Fit},
    reading::{Candidate, album_folder},
};

/// A picture, and where it was found.
pub struct Found {
    pub fit: Fit,
    pub origin: Origin,
}

/// The file that a picture came from, as it was, and the checksum of the picture.
pub struct Origin {
    pub file: Candidate,
    pub checksum: String,
}

/// Maximum size of a cover in bytes.
const MOST: u64 = 16 << 20;

/// File names of covers, best first, and their extensions.
const NAMES: &[&str] = &["cover", "folder", "front", "album", "artwork"];
const ENDINGS: &[&str] = &["jpg", "jpeg", "png", "webp", "gif"];
/// Folders of pictures within that of an album.
const FOLDERS: &[&str] = &["art", "artwork", "cover", "covers", "scans"];

/// The cover in a file: the picture marked as front cover, otherwise the first picture.
pub fn within(track: &Path) -> Option<Found> {
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
pub fn beside(track: &Path) -> Option<Found> {
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
            found.into_iter().find_map(|(_, path)| picture(&path))
        })
}

/// The picture in a file that a cover was taken from before. A music file may belong to another album by now.
pub fn again(path: &Path, is_own: bool) -> Option<Found> {
    match ending(path).is_some_and(|ending| ENDINGS.contains(&ending.as_str())) {
        true => picture(path),
        false => is_own.then(|| within(path))?,
    }
}

fn picture(path: &Path) -> Option<Found> {
    let small = fs::metadata(path).ok()?.len() <= MOST;
    let bytes = small.then(|| fs::read(path).ok())??;
    taken(path, bytes)
}

fn ending(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_lowercase())
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
        let ending = ending(path)?;
        let name = path.file_stem()?.to_str()?.to_lowercase();
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

fn taken(path: &Path, bytes: Vec<u8>) -> Option<Found> {
    // As it was before the picture is used: a later change is seen.
    let file = Candidate::at(path)?;
    let warn = |reason: &picture::Unfit| tracing::warn!(file = %path.display(), %reason, "a cover is not taken");
    let checksum = hex(Sha256::digest(&bytes));
    let fit = picture::checked(bytes).inspect_err(warn).ok()?;
    let origin = Origin { file, checksum };
    Some(Found { fit, origin })
}
