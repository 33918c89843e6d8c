//! What the library tells of a file: its properties and its tags, apart, so that neither is lost for the other.
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use lofty::{
    config::{ParseOptions, ParsingMode},
    file::{AudioFile, FileType, TaggedFile, TaggedFileExt},
    probe::Probe,
    tag::Tag,
};

use super::{id3, mp4, mpeg, whole};

/// What a file holds.
pub struct Sound {
    pub mimetype: &'static str,
    pub file: Option<FileType>,
    pub milliseconds: i64,
    /// In bits per second.
    pub bitrate: Option<i64>,
    pub properties: Properties,
    pub tags: Vec<Tag>,
    /// Why some of the tags could not be read.
    pub partly: Option<String>,
}

/// How a file holds its sound.
#[derive(Clone, Copy, Debug, Default)]
pub struct Properties {
    pub channels: Option<i32>,
    /// In Hz.
    pub sample_rate: Option<i32>,
    pub bit_depth: Option<i32>,
}

/// Why a file is not taken.
#[derive(Debug)]
pub struct Refused(pub String);

/// How far the library got.
pub enum Heard {
    Sound(Sound),
    Refused(Refused),
    /// Something else may be able to read it.
    Unread(String),
}

/// Endings of formats that the library takes for others.
const OTHERS: &[&str] = &["asf", "dff", "dsf", "mka", "tta", "w64", "webm", "wma"];

/// Reads a file with the library alone.
pub fn read(path: &Path) -> Heard {
    let ending = path
        .extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default();
    if OTHERS.contains(&ending.to_ascii_lowercase().as_str()) {
        return Heard::Unread("only ffprobe reads its format".to_owned());
    }
    let Ok(heard) = catch_unwind(AssertUnwindSafe(|| properties(path))) else {
        return Heard::Unread("its properties make the reader fail".to_owned());
    };
    let mut sound = match heard {
        Heard::Sound(sound) => sound,
        other => return other,
    };
    let tags = catch_unwind(AssertUnwindSafe(|| {
        let mut options = ParseOptions::new().parsing_mode(ParsingMode::Relaxed);
        options = options.read_properties(false).read_cover_art(false);
        let file = open(path, options)?;
        Ok::<_, String>(file.tags().to_vec())
    }));
    // Before those of the library: of the same kind, the first counts.
    if sound.file == Some(FileType::Mpeg) || !matches!(tags, Ok(Ok(_))) {
        sound.tags.extend(id3::texts(path));
    }
    match tags.unwrap_or_else(|_| Err("their reader fails".to_owned())) {
        Ok(tags) => sound.tags.extend(tags),
        Err(reason) => {
            sound.partly = Some(format!("some of its tags are left out; {reason}"));
        }
    }
    Heard::Sound(sound)
}

fn open(path: &Path, options: ParseOptions) -> Result<TaggedFile, String> {
    let opened = || {
        let probe = Probe::open(path)?.options(options).guess_file_type();
        probe?
            .read()
            .map_err(Into::<Box<dyn std::error::Error>>::into)
    };
    opened().map_err(|error| format!("it cannot be read: {error}"))
}

fn properties(path: &Path) -> Heard {
    let kind = Probe::open(path).and_then(|probe| Ok(probe.guess_file_type()?.file_type()));
    if let Ok(Some(kind)) = kind
        && whole::is_cut(path, kind)
    {
        return cut_off();
    }
    let options = ParseOptions::new().read_tags(false).read_cover_art(false);
    let file = match open(path, options) {
        Ok(file) => file,
        Err(reason) => return Heard::Unread(reason),
    };
    let kind = file.file_type();
    let Some(mimetype) = mimetype(kind) else {
        return Heard::Unread("it is no format that can be played here".to_owned());
    };
    if kind == FileType::Mpeg && !whole::begins_soon(path) {
        return Heard::Unread("it begins with no audio".to_owned());
    }
    let properties = file.properties();
    let mut sound = Sound {
        mimetype,
        file: Some(kind),
        milliseconds: i64::try_from(properties.duration().as_millis()).unwrap_or_default(),
        bitrate: properties
            .audio_bitrate()
            .map(|kbits| i64::from(kbits) * 1000),
        properties: Properties {
            channels: properties.channels().map(i32::from),
            sample_rate: properties
                .sample_rate()
                .and_then(|rate| rate.try_into().ok()),
            bit_depth: properties.bit_depth().map(i32::from),
        },
        tags: Vec::new(),
        partly: None,
    };
    if kind == FileType::Mp4 && mp4::is_film(path) {
        return Heard::Refused(Refused("it is a film".to_owned()));
    }
    sound.measure(path, kind);
    if sound.milliseconds == 0 {
        return Heard::Unread("it holds no audio".to_owned());
    }
    match kind != FileType::Mpeg || whole::is_large_enough(path, &sound) {
        true => Heard::Sound(sound),
        false => cut_off(),
    }
}

impl Sound {
    /// Measures what the header does not tell, or tells of the first frame only.
    fn measure(&mut self, path: &Path, kind: FileType) {
        if kind == FileType::Mpeg
            && let Some(measured) = mpeg::measured(path)
        {
            self.milliseconds = measured.milliseconds;
            self.bitrate = Some(measured.bitrate);
        }
        if self.milliseconds == 0
            && let Some(milliseconds) = whole::length_of_stream(path, kind)
        {
            self.milliseconds = milliseconds;
        }
    }
}

fn cut_off() -> Heard {
    Heard::Refused(Refused("it is cut off: its end is missing".to_owned()))
}

fn mimetype(kind: FileType) -> Option<&'static str> {
    Some(match kind {
        FileType::Aac => "audio/aac",
        FileType::Aiff => "audio/aiff",
        FileType::Ape => "audio/x-ape",
        FileType::Flac => "audio/flac",
        FileType::Mpc => "audio/x-musepack",
        FileType::Mpeg => "audio/mpeg",
        FileType::Mp4 => "audio/mp4",
        FileType::Opus => "audio/opus",
        FileType::Speex | FileType::Vorbis => "audio/ogg",
        FileType::Wav => "audio/wav",
        FileType::WavPack => "audio/x-wavpack",
        _ => return None,
    })
}
