//! Measuring MPEG audio whose header does not tell how long it is: frame by frame.
use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::Path,
};

/// Bytes within which the next frame must begin where the last one ends.
const LOST: usize = 64 << 10;

pub struct Measured {
    pub milliseconds: i64,
    /// In bits per second, on average.
    pub bitrate: i64,
}

/// A frame of audio, by its header.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Frame {
    /// In bytes.
    length: usize,
    samples: u64,
    rate: u64,
}

/// Bitrates in kbit/s: MPEG-1 layers I to III, then MPEG-2 layer I, and its layers II and III.
const BITRATES: [[u16; 15]; 5] = [
    [
        0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448,
    ],
    [
        0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384,
    ],
    [
        0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
    ],
    [
        0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256,
    ],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];

impl Frame {
    fn of(head: &[u8]) -> Option<Self> {
        let &[first, second, third, ..] = head else {
            return None;
        };
        if first != 0xff || second & 0xe0 != 0xe0 {
            return None;
        }
        let layer = match second >> 1 & 3 {
            3 => 1,
            2 => 2,
            1 => 3,
            _ => return None,
        };
        // 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5.
        let version = second >> 3 & 3;
        let shift = match version {
            3 => 0,
            2 => 1,
            0 => 2,
            _ => return None,
        };
        let table = match (shift, layer) {
            (0, layer) => layer - 1,
            (_, 1) => 3,
            _ => 4,
        };
        let bits = u64::from(
            *BITRATES[table]
                .get(usize::from(third >> 4))
                .filter(|kbits| **kbits > 0)?,
        ) * 1000;
        let rate = [44_100, 48_000, 32_000].get(usize::from(third >> 2 & 3))? >> shift;
        let padding = u64::from(third >> 1 & 1);
        let samples = match (layer, shift) {
            (1, _) => 384,
            (3, 1..) => 576,
            _ => 1_152,
        };
        let length = match layer {
            1 => (12 * bits / rate + padding) * 4,
            _ => samples / 8 * bits / rate + padding,
        };
        Some(Self {
            length: usize::try_from(length).ok()?,
            samples,
            rate,
        })
    }
}

/// What the frames of a file add up to; `None` if its first frame tells that, or if it has none.
pub fn measured(path: &Path) -> Option<Measured> {
    walk(path).ok()?
}

fn walk(path: &Path) -> io::Result<Option<Measured>> {
    let mut file = File::open(path)?;
    let start = super::whole::behind_tags(&mut file)?;
    file.seek(SeekFrom::Start(start))?;
    let mut input = BufReader::with_capacity(LOST, file);
    let mut window = vec![0; LOST];
    let (mut samples, mut bytes, mut rate) = (0_u64, 0_u64, 0_u64);
    let mut head = [0; 4];
    let mut have = read_full(&mut input, &mut head)?;
    while have == head.len() {
        let Some(frame) = Frame::of(&head) else {
            match regain(&mut input, &mut head, &mut window)? {
                true => continue,
                false => break,
            }
        };
        let body = &mut window[..frame.length.saturating_sub(head.len())];
        let whole = read_full(&mut input, body)? == body.len();
        if samples == 0 {
            if let Some(told) = fraunhofer(body) {
                return Ok(told.measured(frame));
            }
            if tells_its_length(body) {
                return Ok(None);
            }
        }
        if whole {
            samples += frame.samples;
            bytes += frame.length as u64;
            rate = frame.rate;
        }
        have = read_full(&mut input, &mut head)?;
    }
    if rate == 0 {
        return Ok(None);
    }
    Ok(Some(Measured {
        milliseconds: i64::try_from(samples * 1000 / rate).unwrap_or_default(),
        bitrate: i64::try_from(bytes * 8 * rate / samples).unwrap_or_default(),
    }))
}

/// Whether the first frame holds the number of all, as Xing and LAME write it.
fn tells_its_length(body: &[u8]) -> bool {
    let beginning = &body[..body.len().min(64)];
    [b"Xing", b"Info"]
        .iter()
        .any(|mark| beginning.windows(4).any(|four| four == *mark))
}

/// What the first frame tells of all, as Fraunhofer writes it.
struct Fraunhofer {
    bytes: u64,
    frames: u64,
}

fn fraunhofer(body: &[u8]) -> Option<Fraunhofer> {
    let header = body.get(32..)?.strip_prefix(b"VBRI")?;
    let number = |at: usize| -> Option<u64> {
        let bytes: [u8; 4] = header.get(at..at + 4)?.try_into().ok()?;
        Some(u64::from(u32::from_be_bytes(bytes)))
    };
    Some(Fraunhofer {
        bytes: number(6)?,
        frames: number(10)?,
    })
}

impl Fraunhofer {
    fn measured(&self, frame: Frame) -> Option<Measured> {
        let samples = self
            .frames
            .checked_mul(frame.samples)
            .filter(|samples| *samples > 0)?;
        Some(Measured {
            milliseconds: i64::try_from(samples * 1000 / frame.rate).ok()?,
            bitrate: i64::try_from(self.bytes * 8 * frame.rate / samples).ok()?,
        })
    }
}

/// Moves on to where two frames follow each other; `false` if there are none soon.
fn regain(input: &mut BufReader<File>, head: &mut [u8; 4], window: &mut [u8]) -> io::Result<bool> {
    window[..4].copy_from_slice(head);
    let read = 4 + read_full(input, &mut window[4..])?;
    for at in 1..read.saturating_sub(4) {
        let Some(frame) = Frame::of(&window[at..read]) else {
            continue;
        };
        let next = at + frame.length;
        if next + 4 <= read
            && Frame::of(&window[next..read]).is_some_and(|next| next.rate == frame.rate)
        {
            head.copy_from_slice(&window[at..at + 4]);
            let back = i64::try_from(read - at - 4).unwrap_or_default();
            input.seek_relative(-back)?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// Reads until the buffer is full or the file ends; the number of bytes read.
fn read_full(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match input.read(&mut buffer[read..])? {
            0 => break,
            more => read += more,
        }
    }
    Ok(read)
}
