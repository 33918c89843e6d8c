//! Where files are: the media folder, and folders of music that is played in place.
use std::path::{Component, Path, PathBuf};

use crate::config::Config;

/// The folders of files. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Storage {
    media: PathBuf,
    music: Option<PathBuf>,
}

/// The audio of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audio {
    /// A path in the media folder.
    Uploaded(String),
    /// A file anywhere on this machine, which stays where it is.
    InPlace(PathBuf),
}

const FILE: &str = "file://";

impl Audio {
    /// The audio named by an upload's row, if it is on this machine.
    pub fn named(audio_file: &str, source: Option<&str>) -> Option<Self> {
        if !audio_file.is_empty() {
            return Some(Self::Uploaded(audio_file.to_owned()));
        }
        let path = Path::new(source?.strip_prefix(FILE)?);
        let plain = path.is_absolute()
            && path
                .components()
                .all(|part| matches!(part, Component::Normal(_) | Component::RootDir));
        plain.then(|| Self::InPlace(path.to_owned()))
    }
}

/// The `source` of an upload whose file is played in place.
pub fn source(path: &str) -> String {
    format!("{FILE}{path}")
}

impl Storage {
    pub fn new(config: &Config) -> Self {
        Self {
            media: config.media_root(),
            music: config.music_directory_path.clone(),
        }
    }

    /// The folder of uploaded media.
    pub fn media(&self) -> &Path {
        &self.media
    }

    /// A path in the media folder; `None` if it would lead out of the folder.
    pub fn within_media(&self, relative: &str) -> Option<PathBuf> {
        let path = Path::new(relative);
        let inside = !relative.is_empty()
            && path
                .components()
                .all(|part| matches!(part, Component::Normal(_)));
        inside.then(|| self.media.join(path))
    }

    /// The path of the audio file.
    pub fn path(&self, audio: &Audio) -> Option<PathBuf> {
        match audio {
            Audio::Uploaded(relative) => self.within_media(relative),
            Audio::InPlace(path) => Some(path.clone()),
        }
    }

    /// An unused path in the media folder.
    pub fn fresh(folder: &str, extension: &str) -> String {
        let name = crate::random::uuid().simple().to_string();
        let (a, b) = (&name[..2], &name[2..4]);
        format!("{folder}/{a}/{b}/{name}.{extension}")
    }

    /// The path by which a reverse proxy is told to send a file of the media folder.
    pub fn protected(relative: &str) -> String {
        format!("/_protected/media/{relative}")
    }

    /// The path by which a reverse proxy is told to send the audio; `None` if it has no access.
    pub fn handed_off(&self, audio: &Audio) -> Option<String> {
        match audio {
            Audio::Uploaded(relative) => Some(Self::protected(relative)),
            Audio::InPlace(path) => {
                let relative = path.strip_prefix(self.music.as_ref()?).ok()?;
                Some(format!("/_protected/music/{}", relative.to_str()?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storage() -> Storage {
        Storage {
            media: "/m".into(),
            music: Some("/music".into()),
        }
    }

    #[test]
    fn a_path_never_leads_out_of_its_folder() {
        for bad in ["../../etc/passwd", "/etc/passwd", "a/../../b", ""] {
            assert_eq!(storage().within_media(bad), None, "{bad}");
        }
        assert_eq!(storage().within_media("a/b"), Some("/m/a/b".into()));
        assert_eq!(Audio::named("", Some("file:///music/../etc/passwd")), None);
        assert_eq!(Audio::named("", Some("https://a/b")), None);
    }

    #[test]
    fn a_front_server_is_told_of_what_its_folders_hold() {
        let inside = Audio::named("", Some("file:///music/a b/c.mp3")).unwrap();
        let told = storage().handed_off(&inside);
        assert_eq!(told.as_deref(), Some("/_protected/music/a b/c.mp3"));
        let outside = Audio::InPlace("/elsewhere/c.mp3".into());
        assert_eq!(storage().handed_off(&outside), None);
    }
}
