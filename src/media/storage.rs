//! Where files are: the media folder or a bucket, and folders of music that is played in place.
use std::{
    io,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use tokio::task::spawn_blocking;

use super::{bucket::Bucket, copies::Copies, remove_file};
use crate::{
    config::Config,
    error::{Error, Startup},
    time::Clock,
};

/// The places of files. Cheap to clone.
#[derive(Clone)]
pub struct Storage {
    media: PathBuf,
    music: Option<PathBuf>,
    /// Uploads and pictures are in a bucket, and here are copies of them.
    copies: Option<Arc<Copies>>,
}

/// The audio of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audio {
    /// A path in the media folder, or the bucket.
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

/// What to tell of files that cannot be read or written.
pub fn failed(error: io::Error) -> Error {
    let of_bucket = error
        .get_ref()
        .is_some_and(|cause| cause.is::<object_store::Error>());
    match error.kind() {
        io::ErrorKind::NotFound => Error::NotFound,
        _ if of_bucket => {
            tracing::error!(%error, "the bucket cannot be used");
            away()
        }
        _ => Error::internal(error),
    }
}

/// What to tell while the bucket cannot be used.
pub fn away() -> Error {
    Error::Unavailable("The store of files does not answer. Try again soon.".to_owned())
}

impl Storage {
    pub fn new(config: &Config, clock: &Clock) -> Result<Self, Startup> {
        let media = config.media_root();
        let copies = Bucket::of(&config.s3)?.map(|bucket| {
            let keep = config.s3.s3_copies << 20;
            Arc::new(Copies::new(bucket, &media, keep, clock.clone()))
        });
        Ok(Self {
            music: config.music_directory_path.clone(),
            media,
            copies,
        })
    }

    /// The bucket of uploads and pictures, unless they are in the media folder.
    pub fn bucket(&self) -> Option<&Bucket> {
        self.copies.as_ref().map(|copies| &copies.bucket)
    }

    /// The media folder.
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

    /// Where an upload or a picture is on this machine: the file itself, or its copy. There may be none.
    pub fn here(&self, relative: &str) -> Option<PathBuf> {
        let path = self.within_media(relative);
        match &self.copies {
            Some(copies) => path.map(|_| copies.path(relative)),
            None => path,
        }
    }

    /// Where the audio file is on this machine, as [`Self::here`].
    pub fn path(&self, audio: &Audio) -> Option<PathBuf> {
        match audio {
            Audio::Uploaded(relative) => self.here(relative),
            Audio::InPlace(path) => Some(path.clone()),
        }
    }

    /// Whether the audio is there, as far as this machine knows: a bucket is not asked.
    pub fn seems_to_have(&self, audio: &Audio) -> bool {
        match audio {
            Audio::Uploaded(_) if self.copies.is_some() => true,
            audio => self.path(audio).is_some_and(|path| path.exists()),
        }
    }

    /// An upload or a picture, fetched from the bucket if it is not here.
    ///
    /// # Errors
    /// `NotFound` if it is nowhere.
    pub async fn fetched(&self, relative: &str) -> io::Result<PathBuf> {
        let path = self.here(relative).ok_or(io::ErrorKind::NotFound)?;
        match &self.copies {
            Some(copies) => copies.of(relative).await,
            None => Ok(path),
        }
    }

    /// The audio file on this machine, as [`Self::fetched`].
    pub async fn fetched_audio(&self, audio: &Audio) -> io::Result<PathBuf> {
        match audio {
            Audio::Uploaded(relative) => self.fetched(relative).await,
            Audio::InPlace(path) => Ok(path.clone()),
        }
    }

    /// Writes an upload or a picture, whole or not at all.
    pub async fn put(&self, relative: &str, bytes: Vec<u8>) -> io::Result<()> {
        if let Some(bucket) = self.bucket() {
            return bucket.put_bytes(relative, bytes).await;
        }
        let path = self.within_media(relative).ok_or(io::ErrorKind::NotFound)?;
        spawn_blocking(move || super::keep(&path, &bytes))
            .await
            .map_err(io::Error::other)?
    }

    /// Removes an upload or a picture. It is not an error if it is not there.
    pub async fn remove(&self, relative: &str) -> io::Result<()> {
        if let Some(path) = self.here(relative) {
            remove_file(&path).await?;
        }
        match self.bucket() {
            Some(bucket) => bucket.remove(relative).await,
            None => Ok(()),
        }
    }

    /// The copies of what is in the bucket, if there is one.
    pub fn copies(&self) -> Option<&Arc<Copies>> {
        self.copies.as_ref()
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
            Audio::Uploaded(_) if self.copies.is_some() => None,
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
            copies: None,
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
