//! Where the audio of a file lies: tags, covers and padding do not belong to it, so that it stays the same when a
//! file is tagged anew.
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    iter,
    ops::Range,
};

use super::{mp4, whole::behind_tags};

/// Parts of a container that are looked at.
const PARTS: usize = 1_000_000;
/// Tags and blocks of metadata that are looked at.
const BLOCKS: usize = 10_000;

/// The stretches of a file that are audio, in order. None where its structure is not understood.
pub fn stretches(file: &mut File) -> io::Result<Vec<Range<u64>>> {
    let size = file.metadata()?.len();
    let start = behind_tags(file)?;
    let mut head = [0; 8];
    read_at(file, start, &mut head)?;
    let one = |start: u64, end: u64| iter::once(start..end.max(start)).collect();
    Ok(match &head {
        [b'R', b'I', b'F', b'F', ..] | [b'R', b'F', b'6', b'4', ..] => RIFF.audio(file, size)?,
        [b'F', b'O', b'R', b'M', ..] => AIFF.audio(file, size)?,
        [b'F', b'R', b'M', b'8', ..] => DFF.audio(file, size)?,
        [b'D', b'S', b'D', b' ', ..] => DSF.audio(file, size)?,
        [b'r', b'i', b'f', b'f', ..] => W64.audio(file, size)?,
        [b'O', b'g', b'g', b'S', ..] => ogg(file, start, size)?,
        [b'f', b'L', b'a', b'C', ..] => one(behind_blocks(file, start)?, behind_audio(file, size)?),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => matroska(file, size)?,
        [0x30, 0x26, 0xb2, 0x75, ..] => asf(file, size)?,
        [_, _, _, _, b'f', b't', b'y', b'p'] => mp4::audio(file, size)?,
        _ => one(start, behind_audio(file, size)?),
    })
}

fn read_at(file: &mut File, at: u64, into: &mut [u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(into)
}

/// How a container of chunks is built.
struct Chunks {
    /// Where the first one begins.
    start: u64,
    name: usize,
    /// Bytes of the size, and whether the highest comes first.
    size: (usize, bool),
    /// Whether the size counts the name and itself.
    whole: bool,
    align: u64,
    audio: &'static [&'static [u8]],
}

const RIFF: Chunks = Chunks {
    start: 12,
    name: 4,
    size: (4, false),
    whole: false,
    align: 2,
    audio: &[b"data"],
};
const AIFF: Chunks = Chunks {
    size: (4, true),
    audio: &[b"SSND"],
    ..RIFF
};
const DFF: Chunks = Chunks {
    start: 16,
    size: (8, true),
    audio: &[b"DSD ", b"DST "],
    ..RIFF
};
const DSF: Chunks = Chunks {
    start: 28,
    size: (8, false),
    whole: true,
    align: 1,
    audio: &[b"data"],
    ..RIFF
};
const W64: Chunks = Chunks {
    start: 40,
    name: 16,
    align: 8,
    ..DSF
};

impl Chunks {
    fn audio(&self, file: &mut File, end: u64) -> io::Result<Vec<Range<u64>>> {
        let mut found = Vec::new();
        let mut at = self.start;
        let head = self.name + self.size.0;
        for _ in 0..PARTS {
            if at + head as u64 > end {
                break;
            }
            let mut bytes = [0; 24];
            read_at(file, at, &mut bytes[..head])?;
            let size = number(&bytes[self.name..head], self.size.1);
            let content = at + head as u64;
            let from = if self.whole { at } else { content };
            let behind = from.saturating_add(size);
            if behind < content {
                break;
            }
            if self.audio.iter().any(|name| bytes.starts_with(name)) {
                // What was written into a pipe goes on to the end.
                found.push(content..behind.min(end));
            }
            if behind >= end {
                break;
            }
            at = behind.next_multiple_of(self.align);
        }
        Ok(found)
    }
}

fn number(bytes: &[u8], highest_first: bool) -> u64 {
    let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    match highest_first {
        true => bytes.iter().fold(0, add),
        false => bytes.iter().rev().fold(0, add),
    }
}

/// Where the metadata blocks of a FLAC file end (RFC 9639).
fn behind_blocks(file: &mut File, start: u64) -> io::Result<u64> {
    let mut at = start + 4;
    for _ in 0..BLOCKS {
        let mut head = [0; 4];
        read_at(file, at, &mut head)?;
        at += 4 + number(&head[1..], true);
        if head[0] & 0x80 != 0 {
            break;
        }
    }
    Ok(at)
}

/// Where the tags at the end of a file begin: ID3v1, Lyrics3 and APE.
fn behind_audio(file: &mut File, size: u64) -> io::Result<u64> {
    let mut end = size;
    for _ in 0..BLOCKS {
        let mut tail = [0; 128];
        let known = end.min(128) as usize;
        read_at(file, end - known as u64, &mut tail[128 - known..])?;
        let tag = if tail.starts_with(b"TAG") {
            128
        } else if tail.ends_with(b"LYRICS200") {
            let digits = std::str::from_utf8(&tail[113..119]).unwrap_or_default();
            15 + digits.parse::<u64>().unwrap_or_default()
        } else if &tail[96..104] == b"APETAGEX" {
            let header = u64::from(tail[119] >> 7) * 32;
            number(&tail[108..112], false) + header
        } else {
            return Ok(end);
        };
        if tag == 0 || tag > end {
            return Ok(end);
        }
        end -= tag;
    }
    Ok(end)
}

/// The contents of the pages behind the headers of an Ogg file (RFC 3533).
fn ogg(file: &mut File, start: u64, size: u64) -> io::Result<Vec<Range<u64>>> {
    let mut found: Vec<Range<u64>> = Vec::new();
    let mut at = start;
    let mut head = [0; 27 + 255];
    for _ in 0..PARTS {
        if at + 27 > size {
            break;
        }
        read_at(file, at, &mut head[..27])?;
        let segments = usize::from(head[26]);
        if !head.starts_with(b"OggS") || at + 27 + segments as u64 > size {
            break;
        }
        read_at(file, at + 27, &mut head[27..27 + segments])?;
        let content = at + 27 + segments as u64;
        let lacing = &head[27..27 + segments];
        at = content + lacing.iter().map(|length| u64::from(*length)).sum::<u64>();
        // Pages of headers, and those on which no packet ends before the first that is heard.
        let position = number(&head[6..14], false);
        if !found.is_empty() || !matches!(position, 0 | u64::MAX) {
            found.push(content..at.min(size));
        }
    }
    Ok(found)
}

/// The clusters of a Matroska or WebM file (RFC 9559).
fn matroska(file: &mut File, size: u64) -> io::Result<Vec<Range<u64>>> {
    const SEGMENT: u64 = 0x1853_8067;
    const CLUSTER: u64 = 0x1f43_b675;
    let mut found = Vec::new();
    let mut at = 0;
    for _ in 0..PARTS {
        if at + 12 > size {
            break;
        }
        let mut head = [0; 12];
        read_at(file, at, &mut head)?;
        let name = head[0].leading_zeros() as usize + 1;
        let length = head
            .get(name)
            .map_or(9, |byte| byte.leading_zeros() as usize + 1);
        if name > 4 || length > 8 {
            break;
        }
        let id = number(&head[..name], true);
        let mask = (1_u64 << (7 * length)) - 1;
        let told = number(&head[name..name + length], true) & mask;
        let content = at + (name + length) as u64;
        // All ones: the size was not known when it was written.
        let behind = if told == mask {
            size
        } else {
            content.saturating_add(told).min(size)
        };
        if id == CLUSTER {
            found.push(content..behind);
        }
        at = if id == SEGMENT { content } else { behind };
    }
    Ok(found)
}

/// The packets of a WMA file, behind the head of its data object.
fn asf(file: &mut File, size: u64) -> io::Result<Vec<Range<u64>>> {
    let mut head = [0; 24];
    read_at(file, 0, &mut head)?;
    let data = number(&head[16..], false);
    if data.saturating_add(50) > size {
        return Ok(Vec::new());
    }
    read_at(file, data, &mut head)?;
    let behind = data.saturating_add(number(&head[16..], false));
    let from = data + 50;
    Ok(iter::once(from..behind.min(size).max(from)).collect())
}
