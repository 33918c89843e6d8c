//! Reading a music file: its properties and tags, and whether it is playable.
use std::{fs::File, io::Read as _, path::Path};

use lofty::{
    config::ParseOptions,
    file::{AudioFile, FileType, TaggedFileExt},
    probe::Probe,
};
use sha2::{Digest, Sha256};

use super::{
    tags::{self, Tags},
    walk::Candidate,
    whole,
};
use crate::hex::hex;

/// The result of reading a file.
#[derive(Clone, Debug)]
pub struct Read {
    pub candidate: Candidate,
    pub tags: Tags,
    pub mimetype: &'static str,
    /// In seconds.
    pub duration: i64,
    /// The exact duration, which helps to recognize recordings.
    pub milliseconds: i64,
    /// In bits per second.
    pub bitrate: Option<i64>,
    /// Checksum of the whole file: `sha256:` and 64 hexadecimal digits.
    pub checksum: String,
}

/// Reads a file. The error is the reason why it is not playable.
pub fn read(candidate: Candidate) -> Result<Read, String> {
    let path = Path::new(&candidate.path);
    let options = ParseOptions::new().read_cover_art(false);
    let probe = Probe::open(path).map_err(|error| error.to_string())?;
    let probe = probe
        .options(options)
        .guess_file_type()
        .map_err(|error| error.to_string())?;
    if probe.file_type() == Some(FileType::Mpeg) && !whole::begins_soon(path) {
        return Err("it begins with no audio".to_owned());
    }
    let file = probe
        .read()
        .map_err(|error| format!("it cannot be read: {error}"))?;
    let mimetype = mimetype(file.file_type()).ok_or("it is no format that can be played here")?;
    let properties = file.properties();
    let duration = properties.duration();
    if duration.is_zero() {
        return Err("it holds no audio".to_owned());
    }
    let told = properties
        .audio_bitrate()
        .map(|kbits| i64::from(kbits) * 1000);
    let seconds = duration.as_secs_f64();
    let measured = candidate.size as f64 * 8.0 / seconds;
    if !whole::is_whole(path, file.file_type(), told, measured) {
        return Err("it is cut off: its end is missing".to_owned());
    }
    let tags = match file.primary_tag().or_else(|| file.first_tag()) {
        Some(tag) => tags::of(tag, path),
        None => Tags::of_name(path),
    };
    let checksum = checksum(path).map_err(|error| error.to_string())?;
    Ok(Read {
        tags,
        mimetype,
        duration: (seconds.round() as i64).max(1),
        milliseconds: (seconds * 1000.0).round() as i64,
        bitrate: told.filter(|bitrate| *bitrate > 0),
        checksum,
        candidate,
    })
}

fn mimetype(kind: FileType) -> Option<&'static str> {
    Some(match kind {
        FileType::Aac => "audio/aac",
        FileType::Aiff => "audio/aiff",
        FileType::Flac => "audio/flac",
        FileType::Mpeg => "audio/mpeg",
        FileType::Mp4 => "audio/mp4",
        FileType::Opus => "audio/opus",
        FileType::Vorbis => "audio/ogg",
        FileType::Wav => "audio/wav",
        _ => return None,
    })
}

fn checksum(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
    }
    Ok(format!("sha256:{}", hex(hash.finalize())))
}

impl Read {
    /// The value of `uploads.metadata`.
    pub fn metadata(&self) -> serde_json::Value {
        serde_json::json!({ "tags": self.tags, "milliseconds": self.milliseconds })
    }
}
