//! How long a connection may take for the head of a request, rest idle, or leave an answer unread.
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

/// For the head of a request, from its first byte, or from the start of the connection.
const HEAD: Duration = Duration::from_secs(15);
/// Between an answer and the next request.
const IDLE: Duration = Duration::from_secs(75);
/// Between bytes of HTTP/2 and WebSocket, where requests cannot be told from here: longer than any answer
/// is made.
const QUIET: Duration = Duration::from_secs(300);
/// For a reader that takes nothing of its answer.
const UNREAD: Duration = Duration::from_secs(60);
/// What asks for the body of a request.
const INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
/// What hands a connection over to another protocol, such as WebSocket.
const SWITCH: &[u8] = b"HTTP/1.1 101 ";
/// Bytes of a head.
const LONGEST: usize = 64 << 10;
/// How a connection of HTTP/2 starts (RFC 9113 section 3.4), up to the end of the line: what follows
/// would end the head of a request of HTTP/1.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n";
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
    /// HTTP/2 or WebSocket, which have their own bounds.
    Other,
}

/// A connection that ends when it takes too long.
pub struct Timed<I, S> {
    io: I,
    phase: Phase,
    /// How much of `PREFACE` has come, which may come in pieces; `None` once it is something else.
    preface: Option<usize>,
    /// When it is over, unless something happens before.
    until: Option<Instant>,
    /// When an answer that is not taken is over.
    unread: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
    /// What it holds while it lasts.
    _held: S,
}

const START: Phase = Phase::Head {
    read: 0,
    line_end: 0,
};

/// What bytes that go out begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Interim,
    Switch,
    Answer,
}

impl Written {
    /// `more`: whether bytes follow.
    fn of(bytes: &[u8], more: bool) -> Self {
        match bytes {
            bytes if bytes == INTERIM && !more => Self::Interim,
            bytes if bytes.starts_with(SWITCH) => Self::Switch,
            _ => Self::Answer,
        }
    }
}

impl<I, S> Timed<I, S> {
    pub fn new(io: I, held: S) -> Self {
        let until = Instant::now() + HEAD;
        Self {
            io,
            phase: START,
            preface: Some(0),
            until: Some(until),
            unread: None,
            alarm: Box::pin(sleep_until(until)),
            _held: held,
        }
    }

    /// Looks at the bytes that came in.
    fn came(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.preface = self.preface.and_then(|seen| {
            let mut rest = PREFACE[seen..].iter().zip(bytes);
            let more = PREFACE.len().min(seen + bytes.len()) - seen;
            rest.all(|(due, came)| due == came).then_some(seen + more)
        });
        if self.preface == Some(PREFACE.len()) {
            self.preface = None;
            self.phase = Phase::Other;
        }
        match self.phase {
            Phase::Other => self.until = Some(Instant::now() + QUIET),
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
    fn wrote(&mut self, written: Written) {
        self.unread = None;
        match (self.phase, written) {
            (Phase::Open, Written::Interim) => return,
            (Phase::Open, Written::Switch) => self.phase = Phase::Other,
            (Phase::Other, _) => {}
            _ => self.phase = Phase::Answered,
        }
        self.until = Some(Instant::now() + self.idle());
    }

    /// How long nothing has to happen.
    fn idle(&self) -> Duration {
        match self.phase {
            Phase::Other => QUIET,
            _ => IDLE,
        }
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

impl<I: AsyncRead + Unpin, S: Unpin> AsyncRead for Timed<I, S> {
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

impl<I: AsyncWrite + Unpin, S> Timed<I, S> {
    fn written(
        &mut self,
        cx: &mut Context<'_>,
        written: Written,
        poll: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match poll {
            Poll::Ready(Ok(count)) => {
                self.wrote(written);
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

impl<I: AsyncWrite + Unpin, S: Unpin> AsyncWrite for Timed<I, S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.written(cx, Written::of(bytes, false), poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.io).poll_write_vectored(cx, slices);
        let mut filled = slices.iter().filter(|slice| !slice.is_empty());
        let first = filled.next().map_or(&[][..], |slice| &**slice);
        self.written(cx, Written::of(first, filled.next().is_some()), poll)
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
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
        time::sleep,
    };

    use super::*;

    fn connected() -> (Timed<DuplexStream, ()>, DuplexStream) {
        let (ours, theirs) = duplex(1_024);
        (Timed::new(ours, ()), theirs)
    }

    async fn fails(connection: &mut Timed<DuplexStream, ()>) -> (io::ErrorKind, Duration) {
        let began = Instant::now();
        loop {
            if let Err(error) = connection.read(&mut [0; 64]).await {
                return (error.kind(), began.elapsed());
            }
        }
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
        connection.write_all(INTERIM).await.expect("it is taken");
        for _ in 0..2 * LONGEST / 512 {
            client.write_all(&[b'a'; 512]).await.expect("it is read");
            let count = connection.read(&mut buffer).await;
            assert!(count.expect("a body may be longer than a head") > 0);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_right_behind_the_call_for_a_body_is_one() {
        let (mut connection, mut client) = connected();
        let head = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n";
        client.write_all(head).await.expect("it is read");
        let count = connection.read(&mut [0; 64]).await;
        assert!(count.expect("the head is there") > 0);
        let both = [INTERIM, b"HTTP/1.1 401 Unauthorized\r\n\r\n"].concat();
        connection.write_all(&both).await.expect("it is taken");
        let (kind, after) = fails(&mut connection).await;
        assert_eq!((kind, after), (io::ErrorKind::TimedOut, IDLE));
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
    async fn http_2_is_known_also_when_it_starts_in_pieces() {
        let (mut connection, mut client) = connected();
        let mut buffer = [0; 64];
        for piece in [&b"PR"[..], b"I * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\r\n\r\n"] {
            client.write_all(piece).await.expect("it is read");
            let count = connection.read(&mut buffer).await;
            assert!(count.expect("it goes on") > 0);
        }
        let (kind, after) = fails(&mut connection).await;
        assert_eq!((kind, after), (io::ErrorKind::TimedOut, QUIET));
        // A request whose method starts alike is none of it.
        let (mut connection, mut client) = connected();
        for piece in [&b"PRI"[..], b" /x HTTP/1.1\r\n"] {
            client.write_all(piece).await.expect("it is read");
            let count = connection.read(&mut buffer).await;
            assert!(count.expect("it goes on") > 0);
        }
        let (kind, after) = fails(&mut connection).await;
        assert_eq!((kind, after), (io::ErrorKind::TimedOut, HEAD));
    }

    #[tokio::test(start_paused = true)]
    async fn another_protocol_may_rest_longer_and_has_no_heads() {
        let (mut connection, mut client) = connected();
        let head = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
        client.write_all(head).await.expect("it is read");
        let mut buffer = vec![0; 1_024];
        let count = connection.read(&mut buffer).await;
        assert!(count.expect("the head is there") > 0);
        let switched = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
        connection.write_all(switched).await.expect("it is taken");
        for _ in 0..2 * LONGEST / 512 {
            client.write_all(&[b'a'; 512]).await.expect("it is read");
            let count = connection.read(&mut buffer).await;
            assert!(count.expect("messages are no head") > 0);
        }
        let (kind, after) = fails(&mut connection).await;
        assert_eq!((kind, after), (io::ErrorKind::TimedOut, QUIET));
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
