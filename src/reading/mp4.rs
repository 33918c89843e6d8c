//! The boxes of an MP4 file.
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
    path::Path,
};

/// Boxes of one level that are looked at.
const MOST: usize = 10_000;

/// A box: its type, where its content begins, and where it ends.
struct Part {
    kind: [u8; 4],
    content: u64,
    end: u64,
}

/// The boxes between two places; `None` in the place of one that goes on behind the end.
fn parts(file: &mut File, from: u64, to: u64) -> io::Result<Vec<Option<Part>>> {
    let mut found = Vec::new();
    let mut at = from;
    while at + 8 <= to && found.len() < MOST {
        let mut head = [0; 16];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut head[..8])?;
        let short = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        let (content, size) = match short {
            // To the end of the file.
            0 => (at + 8, to - at),
            1 => {
                file.read_exact(&mut head[8..])?;
                let mut long = [0; 8];
                long.copy_from_slice(&head[8..]);
                (at + 16, u64::from_be_bytes(long))
            }
            short => (at + 8, u64::from(short)),
        };
        let end = at.saturating_add(size);
        if end > to {
            found.push(None);
            break;
        }
        if end < content {
            break;
        }
        found.push(Some(Part {
            kind: [head[4], head[5], head[6], head[7]],
            content,
            end,
        }));
        at = end;
    }
    Ok(found)
}

/// Whether a box ends behind the end of the file.
pub fn is_cut(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    Ok(parts(&mut file, 0, size)?.iter().any(Option::is_none))
}

/// Where the media data lie.
pub fn audio(file: &mut File, size: u64) -> io::Result<Vec<Range<u64>>> {
    let parts = parts(file, 0, size)?.into_iter().flatten();
    let media = parts.filter(|part| &part.kind == b"mdat");
    Ok(media.map(|part| part.content..part.end).collect())
}

/// Whether a file that is not named as audio has a track of moving pictures.
pub fn is_film(path: &Path) -> bool {
    let is_video = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("mp4"));
    is_video && has_pictures(path).unwrap_or(false)
}

fn has_pictures(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut level = vec![(0, size)];
    for kind in [b"moov", b"trak", b"mdia", b"hdlr"] {
        let mut below = Vec::new();
        for (from, to) in level {
            let parts = parts(&mut file, from, to)?.into_iter().flatten();
            below.extend(
                parts
                    .filter(|part| &part.kind == kind)
                    .map(|part| (part.content, part.end)),
            );
        }
        level = below;
    }
    for (from, to) in level {
        let mut handler = [0; 12];
        if to - from >= 12 {
            file.seek(SeekFrom::Start(from))?;
            file.read_exact(&mut handler)?;
        }
        if &handler[8..] == b"vide" {
            return Ok(true);
        }
    }
    Ok(false)
}
