//! Connections, and what they may hold: how many there are, in all and for each address, and how long
//! one may take for the head of a request, rest idle, or leave an answer unread.
use std::{
    collections::HashMap,
    future::Future,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use poem::{
    Addr,
    http::uri::Scheme,
    listener::Acceptor,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep, sleep, sleep_until},
};

use crate::{config::Config, throttle::Ident};

/// How many connections there may be.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    pub all: usize,
    /// None where all come from a proxy.
    pub per_address: Option<usize>,
}

impl Most {
    /// As many as there are file descriptors for, beside the files and connections that answers need.
    /// From one address fewer, unless a proxy is in front.
    pub fn of(config: &Config) -> Self {
        let files = raise_limit();
        Self {
            all: (files / 3).clamp(64, 8_192),
            per_address: (config.num_proxies == 0).then_some(256),
        }
    }
}

/// Raises the limit of open files as far as the system lets, and returns it.
#[cfg(unix)]
fn raise_limit() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let raised = setrlimit(Resource::Nofile, wanted).map_or(limit.current, |()| limit.maximum);
    raised.map_or(usize::MAX, |files| {
        usize::try_from(files).unwrap_or(usize::MAX)
    })
}

#[cfg(not(unix))]
fn raise_limit() -> usize {
    4_096
}

/// For the head of a request, from its first byte, or from the start of the connection.
const HEAD: Duration = Duration::from_secs(15);
/// Between an answer and the next request.
const IDLE: Duration = Duration::from_secs(75);
/// For a reader that takes nothing of its answer.
const UNREAD: Duration = Duration::from_secs(60);
/// Bytes of a head.
const LONGEST: usize = 64 << 10;
/// After a connection could not be accepted, so that the reason can pass.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections within these bounds.
pub struct Bounded<A> {
    inner: A,
    most: Most,
    places: Arc<Semaphore>,
    addresses: Addresses,
}

type Addresses = Arc<Mutex<HashMap<Ident, usize>>>;

impl<A> Bounded<A> {
    pub fn new(inner: A, most: Most) -> Self {
        Self {
            inner,
            most,
            places: Arc::new(Semaphore::new(most.all)),
            addresses: Addresses::default(),
        }
    }

    /// A place for one more connection of this address, if it may have one.
    fn seat(&self, address: Option<Ident>, place: OwnedSemaphorePermit) -> Option<Seat> {
        let counted = address.filter(|_| self.most.per_address.is_some());
        if let (Some(address), Some(most)) = (counted, self.most.per_address) {
            let mut addresses = self
                .addresses
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let count = addresses.entry(address).or_default();
            if *count >= most {
                return None;
            }
            *count += 1;
        }
        Some(Seat {
            address: counted,
            addresses: self.addresses.clone(),
            _place: place,
        })
    }
}

/// What a connection holds while it lasts.
struct Seat {
    address: Option<Ident>,
    addresses: Addresses,
    _place: OwnedSemaphorePermit,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let mut addresses = self
            .addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = addresses.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                addresses.remove(&address);
            }
        }
    }
}

impl<A: Acceptor> Acceptor for Bounded<A> {
    type Io = Connection<A::Io>;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.inner.local_addr()
    }

    /// Never fails: what cannot be accepted is logged and passed over.
    async fn accept(&mut self) -> io::Result<(Self::Io, LocalAddr, RemoteAddr, Scheme)> {
        loop {
            let place = self.places.clone().acquire_owned().await;
            let place = place.map_err(io::Error::other)?;
            let (io, local, remote, scheme) = match self.inner.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(PAUSE).await;
                    continue;
                }
            };
            // Programs on this machine, such as a proxy, speak for many.
            let address = match &remote.0 {
                Addr::SocketAddr(address) if !address.ip().is_loopback() => {
                    Some(Ident::of_address(address.ip()))
                }
                _ => None,
            };
            if let Some(seat) = self.seat(address, place) {
                return Ok((Connection::new(io, seat), local, remote, scheme));
            }
        }
    }
}

/// Where a connection is in its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The head of a request comes in; so many bytes of it were read, and so many of the empty line
    /// behind it.
    Head { read: usize, line_end: u8 },
    /// The body comes in, or the answer is made.
    Open,
    /// The answer goes out, or is out.
    Answered,
    /// HTTP/2, which has its own bounds.
    Two,
}

/// A connection that ends when it takes too long.
pub struct Connection<I> {
    io: I,
    phase: Phase,
    /// When it is over, unless something happens before.
    until: Option<Instant>,
    /// When an answer that is not taken is over.
    unread: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
    _seat: Seat,
}

const START: Phase = Phase::Head {
    read: 0,
    line_end: 0,
};

impl<I> Connection<I> {
    fn new(io: I, seat: Seat) -> Self {
        let until = Instant::now() + HEAD;
        Self {
            io,
            phase: START,
            until: Some(until),
            unread: None,
            alarm: Box::pin(sleep_until(until)),
            _seat: seat,
        }
    }

    /// Looks at the bytes that came in.
    fn came(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        if self.phase == START && bytes.starts_with(b"PRI ") {
            self.phase = Phase::Two;
        }
        match self.phase {
            Phase::Two => self.until = Some(Instant::now() + IDLE),
            Phase::Open => {}
            Phase::Answered => {
                self.until = Some(Instant::now() + HEAD);
                self.phase = START;
                self.read_head(bytes)?;
            }
            Phase::Head { .. } => self.read_head(bytes)?,
        }
        Ok(())
    }

    /// Follows a head to the empty line at its end.
    fn read_head(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Phase::Head { read, line_end } = self.phase else {
            return Ok(());
        };
        // Empty lines before a request are passed over, and are none.
        let blank = match read {
            0 => bytes
                .iter()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                .count(),
            _ => 0,
        };
        let bytes = &bytes[blank..];
        let mut seen = line_end;
        for byte in bytes {
            seen = match (seen, byte) {
                (0 | 2, b'\r') => seen + 1,
                // A line may also end without the carriage return.
                (0 | 1, b'\n') => 2,
                (2 | 3, b'\n') => 4,
                _ => 0,
            };
            if seen == 4 {
                self.phase = Phase::Open;
                self.until = None;
                return Ok(());
            }
        }
        let read = read + bytes.len();
        if read > LONGEST {
            return Err(too_long());
        }
        self.phase = Phase::Head {
            read,
            line_end: seen,
        };
        Ok(())
    }

    /// Something of an answer went out. That the body may come is no answer yet.
    fn wrote(&mut self, begins: &[u8]) {
        self.unread = None;
        if self.phase == Phase::Open && begins.starts_with(b"HTTP/1.1 100 ") {
            return;
        }
        if self.phase != Phase::Two {
            self.phase = Phase::Answered;
        }
        self.until = Some(Instant::now() + IDLE);
    }

    /// An error once the time is over.
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let Some(next) = self.until.into_iter().chain(self.unread).min() else {
            return Ok(());
        };
        if self.alarm.deadline() != next {
            self.alarm.as_mut().reset(next);
        }
        match self.alarm.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(()),
        }
    }
}

fn too_long() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "the head of the request is too long",
    )
}

impl<I: AsyncRead + Unpin> AsyncRead for Connection<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut this.io).poll_read(cx, buffer) {
            read?;
            return Poll::Ready(this.came(&buffer.filled()[before..]));
        }
        match this.check(cx) {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl<I: AsyncWrite + Unpin> Connection<I> {
    fn written(
        &mut self,
        cx: &mut Context<'_>,
        begins: &[u8],
        poll: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match poll {
            Poll::Ready(Ok(count)) => {
                self.wrote(begins);
                Poll::Ready(Ok(count))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                self.unread.get_or_insert_with(|| Instant::now() + UNREAD);
                // While an answer waits for its reader, that alone counts.
                self.until = None;
                self.check(cx)?;
                Poll::Pending
            }
        }
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Connection<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.written(cx, bytes, poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.io).poll_write_vectored(cx, slices);
        let begins = slices.first().map_or(&[][..], |slice| &**slice);
        self.written(cx, begins, poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = ready!(Pin::new(&mut self.io).poll_shutdown(cx));
        Poll::Ready(shut)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    fn seats(all: usize, per_address: usize) -> Bounded<()> {
        let per_address = Some(per_address);
        Bounded::new((), Most { all, per_address })
    }

    fn seat(bounded: &Bounded<()>, last: u8) -> Option<Seat> {
        let place = bounded.places.clone().try_acquire_owned().ok()?;
        bounded.seat(Some(Ident::Address([203, 0, 113, last].into())), place)
    }

    fn connected() -> (Connection<DuplexStream>, DuplexStream) {
        let (ours, theirs) = duplex(1_024);
        let seat = seat(&seats(1, 1), 1).expect("the first has a place");
        (Connection::new(ours, seat), theirs)
    }

    async fn fails(connection: &mut Connection<DuplexStream>) -> (io::ErrorKind, Duration) {
        let began = Instant::now();
        loop {
            if let Err(error) = connection.read(&mut [0; 64]).await {
                return (error.kind(), began.elapsed());
            }
        }
    }

    #[test]
    fn an_address_has_its_share_and_all_have_theirs() {
        let bounded = seats(3, 2);
        let held = [seat(&bounded, 1), seat(&bounded, 1)];
        assert!(held.iter().all(Option::is_some) && seat(&bounded, 1).is_none());
        let other = seat(&bounded, 2);
        assert!(other.is_some() && seat(&bounded, 3).is_none());
        drop(held);
        assert!(seat(&bounded, 1).is_some());
        drop(other);
        let left = bounded.addresses.lock().expect("nobody panicked").len();
        assert_eq!((left, bounded.places.available_permits()), (0, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_to_come_in_time() {
        let (mut connection, mut client) = connected();
        let (kind, after) = fails(&mut connection).await;
        assert_eq!((kind, after), (io::ErrorKind::TimedOut, HEAD));
        let (mut connection, mut slow) = connected();
        let drip = async {
            while slow.write_all(b"a").await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        };
        let (kind, after) = tokio::select! {
            failed = fails(&mut connection) => failed,
            () = drip => unreachable!(),
        };
        assert_eq!(kind, io::ErrorKind::TimedOut);
        assert!(after <= HEAD + Duration::from_secs(1), "{after:?}");
        drop(client.shutdown().await);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_may_take_long_and_the_next_request_not() {
        let (mut connection, mut client) = connected();
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .expect("it is read");
        let mut buffer = [0; 64];
        let count = connection
            .read(&mut buffer)
            .await
            .expect("the head is there");
        assert!(count > 0);
        let waited =
            tokio::time::timeout(Duration::from_secs(3_600), connection.read(&mut buffer)).await;
        assert!(waited.is_err(), "nothing ends while the answer is made");
        connection
            .write_all(b"HTTP/1.1 200 OK\r\n\r\n")
            .await
            .expect("it is taken");
        let (kind, after) = fails(&mut connection).await;
        assert_eq!((kind, after), (io::ErrorKind::TimedOut, IDLE));
    }

    #[tokio::test(start_paused = true)]
    async fn empty_lines_are_no_request() {
        let (mut connection, mut client) = connected();
        client.write_all(b"\r\n\r\n\r\n").await.expect("it is read");
        let (kind, after) = fails(&mut connection).await;
        assert_eq!((kind, after), (io::ErrorKind::TimedOut, HEAD));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_was_waited_for_is_no_head() {
        let (mut connection, mut client) = connected();
        let head = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n";
        client.write_all(head).await.expect("it is read");
        let mut buffer = vec![0; 1_024];
        let count = connection.read(&mut buffer).await;
        assert!(count.expect("the head is there") > 0);
        let go_on = b"HTTP/1.1 100 Continue\r\n\r\n";
        connection.write_all(go_on).await.expect("it is taken");
        for _ in 0..2 * LONGEST / 512 {
            client.write_all(&[b'a'; 512]).await.expect("it is read");
            let count = connection.read(&mut buffer).await;
            assert!(count.expect("a body may be longer than a head") > 0);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_takes_ends() {
        let (mut connection, mut client) = connected();
        client
            .write_all(b"GET / HTTP/1.1\n\n")
            .await
            .expect("it is read");
        let mut buffer = [0; 64];
        let count = connection.read(&mut buffer).await;
        assert!(count.expect("the head is there") > 0);
        let began = Instant::now();
        let error = connection
            .write_all(&[0; 4_096])
            .await
            .expect_err("nobody reads");
        assert_eq!(
            (error.kind(), began.elapsed()),
            (io::ErrorKind::TimedOut, UNREAD)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_a_length() {
        let (mut connection, mut client) = connected();
        let send = async { while client.write_all(&[b'a'; 512]).await.is_ok() {} };
        let (kind, _) = tokio::select! {
            failed = fails(&mut connection) => failed,
            () = send => unreachable!(),
        };
        assert_eq!(kind, io::ErrorKind::InvalidData);
    }
}
