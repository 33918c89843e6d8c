//! Importing media files along with the rows that name them.
use std::{
    fs,
    io::ErrorKind,
    path::{Component, Path, PathBuf},
};

use crate::{
    error::Startup,
    store::{Tx, sql},
};

/// The result: imported files at their new paths, and missing ones.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Moved {
    pub files: Vec<PathBuf>,
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

/// Links or copies the files into the media folder. If this fails, the new files are removed again.
pub fn move_along(
    files: &[String],
    from: &Path,
    to: &Path,
    mut step: impl FnMut(),
) -> Result<Moved, Startup> {
    let mut moved = Moved::default();
    for file in files {
        match place(file, from, to) {
            Ok(Some(path)) => moved.files.push(path),
            Ok(None) => moved.missing.push(file.clone()),
            Err(error) => {
                moved.take_back();
                return Err(error);
            }
        }
        step();
    }
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

fn place(file: &str, from: &Path, to: &Path) -> Result<Option<PathBuf>, Startup> {
    let relative = Path::new(file);
    if !relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return Err(Startup::new(format!(
            "{file:?} is not a path within the media folder"
        )));
    }
    let (source, target) = (from.join(relative), to.join(relative));
    if !source.is_file() {
        return Ok(None);
    }
    let failed = |error: std::io::Error| {
        Startup::caused(
            format!("cannot copy {} to {}", source.display(), target.display()),
            error,
        )
    };
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    match fs::hard_link(&source, &target) {
        Ok(()) => Ok(Some(target)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Startup::new(format!(
            "{} is there already",
            target.display()
        ))),
        // Hard links do not work across file systems.
        Err(_) => fs::copy(&source, &target)
            .map_err(failed)
            .map(|_| Some(target)),
    }
}
