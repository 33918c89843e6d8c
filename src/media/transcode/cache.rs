//! The cache of conversions: files in a folder for each upload.
use std::{fs, path::Path, time::SystemTime};

use uuid::Uuid;

use super::format::Target;

/// The folder of conversions; in the media folder, so that reverse proxies can send them.
pub const FOLDER: &str = "transcoded";

/// The folder of an upload's conversions, in the media folder.
pub fn folder(upload: Uuid) -> String {
    let name = upload.simple().to_string();
    format!("{FOLDER}/{}/{}/{name}", &name[..2], &name[2..4])
}

/// The version of a source: its size and modification time.
pub fn version(source: &Path) -> Option<String> {
    let metadata = fs::metadata(source).ok()?;
    let modified = metadata
        .modified()
        .ok()?
        .duration_since(SystemTime::UNIX_EPOCH);
    let nanos = modified.ok()?.as_nanos();
    Some(format!("{:x}_{nanos:x}", metadata.len()))
}

/// The file name of a finished conversion.
pub fn file_name(target: Target, version: &str) -> String {
    let (bitrate, extension) = (target.bitrate, target.format.extension());
    format!("{bitrate}-{}.{extension}", part(target, version))
}

/// The version of a source, or of what follows its beginning.
fn part(target: Target, version: &str) -> String {
    match target.start {
        0 => version.to_owned(),
        start => format!("{version}_from{start}"),
    }
}

/// A cached conversion with a bitrate within a fifth of the requested one.
pub fn find(folder: &Path, target: Target, version: &str) -> Option<String> {
    let wanted = part(target, version);
    let entries = fs::read_dir(folder).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let near = names.filter_map(|name| {
        let (stem, extension) = name.split_once('.')?;
        let (bitrate, of) = stem.split_once('-')?;
        let bitrate: i64 = bitrate.parse().ok().filter(|_| of == wanted)?;
        let away = (bitrate - target.bitrate).abs();
        (extension == target.format.extension() && away * 5 <= target.bitrate)
            .then_some((away, name))
    });
    near.min().map(|(_, name)| name)
}
