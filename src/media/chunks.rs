//! A file's bytes as a stream: read on threads that may wait, ahead of what is being sent, into
//! memory that is used again and again.
use std::{
    fs::File,
    io::{self, ErrorKind, Read, Seek, SeekFrom},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use futures_util::{Stream, stream::try_unfold};
use tokio::task::{JoinHandle, spawn_blocking};

/// Bytes that are read at a time.
const CHUNK: usize = 256 << 10;
/// Buffers that are kept when nobody listens.
const KEPT: usize = 32;

/// Buffers that wait to be used again: fresh memory would cost more than the reading.
static BUFFERS: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

fn buffers() -> MutexGuard<'static, Vec<Vec<u8>>> {
    // A panic elsewhere cannot leave the list half-written.
    BUFFERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A buffer that goes back when its bytes are sent.
struct Filled {
    buffer: Vec<u8>,
    length: usize,
}

impl AsRef<[u8]> for Filled {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl Drop for Filled {
    fn drop(&mut self) {
        let mut buffers = buffers();
        if buffers.len() < KEPT {
            buffers.push(std::mem::take(&mut self.buffer));
        }
    }
}

/// So many bytes of a file, from a place on. A file that ends before is an error.
pub fn stream(file: File, first: u64, length: u64) -> impl Stream<Item = io::Result<Bytes>> {
    let file = Arc::new(file);
    let start = Reading {
        ahead: read(file.clone(), Some(first), length),
        file,
        left: length,
    };
    try_unfold(start, Reading::next)
}

struct Reading {
    file: Arc<File>,
    ahead: JoinHandle<io::Result<Bytes>>,
    left: u64,
}

impl Reading {
    async fn next(self) -> io::Result<Option<(Bytes, Self)>> {
        if self.left == 0 {
            return Ok(None);
        }
        let bytes = self.ahead.await??;
        let left = self.left - bytes.len() as u64;
        let reading = Self {
            ahead: read(self.file.clone(), None, left),
            file: self.file,
            left,
        };
        Ok(Some((bytes, reading)))
    }
}

/// Reads the next chunk; one at a time for each file, as its place is the file's own.
fn read(file: Arc<File>, from: Option<u64>, left: u64) -> JoinHandle<io::Result<Bytes>> {
    spawn_blocking(move || {
        let mut file = &*file;
        if let Some(from) = from {
            file.seek(SeekFrom::Start(from))?;
        }
        let wanted = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        if wanted == 0 {
            return Ok(Bytes::new());
        }
        let mut buffer = buffers().pop().unwrap_or_else(|| vec![0; CHUNK]);
        let mut length = 0;
        while length < wanted {
            match file.read(&mut buffer[length..wanted]) {
                Ok(0) => break,
                Ok(read) => length += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        match length {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(Bytes::from_owner(Filled { buffer, length })),
        }
    })
}
