//! The bytes of bodies that come in: how many, how long, and how many of all requests at once.
use std::time::Duration;

use futures_util::TryStreamExt;
use poem::RequestBody;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use crate::error::{Error, Result};

/// Bytes of a body at most; files have their own door.
pub const LIMIT: usize = 1 << 20;
/// For a body to come in, in all.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A media type without its parameters: `text/plain; charset=utf-8` is `text/plain`.
pub fn essence(kind: &str) -> &str {
    kind.split(';').next().unwrap_or_default().trim()
}

/// Bytes in memory of all bodies that are coming in.
const ALL: usize = 64 << 20;
/// The beginning of each, which does not count: what most requests send comes in whatever others do.
const FREE: usize = 16 << 10;

static ROOM: Semaphore = Semaphore::const_new(ALL);

/// The memory of one body that is coming in.
#[derive(Default)]
pub struct Room {
    came: usize,
    held: Option<SemaphorePermit<'static>>,
}

impl Room {
    /// Makes room for more bytes.
    ///
    /// # Errors
    /// `Unavailable` when others fill it.
    pub fn make(&mut self, bytes: usize) -> Result<()> {
        let counted = |came: usize| came.saturating_sub(FREE);
        let more = counted(self.came + bytes) - counted(self.came);
        self.came += bytes;
        if more == 0 {
            return Ok(());
        }
        let room = u32::try_from(more)
            .ok()
            .and_then(|more| ROOM.try_acquire_many(more).ok());
        let room = room.ok_or_else(|| {
            Error::Unavailable("Too much is being sent at once. Try again in a moment.".to_owned())
        })?;
        match &mut self.held {
            Some(held) => held.merge(room),
            none => *none = Some(room),
        }
        Ok(())
    }
}

impl Room {
    /// Makes room for so many bytes in all.
    ///
    /// # Errors
    /// As [`Room::make`].
    pub fn make_up_to(&mut self, bytes: usize) -> Result<()> {
        self.make(bytes.saturating_sub(self.came))
    }
}

/// The bytes of a body, up to the limit.
pub async fn limited(body: &mut RequestBody) -> Result<Vec<u8>> {
    let body = body
        .take()
        .map_err(|_| Error::Refused("The body was read already.".to_owned()))?;
    let gathered = async {
        let mut room = Room::default();
        let mut bytes = Vec::new();
        let mut chunks = body.into_bytes_stream();
        while let Some(chunk) = chunks.try_next().await.map_err(unread)? {
            if bytes.len() + chunk.len() > LIMIT {
                return Err(Error::TooLarge(LIMIT));
            }
            room.make(chunk.len())?;
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    };
    timeout(PATIENCE, gathered).await.map_err(|_| Error::Late)?
}

fn unread(error: std::io::Error) -> Error {
    Error::Refused(format!("The body could not be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_senders_do_not_keep_small_bodies_out() {
        let mut slow = Vec::new();
        loop {
            let mut room = Room::default();
            if room.make(LIMIT).is_err() {
                break;
            }
            slow.push(room);
        }
        assert!(slow.len() <= ALL / (LIMIT - FREE));
        assert!(Room::default().make(FREE).is_ok());
        slow.pop();
        assert!(Room::default().make(LIMIT).is_ok());
    }
}
