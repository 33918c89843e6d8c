//! Answers that wait for their readers: how many bytes of them there may be in memory, in all and for each
//! client. A reader that takes nothing holds what was made for it.
use std::sync::{Arc, LazyLock};

use futures_util::stream;
use poem::{Body, Response, http::header::CONTENT_LENGTH};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    error::{Error, Result},
    shares::Shares,
    throttle::Ident,
};

/// Bytes of all answers that wait.
const ALL: usize = 256 << 20;
/// Bytes of those of one client.
const EACH: usize = 64 << 20;
/// Shorter answers do not count.
const FREE: usize = 16 << 10;
/// Handed on at once: what is handed on is in the connection's own, bounded buffers.
const PIECE: usize = 16 << 10;

static ROOM: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(ALL)));
static SHARES: LazyLock<Shares> = LazyLock::new(|| Shares::of_size(EACH));

/// Gives an answer its body, which is held until it is read.
///
/// # Errors
/// `Unavailable` when too much is waiting already.
pub fn hold(response: &mut Response, bytes: bytes::Bytes, who: Ident) -> Result<()> {
    if bytes.len() <= FREE {
        response.set_body(bytes);
        return Ok(());
    }
    let room = take_room(bytes.len(), who)?;
    response
        .headers_mut()
        .insert(CONTENT_LENGTH, bytes.len().into());
    let waiting = Waiting { bytes, room };
    let pieces = stream::unfold(waiting, |waiting| async { waiting.next() });
    response.set_body(Body::from_bytes_stream(pieces));
    Ok(())
}

/// Room for bytes that wait: of all clients, and of this one. Held until it is dropped.
pub type Room = [OwnedSemaphorePermit; 2];

/// Room for an answer of this size.
///
/// # Errors
/// `Unavailable` when too much is waiting already.
pub fn take_room(bytes: usize, who: Ident) -> Result<Room> {
    let room = [ROOM.clone(), SHARES.of(who)].map(|room| take(room, bytes));
    let [Some(all), Some(own)] = room else {
        return Err(Error::Unavailable(
            "Too many answers wait for their readers. Read them, or try again in a moment."
                .to_owned(),
        ));
    };
    Ok([all, own])
}

/// Room for an answer; one that is longer than a share takes all of it.
fn take(room: Arc<Semaphore>, bytes: usize) -> Option<OwnedSemaphorePermit> {
    let bytes = u32::try_from(bytes.min(EACH)).ok()?;
    room.try_acquire_many_owned(bytes).ok()
}

/// What is left of an answer.
struct Waiting {
    bytes: bytes::Bytes,
    room: Room,
}

impl Waiting {
    /// The next piece, whose room is free again.
    fn next(mut self) -> Option<(std::io::Result<bytes::Bytes>, Self)> {
        if self.bytes.is_empty() {
            return None;
        }
        let piece = self.bytes.split_to(PIECE.min(self.bytes.len()));
        for room in &mut self.room {
            drop(room.split(piece.len().min(room.num_permits())));
        }
        Some((Ok(piece), self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_nobody_reads_fills_a_share_and_what_is_read_makes_room() {
        let who = Ident::User(-1);
        let long = bytes::Bytes::from(vec![b'a'; 1 << 20]);
        let mut unread = Vec::new();
        for _ in 0..EACH / long.len() {
            let mut response = Response::default();
            hold(&mut response, long.clone(), who).expect("there is room");
            unread.push(response);
        }
        let mut more = Response::default();
        assert!(hold(&mut more, long.clone(), who).is_err());
        assert!(hold(&mut more, long.slice(..FREE), who).is_ok());
        assert!(hold(&mut Response::default(), long.clone(), Ident::User(-2)).is_ok());
        let read = unread.pop().expect("there are some");
        let read = read
            .into_body()
            .into_bytes()
            .await
            .expect("it is in memory");
        assert_eq!(read, long);
        assert!(hold(&mut more, long, who).is_ok());
    }
}
