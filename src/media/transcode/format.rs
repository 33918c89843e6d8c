//! The output formats, and the choice of what to convert to.

/// A format that can be requested with `to` (contract section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Aac,
    Aif,
    Aiff,
    Flac,
    M4a,
    Mp3,
    Ogg,
    Opus,
}

/// Maximum bitrate of a conversion, in bits per second.
const HIGHEST: i64 = 320_000;

impl Format {
    const ALL: [Self; 8] = [
        Self::Aac,
        Self::Aif,
        Self::Aiff,
        Self::Flac,
        Self::M4a,
        Self::Mp3,
        Self::Ogg,
        Self::Opus,
    ];

    /// The format with this name, which is also its file extension.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|format| format.extension() == name)
    }

    pub fn extension(self) -> &'static str {
        match self {
            Self::Aac => "aac",
            Self::Aif => "aif",
            Self::Aiff => "aiff",
            Self::Flac => "flac",
            Self::M4a => "m4a",
            Self::Mp3 => "mp3",
            Self::Ogg => "ogg",
            Self::Opus => "opus",
        }
    }

    pub fn mimetype(self) -> &'static str {
        match self {
            Self::Aac => "audio/aac",
            Self::Aif | Self::Aiff => "audio/aiff",
            Self::Flac => "audio/flac",
            Self::M4a => "audio/mp4",
            Self::Mp3 => "audio/mpeg",
            Self::Ogg | Self::Opus => "audio/ogg",
        }
    }

    pub fn is_lossless(self) -> bool {
        matches!(self, Self::Aif | Self::Aiff | Self::Flac)
    }

    /// Whether its files can be played before they are complete. The headers of the others contain
    /// their length.
    pub fn grows(self) -> bool {
        !self.is_lossless()
    }

    /// The output arguments for ffmpeg.
    pub fn arguments(self, bitrate: i64) -> Vec<String> {
        let words = match self {
            Self::Aac => "-c:a aac -f adts",
            Self::Aif | Self::Aiff => "-f aiff",
            Self::Flac => "-c:a flac -f flac",
            Self::M4a => "-c:a aac -movflags frag_keyframe+empty_moov+default_base_moof -f mp4",
            Self::Mp3 => "-c:a libmp3lame -write_xing 0 -f mp3",
            // The Vorbis encoder cannot go lower, and its bitrates are for this sample rate only.
            Self::Ogg if bitrate >= 64_000 => "-c:a libvorbis -ac 2 -ar 44100 -f ogg",
            Self::Ogg | Self::Opus => "-c:a libopus -f ogg",
        };
        let mut arguments: Vec<String> = words.split(' ').map(str::to_owned).collect();
        if !self.is_lossless() {
            let bitrate = match self {
                Self::Opus => bitrate.min(256_000),
                _ => bitrate,
            };
            arguments.extend(["-b:a".to_owned(), bitrate.max(8_000).to_string()]);
        }
        arguments
    }
}

/// The format and bitrate to convert an upload to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    pub format: Format,
    /// Bits per second; 0 for lossless formats.
    pub bitrate: i64,
    /// Seconds of the beginning that are left out.
    pub start: u32,
}

/// The conversion requested by a listener.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    pub to: Option<Format>,
    /// Maximum bits per second.
    pub max_bitrate: Option<i64>,
    /// Seconds of the beginning to leave out of a conversion. The original is sent from any byte on.
    pub start: u32,
}

impl Wish {
    /// `max_bitrate` is in kbit/s, up to 320; 0, negative values and non-numbers are ignored.
    pub fn read(to: Option<&str>, max_bitrate: Option<&str>) -> Self {
        let kbits = max_bitrate.and_then(|text| text.parse::<i64>().ok());
        Self {
            to: to.and_then(Format::named),
            max_bitrate: kbits
                .filter(|kbits| *kbits > 0)
                .map(|kbits| kbits.min(HIGHEST / 1000) * 1000),
            start: 0,
        }
    }

    /// The target for audio with this file extension and bitrate; `None` if the original can be
    /// sent.
    pub fn target(self, extension: &str, bitrate: Option<i64>) -> Option<Target> {
        let from = Format::named(extension);
        let other = self.to.filter(|to| !is_same(Some(*to), from));
        let too_much = self
            .max_bitrate
            .is_some_and(|most| bitrate.is_none_or(|bitrate| bitrate > most));
        if other.is_none() && !too_much {
            return None;
        }
        let format = other.or(from).unwrap_or(Format::Mp3);
        // Lossless formats cannot be made smaller, so use MP3, which plays everywhere.
        let format = match format.is_lossless() && too_much {
            true => Format::Mp3,
            false => format,
        };
        let bitrate = match format.is_lossless() {
            true => 0,
            false => bitrate
                .unwrap_or(HIGHEST)
                .min(self.max_bitrate.unwrap_or(HIGHEST))
                .min(HIGHEST),
        };
        Some(Target {
            format,
            bitrate,
            start: self.start,
        })
    }
}

fn is_same(left: Option<Format>, right: Option<Format>) -> bool {
    let aiff = |format| matches!(format, Some(Format::Aif | Format::Aiff));
    left == right || (aiff(left) && aiff(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(to: &str, most: &str, extension: &str, bitrate: i64) -> Option<(&'static str, i64)> {
        let wish = Wish::read(Some(to), Some(most));
        let target = wish.target(extension, Some(bitrate))?;
        Some((target.format.extension(), target.bitrate))
    }

    #[test]
    fn only_what_differs_from_the_wish_is_converted() {
        assert_eq!(target("mp3", "", "mp3", 192_000), None);
        assert_eq!(target("zzz", "", "flac", 900_000), None);
        assert_eq!(target("", "0", "mp3", 192_000), None);
        assert_eq!(target("", "-5", "mp3", 192_000), None);
        assert_eq!(target("", "192", "mp3", 192_000), None);
        assert_eq!(target("aif", "", "aiff", 900_000), None);
        assert_eq!(target("mp3", "", "flac", 900_000), Some(("mp3", 320_000)));
        assert_eq!(target("ogg", "", "mp3", 66_392), Some(("ogg", 66_392)));
        assert_eq!(target("", "32", "mp3", 66_392), Some(("mp3", 32_000)));
        assert_eq!(target("", "9000", "flac", 900_000), Some(("mp3", 320_000)));
        assert_eq!(target("flac", "", "mp3", 66_392), Some(("flac", 0)));
        assert_eq!(target("flac", "64", "mp3", 66_392), Some(("mp3", 64_000)));
    }
}
