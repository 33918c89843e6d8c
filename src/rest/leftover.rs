//! What a client still sends when its request is refused. Many clients read no answer before they have sent all of it.
use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use poem::{Body, Request};
use tokio::{
    io::{AsyncRead, AsyncReadExt, ReadBuf},
    time::timeout,
};

use super::{incoming::essence, parts::PARTS};

/// Bytes that are read in vain, and for how long.
const MOST: u64 = 16 << 20;
const PATIENCE: Duration = Duration::from_secs(3);

type Source = Pin<Box<dyn AsyncRead + Send>>;

/// The rest of a form that comes in.
#[derive(Clone)]
pub struct Leftover(Arc<Mutex<Source>>);

impl AsyncRead for Leftover {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut source = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        source.as_mut().poll_read(cx, into)
    }
}

impl Leftover {
    /// The rest of the form that a request brings; `None` for other bodies, which are short.
    pub fn of(request: &mut Request) -> Option<Self> {
        let kind = essence(request.content_type().unwrap_or_default());
        if !kind.eq_ignore_ascii_case(PARTS) {
            return None;
        }
        let source: Source = Box::pin(request.take_body().into_async_read());
        let leftover = Self(Arc::new(Mutex::new(source)));
        request.set_body(Body::from_async_read(leftover.clone()));
        Some(leftover)
    }

    /// Reads it, within bounds.
    pub async fn drain(self) {
        let mut rest = self.take(MOST);
        let mut nowhere = tokio::io::sink();
        // Whoever sends more finds the connection closed.
        _ = timeout(PATIENCE, tokio::io::copy(&mut rest, &mut nowhere)).await;
    }
}
