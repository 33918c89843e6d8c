//! Web sockets, of whatever protocol.
use std::time::Duration;

use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use poem::{
    FromRequest, Request, RequestBody,
    web::websocket::{Message, WebSocket, WebSocketConfig, WebSocketStream},
};
use tokio::time::timeout;

use crate::error::{Error, Result};

/// Bytes of a message that a client sends.
const LONGEST: usize = 64 << 10;
/// Bytes that are read at once.
const PIECE: usize = 4 << 10;
/// Bytes of the reason for which a connection is closed.
const REASON: usize = 123;
/// For the close message of the client.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why a connection is closed: code and reason.
pub struct Closing(pub u16, pub String);

impl Closing {
    pub fn of(code: u16, reason: impl Into<String>) -> Self {
        Self(code, reason.into())
    }

    /// Of credentials that are not accepted, with the code of the protocol.
    pub fn refused(code: u16, error: &Error) -> Self {
        let mut reason = error.to_string();
        reason.truncate(reason.floor_char_boundary(REASON));
        Self(code, reason)
    }

    pub fn stopping() -> Self {
        Self::of(1001, "The server is stopping.")
    }
}

/// Whether a request asks for a web socket.
pub fn is_upgrade(request: &Request) -> bool {
    let upgrade = request.headers().get("upgrade");
    upgrade.is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// The web socket that a request asks for.
///
/// # Errors
/// `Refused` if the request is not one for a web socket.
pub async fn prepared(request: &Request) -> Result<WebSocket> {
    let socket = WebSocket::from_request(request, &mut RequestBody::default()).await;
    let socket = socket.map_err(|error| Error::Refused(error.to_string()))?;
    let config = WebSocketConfig::default()
        .read_buffer_size(PIECE)
        .write_buffer_size(0)
        .max_message_size(Some(LONGEST))
        .max_frame_size(Some(LONGEST));
    Ok(socket.config(config))
}

/// Ends a connection, by this server unless the client has.
pub async fn end(
    closing: Option<Closing>,
    mut sink: SplitSink<WebSocketStream, Message>,
    mut incoming: SplitStream<WebSocketStream>,
) {
    if let Some(Closing(code, reason)) = closing
        && sink.send(Message::close_with(code, reason)).await.is_err()
    {
        return;
    }
    // A connection that is dropped before the other close message is sent or read loses the last messages.
    let rest = async { while let Some(Ok(_)) = incoming.next().await {} };
    _ = timeout(PATIENCE, rest).await;
}
