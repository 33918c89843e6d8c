//! The web socket `/api/v1/activity` (contract section 10): what happens, as it happens. It sends what the caller may
//! read over the operations that its channels name, and hears nothing.
use std::{sync::Arc, time::Duration};

use futures_util::{
    SinkExt, StreamExt,
    future::BoxFuture,
    stream::{SplitSink, SplitStream},
};
use poem::{
    Endpoint, IntoResponse, Request, Response,
    web::websocket::{Message, WebSocketStream},
};
use serde_json::Value;
use tokio::time::interval;

use super::outgoing::take_room;
use crate::{
    auth::lasting::Lasting,
    context::Cx,
    error::{Error, Result},
    guard::{Info, Upon},
    live::{self, Closing, Row},
    store::{Change, Feed},
};

/// Between two pings, which keep proxies from closing the connection, and two looks at the credentials.
const PING: Duration = Duration::from_secs(25);
/// The code of credentials that do not hold any more.
const POLICY: u16 = 1008;
/// The code of a server in trouble: connect again later.
const TROUBLE: u16 = 1011;

/// What the web socket tells of the rows of an operation.
pub struct Channel {
    pub info: &'static Info,
    pub tell: fn(Cx, Row) -> BoxFuture<'static, Result<Value>>,
}

/// Declares a channel: the operation whose permit it needs and whose `upon` names the rows, and the message of a row.
/// Rows for which that is `NotFound` are not the caller's to see.
macro_rules! channel {
    ($operation:ty => $message:path) => {
        pub const CHANNEL: $crate::rest::live::Channel = $crate::rest::live::Channel {
            info: <$operation as $crate::guard::Operation>::INFO,
            tell: |cx, row| {
                Box::pin(async move {
                    let permit = cx.reach::<$operation>().await?;
                    let message = $message(&permit, row).await?;
                    serde_json::to_value(message).map_err($crate::error::Error::internal)
                })
            },
        };
    };
}
pub(crate) use channel;

impl Channel {
    fn upon(&self) -> &'static [Change] {
        match self.info.live.as_ref().map(|live| live.upon) {
            Some(Upon::EachRow(changes)) => changes,
            _ => &[],
        }
    }
}

/// Serves the web socket, and leaves other requests to the API.
pub struct Live<E> {
    pub channels: &'static [Channel],
    pub api: Arc<E>,
}

impl<E: Endpoint> Endpoint for Live<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        match live::is_upgrade(&request) {
            true => Ok(self
                .upgrade(&request)
                .await
                .unwrap_or_else(IntoResponse::into_response)),
            false => Ok(self.api.call(request).await?.into_response()),
        }
    }
}

impl<E> Live<E> {
    async fn upgrade(&self, request: &Request) -> Result<Response> {
        let socket = live::prepared(request).await?;
        let cx = Cx::of(request);
        cx.caller().check()?;
        if cx.caller().identity().is_none() {
            return Err(Error::Forbidden);
        }
        let [first, ..] = self.channels else {
            return Err(Error::NotFound);
        };
        cx.admit(first.info).await?;
        let place = cx.app().places().take(cx.ident())?;
        let upon: Vec<Change> = self
            .channels
            .iter()
            .flat_map(Channel::upon)
            .copied()
            .collect();
        let feed = cx.app().db().feed(upon).await?;
        let connection = Connection {
            lasting: Lasting::of(request),
            channels: self.channels,
            feed,
        };
        let upgraded = socket.on_upgrade(move |socket| async move {
            let _place = place;
            connection.serve(socket).await;
        });
        Ok(upgraded.into_response())
    }
}

struct Connection {
    lasting: Lasting,
    channels: &'static [Channel],
    feed: Feed,
}

impl Connection {
    async fn serve(mut self, socket: WebSocketStream) {
        let (mut sink, mut incoming) = socket.split();
        let closing = self.tell(&mut sink, &mut incoming).await;
        live::end(closing, sink, incoming).await;
    }

    /// Tells what happens; returns why to close the connection, unless the client closes it.
    async fn tell(
        &mut self,
        sink: &mut SplitSink<WebSocketStream, Message>,
        incoming: &mut SplitStream<WebSocketStream>,
    ) -> Option<Closing> {
        let app = self.lasting.app().clone();
        let mut pings = interval(PING);
        let stopped = app.stopped();
        tokio::pin!(stopped);
        loop {
            let row = tokio::select! {
                message = incoming.next() => match message {
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    Some(Ok(_)) => continue,
                },
                row = self.feed.next() => Some(row),
                _ = pings.tick() => None,
                () = &mut stopped => return Some(Closing::stopping()),
            };
            match self.lasting.recheck().await {
                Ok(()) => {}
                Err(error @ Error::Unauthenticated(_)) => {
                    return Some(Closing::refused(POLICY, &error));
                }
                Err(error) => return Some(Closing::refused(TROUBLE, &error)),
            }
            let Some(row) = row else {
                sink.send(Message::ping([])).await.ok()?;
                continue;
            };
            let message = match self.message(row).await {
                Ok(message) => message,
                Err(error) => return Some(Closing::refused(TROUBLE, &error)),
            };
            if let Some(message) = message {
                let room = take_room(message.len(), self.lasting.cx().ident());
                let Ok(_room) = room else { continue };
                sink.send(Message::text(message)).await.ok()?;
            }
        }
    }

    /// What is told of a row, if the caller may see it.
    ///
    /// # Errors
    /// What keeps the server from reading the row: whoever listens must know that there was something.
    async fn message(&self, row: Row) -> Result<Option<String>> {
        let of_row = |channel: &&Channel| channel.upon().contains(&row.0);
        let Some(channel) = self.channels.iter().find(of_row) else {
            return Ok(None);
        };
        match (channel.tell)(self.lasting.cx(), row).await {
            Ok(message) => Ok(Some(message.to_string())),
            Err(error @ (Error::Internal(_) | Error::Unavailable(_))) => {
                error.log();
                Err(error)
            }
            Err(_) => Ok(None),
        }
    }
}
