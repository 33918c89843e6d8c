//! Importing media files along with the rows that name them.
use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, BufRead, BufReader},
    path::{Component, Path, PathBuf},
};

use crate::{
    error::Startup,
    store::{Tx, sql},
};

/// The result: imported files at their new paths, and missing ones.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Those that were not there before.
    pub files: Vec<PathBuf>,
    /// How many were there already, as an import that was interrupted leaves them.
    pub kept: usize,
    /// Named by a row but not found.
    pub missing: Vec<String>,
}

/// The files named by uploads and attachments.
pub async fn named(tx: &mut Tx) -> Result<Vec<String>, Startup> {
    let rows: Vec<(String,)> = sql("select audio_file from uploads where audio_file <> ''
         union select file from attachments where file <> ''")
    .all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// The files that are not in the folder. Fails if one is named by a path that leads out of it.
pub fn missing(files: &[String], from: &Path) -> Result<Vec<String>, Startup> {
    if !from.is_dir() {
        let line = format!("{} is not a folder of media", from.display());
        return Err(Startup::new(line));
    }
    let mut missing = Vec::new();
    for file in files {
        if !from.join(inside(file)?).is_file() {
            missing.push(file.clone());
        }
    }
    Ok(missing)
}

/// Links or copies the files into the media folder; the missing ones were looked for before. If this
/// fails, the new files are removed again.
pub fn move_along(
    files: &[String],
    (from, to): (&Path, &Path),
    missing: Vec<String>,
    mut step: impl FnMut(),
) -> Result<Moved, Startup> {
    let left_out: HashSet<&String> = missing.iter().collect();
    let mut moved = Moved::default();
    for file in files.iter().filter(|file| !left_out.contains(file)) {
        match place(file, from, to) {
            Ok(Some(path)) => moved.files.push(path),
            Ok(None) => moved.kept += 1,
            Err(error) => {
                moved.take_back();
                return Err(error);
            }
        }
        step();
    }
    moved.missing = missing;
    Ok(moved)
}

impl Moved {
    /// Removes the files again. Errors are ignored, because the original failure is reported.
    pub fn take_back(&self) {
        for path in &self.files {
            let _ = fs::remove_file(path);
        }
    }
}

/// The path that a row names, if it stays within the media folder.
fn inside(file: &str) -> Result<&Path, Startup> {
    let path = Path::new(file);
    let is_plain = |part| matches!(part, Component::Normal(_));
    match path.components().all(is_plain) {
        true => Ok(path),
        false => Err(Startup::new(format!(
            "{file:?} is not a path within the media folder"
        ))),
    }
}

/// The new file; `None` if the same one is there.
fn place(file: &str, from: &Path, to: &Path) -> Result<Option<PathBuf>, Startup> {
    let relative = inside(file)?;
    let (source, target) = (from.join(relative), to.join(relative));
    let failed = |error: io::Error| {
        Startup::caused(
            format!("cannot copy {} to {}", source.display(), target.display()),
            error,
        )
    };
    let folder = target.parent().unwrap_or(to);
    fs::create_dir_all(folder).map_err(failed)?;
    match fs::hard_link(&source, &target) {
        Ok(()) => Ok(Some(target)),
        Err(_) if target.exists() => match is_same(&source, &target).map_err(failed)? {
            true => Ok(None),
            false => Err(Startup::new(format!(
                "{} is there already, and is another file",
                target.display()
            ))),
        },
        // Hard links do not work across file systems.
        Err(_) => {
            let unfinished = folder.join(format!(".{}", crate::random::uuid().simple()));
            let copied = fs::copy(&source, &unfinished);
            let placed = copied.and_then(|_| fs::rename(&unfinished, &target));
            placed.map_err(|error| {
                // Ignored, because the original failure is reported.
                let _ = fs::remove_file(&unfinished);
                failed(error)
            })?;
            Ok(Some(target))
        }
    }
}

/// Whether two files have the same bytes.
fn is_same(left: &Path, right: &Path) -> io::Result<bool> {
    if fs::metadata(left)?.len() != fs::metadata(right)?.len() {
        return Ok(false);
    }
    let mut files = [File::open(left)?, File::open(right)?].map(BufReader::new);
    loop {
        let [left, right] = &mut files;
        let (one, other) = (left.fill_buf()?, right.fill_buf()?);
        let length = one.len().min(other.len());
        if one[..length] != other[..length] {
            return Ok(false);
        }
        if length == 0 {
            return Ok(one.is_empty() && other.is_empty());
        }
        left.consume(length);
        right.consume(length);
    }
}
