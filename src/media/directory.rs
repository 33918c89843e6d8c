//! The music directory: the folder that administrators may look into and scan over the API.
use std::{
    fs,
    path::{Component, Path, PathBuf},
};

/// Maximum number of entries of a folder that are listed.
const LISTED: usize = 10_000;

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub is_folder: bool,
}

/// The folder with this path below the music directory, if there is one. Links that lead out of the music directory
/// lead nowhere.
pub fn within(root: &Path, path: &str) -> Option<PathBuf> {
    let below = Path::new(path.trim_matches('/'));
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    if path.contains('\0') || !below.components().all(is_plain) {
        return None;
    }
    let root = root.canonicalize().ok()?;
    let folder = root.join(below).canonicalize().ok()?;
    (folder.starts_with(&root) && folder.is_dir()).then_some(folder)
}

/// What lies in a folder, folders first, by name. Names that begin with a dot, and names that are not UTF-8, are left
/// out.
pub fn list(folder: &Path) -> Vec<Entry> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let shown = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        let name = entry.file_name().into_string().ok()?;
        let is_folder = entry.path().is_dir();
        (!name.starts_with('.')).then_some(Entry { name, is_folder })
    });
    let mut shown: Vec<Entry> = shown.take(LISTED).collect();
    shown.sort_by(|one, other| (!one.is_folder, &one.name).cmp(&(!other.is_folder, &other.name)));
    shown
}
