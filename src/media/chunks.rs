//! A file as a stream of bytes: read on blocking threads, ahead of what is being sent, into reused
//! buffers.
use std::{
    fs::File,
    io::{self, ErrorKind, Read, Seek, SeekFrom},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use futures_util::{Stream, stream::try_unfold};
use tokio::task::{JoinHandle, spawn_blocking};

/// Bytes per read.
const CHUNK: usize = 256 << 10;
/// Maximum number of idle buffers kept.
const KEPT: usize = 32;

/// Idle buffers, because allocating memory would cost more than reading.
static BUFFERS: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

fn buffers() -> MutexGuard<'static, Vec<Vec<u8>>> {
    // A panic elsewhere cannot leave the list inconsistent.
    BUFFERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A buffer that is returned to `BUFFERS` when its bytes have been sent.
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

/// `length` bytes of a file, starting at `first`. A file that ends earlier is an error.
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

/// Reads the next chunk. One at a time per file, because reads share the file's position.
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
