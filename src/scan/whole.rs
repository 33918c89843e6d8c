//! Detecting truncated files, in which players would stop in the middle.
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use lofty::file::FileType;

/// Bytes at the end of a FLAC file within which its last frame begins; no frame is larger.
const TAIL: u64 = 256 << 10;

/// Bytes after the tags of an MP3 file within which its audio must begin. Without this limit the
/// reader would search the whole file.
const LEAD: u64 = 128 << 10;

/// Whether something like an MPEG audio frame follows soon after the tags at the beginning.
pub fn begins_soon(path: &Path) -> bool {
    let lead = || {
        let mut file = File::open(path)?;
        let mut head = [0; 10];
        file.read_exact(&mut head)?;
        let size = head[6..]
            .iter()
            .fold(0, |size, byte| size << 7 | u64::from(byte & 0x7f));
        let tags = if head.starts_with(b"ID3") {
            size + 10
        } else {
            0
        };
        file.seek(SeekFrom::Start(tags))?;
        let mut lead = Vec::new();
        file.take(LEAD).read_to_end(&mut lead)?;
        Ok::<_, io::Error>(lead)
    };
    let sync = |pair: &[u8]| pair[0] == 0xff && pair[1] >= 0xe0 && pair[1] != 0xff;
    lead().is_ok_and(|lead| lead.windows(2).any(sync))
}

/// Bits per second according to the header (`told`) and to the size of the file (`measured`).
pub fn is_whole(path: &Path, kind: FileType, told: Option<i64>, measured: f64) -> bool {
    let told = told.unwrap_or_default() as f64;
    match kind {
        // If the file cannot be checked, leave it to the player.
        FileType::Flac => flac(path).unwrap_or(true),
        FileType::Wav | FileType::Aiff | FileType::Mpeg => measured >= told * 0.9,
        // In other formats the header may have the maximum bitrate, not the actual one.
        _ => measured * 4.0 >= told,
    }
}

/// Whether the last frame of a FLAC file reaches the number of samples in its header (RFC 9639).
/// True if that cannot be determined.
fn flac(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let mut head = [0; 42];
    file.read_exact(&mut head)?;
    if &head[..4] != b"fLaC" {
        return Ok(true);
    }
    let info = &head[8..];
    // The minimum block size may be that of the last block; all others have the maximum size.
    let block = u64::from(u16::from_be_bytes([info[2], info[3]]));
    let samples = info[13..18]
        .iter()
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
        & 0xf_ffff_ffff;
    if samples == 0 || block == 0 {
        return Ok(true);
    }
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    // Some matches may not be frames; the highest number is that of the last frame.
    let last = (0..tail.len()).filter_map(|at| frame(&tail[at..])).max();
    Ok(last.is_none_or(|number| (number + 1) * block + block > samples))
}

/// The number of the frame that begins here, if its header has a valid checksum.
fn frame(bytes: &[u8]) -> Option<u64> {
    // The sync code for fixed block sizes, then reserved values.
    if bytes.len() < 16
        || bytes[..2] != [0xff, 0xf8]
        || bytes[2] >> 4 == 0
        || bytes[2] & 15 == 15
        || bytes[3] >> 4 > 10
        || bytes[3] & 1 == 1
    {
        return None;
    }
    let (number, length) = coded_number(&bytes[4..])?;
    let extra_block = match bytes[2] >> 4 {
        6 => 1,
        7 => 2,
        _ => 0,
    };
    let extra_rate = match bytes[2] & 15 {
        12 => 1,
        13 | 14 => 2,
        _ => 0,
    };
    let end = 4 + length + extra_block + extra_rate;
    (crc8(&bytes[..end]) == *bytes.get(end)?).then_some(number)
}

/// A number coded like UTF-8, and its length in bytes.
fn coded_number(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let length = match first.leading_ones() {
        0 => return Some((u64::from(first), 1)),
        ones @ 2..=7 => ones as usize,
        _ => return None,
    };
    let start = u64::from(first) & (0x7f_u64 >> length);
    let number = bytes
        .get(1..length)?
        .iter()
        .try_fold(start, |number, byte| {
            (byte >> 6 == 2).then_some(number << 6 | u64::from(byte & 0x3f))
        });
    Some((number?, length))
}

/// CRC-8 with the polynomial x^8 + x^2 + x + 1.
fn crc8(bytes: &[u8]) -> u8 {
    let step = |sum: u8| match sum & 0x80 {
        0 => sum << 1,
        _ => sum << 1 ^ 0x07,
    };
    bytes
        .iter()
        .fold(0, |sum, byte| (0..8).fold(sum ^ byte, |sum, _| step(sum)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_frames_are_read() {
        assert_eq!(coded_number(&[0x41]), Some((0x41, 1)));
        assert_eq!(coded_number(&[0xc3, 0xa4]), Some((0xe4, 2)));
        assert_eq!(coded_number(&[0xe2, 0x82, 0xac]), Some((0x20ac, 3)));
        assert_eq!(coded_number(&[0xc3, 0x00]), None);
        assert_eq!(coded_number(&[0x80]), None);
    }
}
