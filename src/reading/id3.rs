//! The texts of an ID3v2 tag, frame by frame: an odd one does not hide the others, and of several of a kind none
//! is lost. The library refuses the whole tag, and keeps the last.
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use lofty::{
    id3::{
        v1::GENRES,
        v2::{FrameFlags, SyncTextContentType, SynchronizedTextFrame, TimestampFormat},
    },
    tag::{ItemKey, ItemValue, Tag, TagItem, TagType},
};

/// Tags are read up to this many bytes; pictures come after texts as a rule.
const MOST: u64 = 16 << 20;

/// The texts of the tag at the beginning of a file; `None` if there is none.
pub fn texts(path: &Path) -> Option<Tag> {
    let (version, flags, body) = body(path).ok()??;
    let body = match version {
        // In version 2.4, frames say so for themselves.
        2 | 3 if flags & 0x80 != 0 => synchronised(&body),
        _ => body,
    };
    // Of a kind that has a name for every item.
    let mut tag = Tag::new(TagType::VorbisComments);
    let extension = if version > 2 && flags & 0x40 != 0 {
        extension(version, &body)
    } else {
        0
    };
    let mut rest = body.get(extension..)?;
    while let Some((frame, behind)) = frame(version, rest) {
        rest = behind;
        if let Some((key, values)) = frame.texts() {
            for value in values {
                tag.push_unchecked(TagItem::new(key, ItemValue::Text(value)));
            }
        }
    }
    (tag.item_count() > 0).then_some(tag)
}

fn body(path: &Path) -> io::Result<Option<(u8, u8, Vec<u8>)>> {
    let mut file = File::open(path)?;
    let mut head = [0; 10];
    file.read_exact(&mut head)?;
    if &head[..3] != b"ID3" || !(2..=5).contains(&head[3]) {
        return Ok(None);
    }
    let size = u64::from(syncsafe(&head[6..10]));
    let mut body = Vec::new();
    file.take(size.min(MOST)).read_to_end(&mut body)?;
    // What calls itself 2.5 is written like 2.4.
    Ok(Some((head[3].min(4), head[5], body)))
}

fn syncsafe(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(0, |size, byte| size << 7 | u32::from(byte & 0x7f))
}

fn plain(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(0, |size, byte| size << 8 | u32::from(*byte))
}

/// Bytes without the zero that follows each 0xff.
fn synchronised(bytes: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(bytes.len());
    let mut after = false;
    for byte in bytes {
        if !(after && *byte == 0) {
            kept.push(*byte);
        }
        after = *byte == 0xff;
    }
    kept
}

/// The length of the extended header; 0 if it is not one.
fn extension(version: u8, body: &[u8]) -> usize {
    let Some(bytes) = body.get(..4) else { return 0 };
    let size = match version {
        3 => plain(bytes).saturating_add(4),
        _ => syncsafe(bytes),
    } as usize;
    let is_frame = bytes.iter().all(u8::is_ascii_alphanumeric);
    if is_frame || size > body.len() {
        0
    } else {
        size
    }
}

struct Frame<'a> {
    id: &'a [u8],
    content: Vec<u8>,
}

/// The next frame, and what follows it. Padding, and what is no frame, ends the tag.
fn frame(version: u8, bytes: &[u8]) -> Option<(Frame<'_>, &[u8])> {
    let (name, head) = if version == 2 { (3, 6) } else { (4, 10) };
    let id = bytes.get(..name)?;
    if !id
        .iter()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    {
        return None;
    }
    let length = bytes.get(name..name + if version == 2 { 3 } else { 4 })?;
    let size = match version {
        4 if ends_well(bytes, head + syncsafe(length) as usize) => syncsafe(length),
        // iTunes wrote plain sizes into version 2.4.
        _ => plain(length),
    } as usize;
    let flags = if version == 2 {
        0
    } else {
        *bytes.get(head - 1)?
    };
    let end = (head + size).min(bytes.len());
    let content = &bytes[head.min(end)..end];
    let content = match version {
        4 if flags & 0x0c != 0 => Vec::new(),
        3 if flags & 0xc0 != 0 => Vec::new(),
        4 => {
            let told = content
                .get(if flags & 0x01 != 0 { 4 } else { 0 }..)
                .unwrap_or_default();
            if flags & 0x02 != 0 {
                synchronised(told)
            } else {
                told.to_vec()
            }
        }
        _ => content.to_vec(),
    };
    Some((Frame { id, content }, &bytes[end..]))
}

/// Whether a frame or padding begins here, or the tag ends.
fn ends_well(bytes: &[u8], at: usize) -> bool {
    match bytes.get(at..) {
        Some([]) => true,
        Some([0, ..]) => true,
        Some(rest) => rest
            .iter()
            .take(4)
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()),
        None => false,
    }
}

impl Frame<'_> {
    /// What the frame says, if it is a text that has a meaning here.
    fn texts(&self) -> Option<(ItemKey, Vec<String>)> {
        let id = std::str::from_utf8(self.id).ok()?;
        let id = match id {
            "TT2" => "TIT2",
            "TP1" => "TPE1",
            "TP2" => "TPE2",
            "TAL" => "TALB",
            "TRK" => "TRCK",
            "TPA" => "TPOS",
            "TYE" => "TYER",
            "TCO" => "TCON",
            "TCP" => "TCMP",
            "TXX" => "TXXX",
            id => id,
        };
        let (encoding, bytes) = self.content.split_first()?;
        let mut values = match id {
            "UFID" => return recording(&self.content),
            "SYLT" => return timed(&self.content),
            _ if id.starts_with('T') => decoded(*encoding, bytes),
            _ => return None,
        };
        let key = match id {
            "TRCK" => ItemKey::TrackNumber,
            "TPOS" => ItemKey::DiscNumber,
            "TYER" => ItemKey::Year,
            "TORY" => ItemKey::OriginalReleaseDate,
            "TDRC" => ItemKey::RecordingDate,
            "TCON" => {
                values = values.iter().flat_map(|value| genres(value)).collect();
                ItemKey::Genre
            }
            "TXXX" if values.len() > 1 => ItemKey::from_key(TagType::Id3v2, &values.remove(0))?,
            id => ItemKey::from_key(TagType::Id3v2, id)?,
        };
        Some((key, values))
    }
}

/// Genres, of which some are numbers: `(17)`, `17` and `(4)Eurodisco`.
fn genres(text: &str) -> Vec<String> {
    let named = |number: &str| {
        GENRES
            .get(number.parse::<usize>().ok()?)
            .map(|name| (*name).to_owned())
    };
    if let Some(name) = named(text) {
        return vec![name];
    }
    let mut genres = Vec::new();
    let mut rest = text;
    while let Some((number, behind)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'))
    {
        let Some(name) = named(number) else { break };
        genres.push(name);
        rest = behind;
    }
    if !rest.trim().is_empty() && !genres.iter().any(|genre| genre.eq_ignore_ascii_case(rest)) {
        genres.push(rest.to_owned());
    }
    genres
}

/// Lyrics with the time of each line, written as an `.lrc` file has them.
fn timed(content: &[u8]) -> Option<(ItemKey, Vec<String>)> {
    let lyrics = SynchronizedTextFrame::parse(content, FrameFlags::default()).ok()?;
    let is_timed = lyrics.timestamp_format == TimestampFormat::MS;
    if lyrics.content_type != SyncTextContentType::Lyrics || !is_timed {
        return None;
    }
    let mut lrc = String::new();
    for (at, text) in lyrics.content {
        let (minutes, seconds, hundredths) = (at / 60_000, at / 1_000 % 60, at / 10 % 100);
        // Lines often begin with a break.
        let line = text.trim();
        lrc.push_str(&format!(
            "[{minutes:02}:{seconds:02}.{hundredths:02}]{line}\n"
        ));
    }
    Some((ItemKey::Lyrics, vec![lrc]))
}

/// The recording that MusicBrainz knows.
fn recording(content: &[u8]) -> Option<(ItemKey, Vec<String>)> {
    let id = content.strip_prefix(b"http://musicbrainz.org\0")?;
    let id = std::str::from_utf8(id).ok()?.trim_end_matches('\0');
    Some((ItemKey::MusicBrainzRecordingId, vec![id.to_owned()]))
}

/// The values of a text, in whichever encoding it is.
fn decoded(encoding: u8, bytes: &[u8]) -> Vec<String> {
    let text = match encoding {
        1 | 2 => wide(encoding, bytes),
        3 => String::from_utf8_lossy(bytes).into_owned(),
        // What is called Latin 1 is often UTF-8.
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
        },
    };
    let values = text
        .split('\0')
        .map(|value| value.trim_start_matches('\u{feff}').to_owned());
    values.filter(|value| !value.is_empty()).collect()
}

/// UTF-16: as its mark says, otherwise as most of its letters would have it.
fn wide(encoding: u8, bytes: &[u8]) -> String {
    let (little, bytes) = match bytes {
        [0xff, 0xfe, rest @ ..] => (true, rest),
        [0xfe, 0xff, rest @ ..] => (false, rest),
        rest if encoding == 2 => (false, rest),
        rest => {
            let zeros = |odd: usize| {
                rest.iter()
                    .skip(odd)
                    .step_by(2)
                    .filter(|byte| **byte == 0)
                    .count()
            };
            (zeros(1) >= zeros(0), rest)
        }
    };
    let units = bytes.chunks_exact(2).map(|pair| match little {
        true => u16::from_le_bytes([pair[0], pair[1]]),
        false => u16::from_be_bytes([pair[0], pair[1]]),
    });
    char::decode_utf16(units)
        .map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(version: u8, bytes: &[u8]) -> Vec<(ItemKey, Vec<String>)> {
        let mut found = Vec::new();
        let mut rest = bytes;
        while let Some((frame, behind)) = frame(version, rest) {
            rest = behind;
            found.extend(frame.texts());
        }
        found
    }

    fn text(id: &str, content: &[u8]) -> Vec<u8> {
        let mut frame = id.as_bytes().to_vec();
        frame.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
        frame.extend([0, 0]);
        frame.extend(content);
        frame
    }

    #[test]
    fn an_odd_frame_does_not_hide_the_others() {
        let mut tag = text("COMM", b"\0");
        tag.extend(text("TIT2", b"\x01T\0i\0t\0l\0e\0"));
        tag.extend(text("TPE1", b"\0Ann"));
        tag.extend(text("TPE1", b"\0Bob"));
        tag.extend(text("TRCK", b"\x003/9"));
        tag.extend(text("TORY", b"\x001970"));
        tag.extend(text("TYER", b"\x00199x"));
        tag.extend(text("TCON", b"\0(17)(4)Eurodisco"));
        tag.extend([0; 20]);
        let value = |text: &str| vec![text.to_owned()];
        assert_eq!(
            frames(3, &tag),
            [
                (ItemKey::TrackTitle, value("Title")),
                (ItemKey::TrackArtist, value("Ann")),
                (ItemKey::TrackArtist, value("Bob")),
                (ItemKey::TrackNumber, value("3/9")),
                (ItemKey::OriginalReleaseDate, value("1970")),
                (ItemKey::Year, value("199x")),
                (
                    ItemKey::Genre,
                    vec![
                        "Rock".to_owned(),
                        "Disco".to_owned(),
                        "Eurodisco".to_owned()
                    ]
                ),
            ]
        );
    }

    #[test]
    fn lines_of_lyrics_keep_their_times() {
        let mut lyrics = b"\0eng\x02\x01\0".to_vec();
        for (line, at) in [("\nFirst", 1_230_u32), ("\nSecond", 61_000)] {
            lyrics.extend(line.as_bytes());
            lyrics.push(0);
            lyrics.extend(at.to_be_bytes());
        }
        let lrc = "[00:01.23]First\n[01:01.00]Second\n".to_owned();
        assert_eq!(
            frames(3, &text("SYLT", &lyrics)),
            [(ItemKey::Lyrics, vec![lrc])]
        );
        lyrics[5] = 5;
        assert_eq!(frames(3, &text("SYLT", &lyrics)), []);
    }

    #[test]
    fn any_bytes_are_read() {
        let mut state = 1_u32;
        for version in 2..=4 {
            for _ in 0..2_000 {
                let bytes: Vec<u8> = (0..60)
                    .map(|at| {
                        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        if at % 15 < 4 {
                            b'T'
                        } else {
                            (state >> 24) as u8
                        }
                    })
                    .collect();
                frames(version, &bytes);
                extension(version, &bytes);
                synchronised(&bytes);
            }
        }
    }
}
