//! The WebSocket subprotocol `graphql-transport-ws` (<https://github.com/enisdenjo/graphql-ws>).
use std::{collections::HashMap, sync::Arc, time::Duration};

use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use poem::{
    IntoResponse, Request, Response,
    http::{HeaderName, HeaderValue},
    web::websocket::{Message, WebSocketStream},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
    time::{interval, sleep},
};

use super::operation::{Event, EventKind, Operation};
use crate::{
    auth::lasting::Lasting,
    context::Cx,
    error::{Error, Result},
    graphql::{engine::Engine, outcome::Outcome},
    live::{self, Closing},
    rest::outgoing::Room,
};

const PROTOCOL: &str = "graphql-transport-ws";
/// Operations of one connection at once.
const MOST: usize = 64;
/// Bytes of the ID of an operation.
const NAME: usize = 128;
/// For the first message.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two pings, which keep proxies from closing the connection.
const PING: Duration = Duration::from_secs(25);

/// What a client sends.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Received {
    ConnectionInit { payload: Option<Map<String, Value>> },
    Ping { payload: Option<Value> },
    Pong {},
    Subscribe { id: String, payload: Value },
    Complete { id: String },
}

/// The code of credentials that are not accepted.
const FORBIDDEN: u16 = 4403;

/// Answers a request for a WebSocket.
///
/// # Errors
/// `Refused` if the client does not speak the subprotocol.
pub async fn upgrade(engine: Arc<Engine>, request: &Request) -> Result<Response> {
    let offered = request.headers().get_all("sec-websocket-protocol");
    let offered = offered.iter().filter_map(|header| header.to_str().ok());
    if !offered
        .flat_map(|header| header.split(','))
        .any(|protocol| protocol.trim() == PROTOCOL)
    {
        return Err(Error::Refused(format!(
            "The WebSocket subprotocol must be {PROTOCOL}."
        )));
    }
    let socket = live::prepared(request).await?;
    let lasting = Lasting::of(request);
    // Each connection counts as a request, as its operations will.
    Cx::of(request).spend_document().await?;
    let upgraded = socket
        .protocols([PROTOCOL])
        .on_upgrade(move |socket| serve(engine, lasting, socket));
    Ok(upgraded.into_response())
}

async fn serve(engine: Arc<Engine>, lasting: Lasting, socket: WebSocketStream) {
    let (mut sink, mut incoming) = socket.split();
    let closing = converse(engine, lasting, &mut sink, &mut incoming).await;
    live::end(closing, sink, incoming).await;
}

/// Handles messages; returns why to close the connection, unless the client closes it.
async fn converse(
    engine: Arc<Engine>,
    lasting: Lasting,
    sink: &mut SplitSink<WebSocketStream, Message>,
    incoming: &mut SplitStream<WebSocketStream>,
) -> Option<Closing> {
    let app = lasting.app().clone();
    let (sender, mut results) = mpsc::channel(1);
    let mut connection = Connection::new(engine, lasting, sender);
    let mut pings = interval(PING);
    let late = sleep(PATIENCE);
    let stopped = app.stopped();
    tokio::pin!(late, stopped);
    loop {
        // The room of an answer is held until it is sent.
        let (message, _room) = tokio::select! {
            message = incoming.next() => match message {
                Some(Ok(Message::Text(text))) => (connection.receive(&text).await, None),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => (Ok(None), None),
                Some(Ok(Message::Binary(_))) => {
                    return Some(Closing::of(4400, "Messages must be text."));
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
            },
            Some(result) = results.recv() => connection.answer(result),
            () = &mut late, if !connection.is_known => {
                return Some(Closing::of(4408, "Connection initialisation timeout"));
            }
            _ = pings.tick() => (connection.ping().await, None),
            () = &mut stopped => return Some(Closing::stopping()),
        };
        match message {
            Ok(None) => {}
            Ok(Some(message)) => sink.send(message).await.ok()?,
            Err(closing) => return Some(closing),
        }
    }
}

/// A message to send, if there is one; or why to close the connection.
type Reply = Result<Option<Message>, Closing>;

/// A connection and its operations, which end with it.
struct Connection {
    engine: Arc<Engine>,
    lasting: Lasting,
    /// Whether `connection_init` was acknowledged.
    is_known: bool,
    /// The number and the task of each operation, by its ID.
    operations: HashMap<String, (u64, AbortHandle)>,
    /// Number of operations so far.
    count: u64,
    tasks: JoinSet<()>,
    sender: mpsc::Sender<Event>,
}

impl Connection {
    fn new(engine: Arc<Engine>, lasting: Lasting, sender: mpsc::Sender<Event>) -> Self {
        Self {
            engine,
            lasting,
            is_known: false,
            operations: HashMap::new(),
            count: 0,
            tasks: JoinSet::new(),
            sender,
        }
    }

    /// Handles a message of the client.
    async fn receive(&mut self, text: &str) -> Reply {
        let invalid = |_| Closing::of(4400, "Invalid message");
        match serde_json::from_str(text).map_err(invalid)? {
            Received::ConnectionInit { .. } if self.is_known => {
                Err(Closing::of(4429, "Too many initialisation requests"))
            }
            Received::ConnectionInit { payload } => {
                let headers = headers(payload.unwrap_or_default());
                let authenticated = self.lasting.authenticate(headers).await;
                authenticated.map_err(|error| Closing::refused(FORBIDDEN, &error))?;
                self.is_known = true;
                Ok(Some(message(&json!({ "type": "connection_ack" }))))
            }
            Received::Ping { payload: None } => Ok(Some(message(&json!({ "type": "pong" })))),
            Received::Ping { payload } => {
                let pong = json!({ "type": "pong", "payload": payload });
                Ok(Some(message(&pong)))
            }
            Received::Pong {} => Ok(None),
            Received::Subscribe { .. } if !self.is_known => Err(Closing::of(4401, "Unauthorized")),
            Received::Subscribe { id, .. } if id.len() > NAME => {
                Err(Closing::of(4400, "Invalid message"))
            }
            Received::Subscribe { id, payload } => self.subscribe(id, payload),
            Received::Complete { id } => {
                if let Some((_, task)) = self.operations.remove(&id) {
                    task.abort();
                }
                Ok(None)
            }
        }
    }

    /// Checks the credentials of a connection at rest, and keeps it open.
    async fn ping(&mut self) -> Reply {
        if self.is_known {
            let checked = self.lasting.recheck().await;
            checked.map_err(|error| Closing::refused(FORBIDDEN, &error))?;
        }
        Ok(Some(Message::ping([])))
    }

    fn subscribe(&mut self, id: String, payload: Value) -> Reply {
        // Results of operations that ended.
        while self.tasks.try_join_next().is_some() {}
        if self.operations.contains_key(&id) {
            let id: String = id.chars().take(20).collect();
            let reason = format!("Subscriber for {id} already exists");
            return Err(Closing::of(4409, reason));
        }
        if self.operations.len() >= MOST {
            let complaint = format!("A connection has at most {MOST} operations at once.");
            let refused = Outcome::refusal(Error::Refused(complaint));
            return Ok(Some(failed(&id, &refused)));
        }
        self.count += 1;
        let operation = Operation {
            engine: self.engine.clone(),
            lasting: self.lasting.clone(),
            sender: self.sender.clone(),
            id: id.clone(),
            number: self.count,
        };
        let task = self.tasks.spawn(operation.run(payload));
        self.operations.insert(id, (self.count, task));
        Ok(None)
    }

    /// The message of an operation's event, and the room that it holds. What an operation sent before the
    /// client ended it is left out: its ID may be another's now.
    fn answer(&mut self, event: Event) -> (Reply, Option<Room>) {
        let Event { id, number, kind } = event;
        if self
            .operations
            .get(&id)
            .is_none_or(|(now, _)| *now != number)
        {
            return (Ok(None), None);
        }
        if !matches!(kind, EventKind::Next(..)) {
            self.operations.remove(&id);
        }
        match kind {
            EventKind::Next(outcome, room) => {
                let (id, payload) = (json!(id), outcome.body);
                let text = format!(r#"{{"id":{id},"type":"next","payload":{payload}}}"#);
                (Ok(Some(Message::text(text))), Some(room))
            }
            EventKind::Error(outcome) => (Ok(Some(failed(&id, &outcome))), None),
            EventKind::Complete => {
                let complete = json!({ "id": id, "type": "complete" });
                (Ok(Some(message(&complete))), None)
            }
            EventKind::Unauthenticated(error) => (Err(Closing::refused(FORBIDDEN, &error)), None),
        }
    }
}

fn message(value: &Value) -> Message {
    Message::text(value.to_string())
}

fn failed(id: &str, outcome: &Outcome) -> Message {
    message(&json!({ "id": id, "type": "error", "payload": outcome.errors() }))
}

/// The headers in the payload of `connection_init`, at its top or in `headers`.
fn headers(mut payload: Map<String, Value>) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    let within = payload.remove("headers");
    let within = match within {
        Some(Value::Object(within)) => within,
        _ => Map::new(),
    };
    let all = within.into_iter().chain(payload);
    all.filter_map(|(name, value)| {
        let name = HeaderName::from_bytes(name.to_ascii_lowercase().as_bytes()).ok()?;
        let value = HeaderValue::from_str(value.as_str()?).ok()?;
        Some((name, value))
    })
}
