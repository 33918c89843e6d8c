//! Reading a music file: its properties and tags, and whether it is playable.
mod audio;
mod candidate;
mod credits;
mod dates;
mod details;
mod id3;
mod mp4;
mod mpeg;
mod names;
mod sound;
mod spare;
mod tags;
mod track_details;
mod whole;

use std::{
    borrow::Cow,
    fs::File,
    io::{self, Read as _, Seek, SeekFrom},
    path::Path,
    sync::Arc,
};

use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

pub use self::{
    candidate::Candidate,
    credits::Credit,
    names::album_folder,
    tags::{AlbumTags, Tags},
    track_details::{ReplayGain, TrackDetails},
};
use self::{
    names::Told,
    sound::{Heard, Refused, Sound},
    tags::Items,
};
use crate::hex::hex;

/// Raised whenever files are read otherwise: then they are read again once.
pub const VERSION: i64 = 3;

/// The result of reading a file.
#[derive(Clone, Debug)]
pub struct Read {
    pub candidate: Candidate,
    pub tags: Tags,
    pub details: TrackDetails,
    pub mimetype: Cow<'static, str>,
    /// In seconds.
    pub duration: i64,
    /// The exact duration, which helps to recognize recordings.
    pub milliseconds: i64,
    /// In bits per second.
    pub bitrate: Option<i64>,
    /// Checksum of the whole file: `sha256:` and 64 hexadecimal digits.
    pub checksum: String,
    /// Checksum of the audio alone, which is the same for other tags.
    pub audio: String,
    /// Why some of the tags could not be read.
    pub partly: Option<String>,
    /// What files that were uploaded together have in common: their owner's actor, and the reference of the import.
    pub together: Option<(i64, String)>,
}

/// Reads files below a folder.
#[derive(Clone, Debug)]
pub struct Reader {
    pub root: Arc<Path>,
    /// The name of a file that was uploaded, which stands for its path where tags are missing.
    pub name: Option<Arc<Path>>,
    /// Reads what the library does not.
    pub ffprobe: Arc<Path>,
}

impl Reader {
    /// Reads a file. The error is the reason why it is not playable.
    pub async fn read(&self, candidate: Candidate) -> Result<Read, String> {
        let sound = self.sound(Path::new(&candidate.path).into()).await?;
        let reader = self.clone();
        let read = spawn_blocking(move || reader.finish(candidate, sound)).await;
        read.map_err(|error| error.to_string())?
    }

    /// The tags of a file. The error is the reason why it is not playable.
    pub async fn tags(&self, path: &Path) -> Result<Tags, String> {
        let sound = self.sound(path.into()).await?;
        Ok(self.told(path, &Items::of(&sound.tags, sound.file)))
    }

    async fn sound(&self, path: Arc<Path>) -> Result<Sound, String> {
        let by_library = path.clone();
        let heard = spawn_blocking(move || sound::read(&by_library)).await;
        let sound = match heard.map_err(|error| error.to_string())? {
            Heard::Sound(sound) => Ok(sound),
            Heard::Refused(refused) => Err(refused),
            Heard::Unread(reason) => spare::read(&self.ffprobe, &path, reason).await,
        };
        let mut sound = sound.map_err(|Refused(reason)| reason)?;
        if sound.partly.is_some() && sound.tags.is_empty() {
            sound.tags.extend(spare::tags(&self.ffprobe, &path).await);
        }
        match sound.milliseconds > 0 {
            true => Ok(sound),
            false => Err("it holds no audio".to_owned()),
        }
    }

    fn finish(&self, candidate: Candidate, sound: Sound) -> Result<Read, String> {
        let path = Path::new(&candidate.path);
        let (checksum, audio) = checksums(path).map_err(|error| error.to_string())?;
        let items = Items::of(&sound.tags, sound.file);
        let glance = Glance::of(&sound);
        Ok(Read {
            tags: self.told(path, &items),
            details: details::of(&items, sound.properties, path),
            mimetype: glance.mimetype.into(),
            duration: glance.seconds,
            milliseconds: sound.milliseconds,
            bitrate: glance.bitrate,
            checksum,
            audio,
            partly: sound.partly,
            together: None,
            candidate,
        })
    }

    /// What the tags tell, and the names where they do not.
    fn told(&self, path: &Path, items: &Items<'_>) -> Tags {
        let mut tags = tags::of(items);
        let (path, root) = match &self.name {
            Some(name) => (&**name, Path::new("")),
            None => (path, &*self.root),
        };
        Told::by(path, root).complete(&mut tags);
        tags
    }
}

/// What a file holds, at a glance.
#[derive(Clone, Copy, Debug)]
pub struct Glance {
    pub mimetype: &'static str,
    pub seconds: i64,
    /// In bits per second.
    pub bitrate: Option<i64>,
}

impl Glance {
    fn of(sound: &Sound) -> Self {
        Self {
            mimetype: sound.mimetype,
            seconds: ((sound.milliseconds + 500) / 1000).max(1),
            bitrate: sound.bitrate.filter(|bitrate| *bitrate > 0),
        }
    }
}

/// Glances at a file; `None` if it is of a format that takes longer to read, or of none.
pub async fn glance(path: &Path) -> Option<Glance> {
    let path = path.to_owned();
    let heard = spawn_blocking(move || sound::read(&path)).await;
    match heard.ok()? {
        Heard::Sound(sound) if sound.milliseconds > 0 => Some(Glance::of(&sound)),
        _ => None,
    }
}

/// The reason why a file is not playable, as a sentence.
pub fn sentence(reason: &str) -> String {
    let mut chars = reason.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    format!("{}.", first.chain(chars).collect::<String>())
}

/// The checksums of a file and of its audio, read once.
fn checksums(path: &Path) -> io::Result<(String, String)> {
    let mut file = File::open(path)?;
    let mut stretches = audio::stretches(&mut file).unwrap_or_default();
    stretches.retain(|stretch| !stretch.is_empty());
    file.seek(SeekFrom::Start(0))?;
    let (mut whole, mut audio) = (Sha256::new(), Sha256::new());
    let mut buffer = vec![0; 256 << 10];
    let (mut at, mut heard) = (0, 0);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        whole.update(&buffer[..read]);
        let end = at + read as u64;
        while let Some(stretch) = stretches.get(heard).filter(|next| next.start < end) {
            let (from, to) = (stretch.start.max(at), stretch.end.min(end));
            audio.update(&buffer[(from - at) as usize..(to - at) as usize]);
            if stretch.end > end {
                break;
            }
            heard += 1;
        }
        at = end;
    }
    let told = |hash: Sha256| format!("sha256:{}", hex(hash.finalize()));
    let checksum = told(whole);
    let audio = match stretches.is_empty() {
        true => checksum.clone(),
        false => told(audio),
    };
    Ok((checksum, audio))
}

impl Read {
    /// The folder that the file lies in.
    pub fn folder(&self) -> Option<&Path> {
        Path::new(&self.candidate.path).parent()
    }

    /// The folder of the file's album, with a slash at its end.
    pub fn home(&self) -> String {
        let home = album_folder(Path::new(&self.candidate.path));
        home.map_or_else(String::new, |home| format!("{}/", home.display()))
    }

    /// The value of `uploads.metadata`.
    pub fn metadata(&self) -> serde_json::Value {
        serde_json::json!({
            "tags": self.tags,
            "details": self.details,
            "milliseconds": self.milliseconds,
        })
    }
}
