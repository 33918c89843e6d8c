//! Detecting truncated files, in which players would stop in the middle.
use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use lofty::file::FileType;

use super::{mp4, sound::Sound};

/// Bytes at the end of a FLAC file within which its last frame begins; no frame is larger.
const TAIL: u64 = 256 << 10;

/// Bytes after the tags of an MP3 file within which its audio must begin. Without this limit the
/// reader would search the whole file.
const LEAD: u64 = 128 << 10;

/// Whether something like an MPEG audio frame follows soon after the tags at the beginning.
pub fn begins_soon(path: &Path) -> bool {
    let lead = || {
        let mut file = File::open(path)?;
        let start = behind_tags(&mut file)?;
        file.seek(SeekFrom::Start(start))?;
        let mut lead = Vec::new();
        file.take(LEAD).read_to_end(&mut lead)?;
        Ok::<_, io::Error>(lead)
    };
    let sync = |pair: &[u8]| pair[0] == 0xff && pair[1] >= 0xe0 && pair[1] != 0xff;
    lead().is_ok_and(|lead| lead.windows(2).any(sync))
}

/// Tags that are looked at.
const TAGS: usize = 1_000;

/// Where the ID3v2 tags at the beginning of a file end.
pub fn behind_tags(file: &mut File) -> io::Result<u64> {
    let mut at = 0;
    for _ in 0..TAGS {
        let mut head = [0; 10];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut head)?;
        if !head.starts_with(b"ID3") {
            return Ok(at);
        }
        let size = head[6..]
            .iter()
            .fold(0, |size, byte| size << 7 | u64::from(byte & 0x7f));
        at += size + 10;
    }
    Ok(at)
}

/// Whether the end of a file is missing, by what its format says of itself. If it cannot be checked, that is
/// left to the player.
pub fn is_cut(path: &Path, kind: FileType) -> bool {
    let is_whole = match kind {
        FileType::Flac => flac(path),
        FileType::Mp4 => mp4::is_cut(path).map(|is_cut| !is_cut),
        FileType::Opus | FileType::Speex | FileType::Vorbis => ogg(path),
        FileType::Wav => chunks(path, u32::from_le_bytes),
        FileType::Aiff => chunks(path, u32::from_be_bytes),
        _ => Ok(true),
    };
    !is_whole.unwrap_or(true)
}

/// Chunks that are looked at.
const CHUNKS: usize = 1_000;
/// A chunk of about this size or more was written into a pipe: it ends where the file does.
const ENDLESS: u32 = 0x7fff_0000;

/// Whether the chunks of a RIFF or FORM file end within it.
fn chunks(path: &Path, number: fn([u8; 4]) -> u32) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let end = file.metadata()?.len();
    let mut at = 12;
    for _ in 0..CHUNKS {
        if at + 8 > end {
            break;
        }
        let mut head = [0; 8];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut head)?;
        let size = number([head[4], head[5], head[6], head[7]]);
        let is_audio = matches!(&head[..4], b"data" | b"SSND");
        let behind = at + 8 + u64::from(size);
        if is_audio {
            return Ok(behind <= end || size >= ENDLESS);
        }
        at = behind + u64::from(size & 1);
    }
    Ok(true)
}

/// Whether a file of MPEG audio has nine tenths of the bytes that its first frame speaks of.
pub fn is_large_enough(path: &Path, sound: &Sound) -> bool {
    let told = sound.bitrate.unwrap_or_default() as f64 * sound.milliseconds as f64 / 8_000.0;
    fs::metadata(path).is_ok_and(|file| file.len() as f64 >= told * 0.9)
}

/// Bytes at the end of an Ogg file within which its last page begins; no page is larger.
const PAGE: u64 = 27 + 255 + 255 * 255;

/// Whether the last page of an Ogg file is complete (RFC 3533).
fn ogg(path: &Path) -> io::Result<bool> {
    let tail = tail(path, PAGE * 2)?;
    let mark = tail.windows(5).rposition(|bytes| bytes == b"OggS\0");
    let Some(page) = mark.map(|at| &tail[at..]) else {
        return Ok(true);
    };
    let Some(segments) = page.get(26).map(|count| usize::from(*count)) else {
        return Ok(false);
    };
    let Some(lacing) = page.get(27..27 + segments) else {
        return Ok(false);
    };
    let content: usize = lacing.iter().map(|length| usize::from(*length)).sum();
    Ok(page.len() >= 27 + segments + content)
}

fn tail(path: &Path, length: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(length)))?;
    let mut tail = Vec::new();
    file.take(length).read_to_end(&mut tail)?;
    Ok(tail)
}

/// The length in milliseconds of a file that was written into a pipe, and so does not tell it.
pub fn length_of_stream(path: &Path, kind: FileType) -> Option<i64> {
    match kind {
        FileType::Flac => flac_stream(path).ok()?,
        FileType::Wav => wav_stream(path).ok()?,
        _ => None,
    }
}

fn flac_stream(path: &Path) -> io::Result<Option<i64>> {
    let mut file = File::open(path)?;
    let start = behind_tags(&mut file)?;
    file.seek(SeekFrom::Start(start))?;
    let mut head = [0; 42];
    file.read_exact(&mut head)?;
    let block = u64::from(u16::from_be_bytes([head[10], head[11]]));
    let rate = u64::from(head[18]) << 12 | u64::from(head[19]) << 4 | u64::from(head[20] >> 4);
    if &head[..4] != b"fLaC" || rate == 0 {
        return Ok(None);
    }
    let tail = tail(path, TAIL)?;
    let last = (0..tail.len()).filter_map(|at| frame(&tail[at..])).max();
    let samples = last.map(|number| (number + 1).saturating_mul(block));
    Ok(samples.and_then(|samples| i64::try_from(samples.saturating_mul(1000) / rate).ok()))
}

/// The audio of a WAV file goes to its end if its length is not told.
fn wav_stream(path: &Path) -> io::Result<Option<i64>> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut head = Vec::new();
    (&mut file).take(64 << 10).read_to_end(&mut head)?;
    let chunk = |name: &[u8; 4]| head.windows(4).position(|four| four == name);
    let (Some(format), Some(data)) = (chunk(b"fmt "), chunk(b"data")) else {
        return Ok(None);
    };
    let Some(rate) = head.get(format + 16..format + 20) else {
        return Ok(None);
    };
    let rate = u64::from(u32::from_le_bytes([rate[0], rate[1], rate[2], rate[3]]));
    let bytes = size.saturating_sub(data as u64 + 8);
    let length = (rate > 0).then(|| bytes.saturating_mul(1000) / rate);
    Ok(length.and_then(|length| i64::try_from(length).ok()))
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
    let tail = tail(path, TAIL)?;
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
