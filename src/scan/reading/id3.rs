//! The texts of an ID3v2 tag that the library refuses as a whole: frame by frame, whatever the others are like.
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use lofty::tag::{ItemKey, ItemValue, Tag, TagItem, TagType};

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
    let mut tag = Tag::new(TagType::Id3v2);
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
                tag.push(TagItem::new(key, ItemValue::Text(value)));
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
            _ if id.starts_with('T') => decoded(*encoding, bytes),
            _ => return None,
        };
        let key = match id {
            "TXXX" if values.len() > 1 => values.remove(0),
            id => id.to_owned(),
        };
        let key = ItemKey::from_key(TagType::Id3v2, &key)?;
        Some((key, values))
    }
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
