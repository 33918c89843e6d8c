//! Moving media files along with the rows that name them.
use std::{
    fs,
    io::ErrorKind,
    path::{Component, Path, PathBuf},
};

use crate::{
    error::Startup,
    store::{Tx, sql},
};

/// What became of the files.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Moved {
    pub files: u64,
    /// Named by a row, and not there.
    pub missing: Vec<String>,
}

/// The files that uploads and attachments name.
pub async fn named(tx: &mut Tx) -> Result<Vec<String>, Startup> {
    let rows: Vec<(String,)> = sql("select audio_file from uploads where audio_file <> ''
         union select file from attachments where file <> ''")
    .all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// Links or copies the files into the media folder; those that were made are taken away again
/// when it fails.
pub fn move_along(files: &[String], from: &Path, to: &Path, mut step: impl FnMut()) -> Result<Moved, Startup> {
    let mut moved = Moved::default();
    let mut made = Vec::new();
    for file in files {
        match place(file, from, to) {
            Ok(Some(path)) => {
                made.push(path);
                moved.files += 1;
            }
            Ok(None) => moved.missing.push(file.clone()),
            Err(error) => {
                for path in made {
                    // Best effort: the failure itself is what must be told.
                    let _ = fs::remove_file(path);
                }
                return Err(error);
            }
        }
        step();
    }
    Ok(moved)
}

fn place(file: &str, from: &Path, to: &Path) -> Result<Option<PathBuf>, Startup> {
    let relative = Path::new(file);
    if !relative.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(Startup::new(format!("{file:?} is not a path within the media folder")));
    }
    let (source, target) = (from.join(relative), to.join(relative));
    if !source.is_file() {
        return Ok(None);
    }
    let failed = |error: std::io::Error| {
        Startup::caused(format!("cannot copy {} to {}", source.display(), target.display()), error)
    };
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    match fs::hard_link(&source, &target) {
        Ok(()) => Ok(Some(target)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(Startup::new(format!("{} is there already", target.display())))
        }
        // Another file system: links do not reach there.
        Err(_) => fs::copy(&source, &target).map_err(failed).map(|_| Some(target)),
    }
}
