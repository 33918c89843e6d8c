//! The WebSocket subprotocol `graphql-transport-ws` (<https://github.com/enisdenjo/graphql-ws>).
use std::{collections::HashMap, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use poem::{
    FromRequest, IntoResponse, Request, RequestBody, Response,
    http::{HeaderName, HeaderValue},
    web::websocket::{Message, WebSocket, WebSocketConfig, WebSocketStream},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
    time::{interval, sleep, timeout},
};

use super::Begun;
use crate::{
    auth::lasting::Lasting,
    context::Cx,
    error::{Error, Result},
    graphql::{engine::Engine, outcome::Outcome, sent::parameters},
    rest::outgoing::{Room, take_room},
};

const PROTOCOL: &str = "graphql-transport-ws";
/// Bytes of a message. Longer documents are sent over HTTP.
const LONGEST: usize = 64 << 10;
/// Bytes that are read at once.
const PIECE: usize = 4 << 10;
/// Operations of one connection at once.
const MOST: usize = 64;
/// Bytes of the ID of an operation.
const NAME: usize = 128;
/// For the first message.
const PATIENCE: Duration = Duration::from_secs(10);
/// For the close message of the client.
const CLOSING: Duration = Duration::from_secs(2);
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

/// What an operation has to tell.
enum Told {
    /// The room is that of the answer, until it is sent.
    Next(String, Outcome, Room),
    /// The operation was refused, or ended.
    Error(String, Outcome),
    Complete(String),
    /// The credentials of the connection do not hold any more.
    Over(Error),
}

/// Why a connection is closed: code and reason.
struct Closing(u16, String);

impl Closing {
    fn of(code: u16, reason: impl Into<String>) -> Self {
        Self(code, reason.into())
    }

    /// Of credentials that are not accepted. A reason has 123 bytes at most.
    fn forbidden(error: &Error) -> Self {
        Self(4403, error.to_string().chars().take(40).collect())
    }
}

/// Whether a request asks for a WebSocket.
pub fn is_upgrade(request: &Request) -> bool {
    let upgrade = request.headers().get("upgrade");
    upgrade.is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

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
    let socket = WebSocket::from_request(request, &mut RequestBody::default()).await;
    let socket = socket.map_err(|error| Error::Refused(error.to_string()))?;
    let lasting = Lasting::of(request);
    // Each connection counts as a request, as its operations will.
    Cx::of(request).spend_document().await?;
    let config = WebSocketConfig::default()
        .read_buffer_size(PIECE)
        .write_buffer_size(0)
        .max_message_size(Some(LONGEST))
        .max_frame_size(Some(LONGEST));
    let upgraded = socket
        .config(config)
        .protocols([PROTOCOL])
        .on_upgrade(move |socket| serve(engine, lasting, socket));
    Ok(upgraded.into_response())
}

async fn serve(engine: Arc<Engine>, lasting: Lasting, socket: WebSocketStream) {
    let app = lasting.app().clone();
    let (mut sink, mut incoming) = socket.split();
    let (teller, mut told) = mpsc::channel(1);
    let mut connection = Connection {
        engine,
        lasting,
        is_known: false,
        operations: HashMap::new(),
        tasks: JoinSet::new(),
        teller,
    };
    let mut pings = interval(PING);
    let late = sleep(PATIENCE);
    let stopped = app.stopped();
    tokio::pin!(late, stopped);
    // The room of the answer that is being sent.
    let mut held: Option<Room> = None;
    let closing = loop {
        let message = tokio::select! {
            message = incoming.next() => match message {
                Some(Ok(Message::Text(text))) => connection.receive(&text).await,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
                Some(Ok(Message::Binary(_))) => Err(Closing::of(4400, "Messages must be text.")),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            Some(told) = told.recv() => connection.told(told, &mut held).map(Some),
            () = &mut late, if !connection.is_known => {
                Err(Closing::of(4408, "Connection initialisation timeout"))
            }
            _ = pings.tick() => Ok(Some(Message::ping([]))),
            () = &mut stopped => Err(Closing::of(1001, "The server is stopping.")),
        };
        match message {
            Ok(None) => {}
            Ok(Some(message)) => {
                if sink.send(message).await.is_err() {
                    return;
                }
                held = None;
            }
            Err(closing) => break closing,
        }
    };
    // The client may be gone already. Else its own close message is waited for: a connection that is
    // dropped before may lose what was sent last.
    let close = Message::close_with(closing.0, closing.1);
    if sink.send(close).await.is_ok() {
        let rest = async { while let Some(Ok(_)) = incoming.next().await {} };
        _ = timeout(CLOSING, rest).await;
    }
}

/// A connection and its operations, which end with it.
struct Connection {
    engine: Arc<Engine>,
    lasting: Lasting,
    /// Whether `connection_init` was acknowledged.
    is_known: bool,
    operations: HashMap<String, AbortHandle>,
    tasks: JoinSet<()>,
    teller: mpsc::Sender<Told>,
}

impl Connection {
    /// Handles a message; returns the answer.
    async fn receive(&mut self, text: &str) -> Result<Option<Message>, Closing> {
        let invalid = |_| Closing::of(4400, "Invalid message");
        match serde_json::from_str(text).map_err(invalid)? {
            Received::ConnectionInit { .. } if self.is_known => {
                Err(Closing::of(4429, "Too many initialisation requests"))
            }
            Received::ConnectionInit { payload } => {
                let shown = self.lasting.show(headers(payload.unwrap_or_default()));
                shown.await.map_err(|error| Closing::forbidden(&error))?;
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
                if let Some(operation) = self.operations.remove(&id) {
                    operation.abort();
                }
                Ok(None)
            }
        }
    }

    fn subscribe(&mut self, id: String, payload: Value) -> Result<Option<Message>, Closing> {
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
        let operation = Operation {
            engine: self.engine.clone(),
            lasting: self.lasting.clone(),
            teller: self.teller.clone(),
            id: id.clone(),
        };
        let task = self.tasks.spawn(operation.run(payload));
        self.operations.insert(id, task);
        Ok(None)
    }

    /// The message of what an operation tells, and the room that it holds.
    fn told(&mut self, told: Told, held: &mut Option<Room>) -> Result<Message, Closing> {
        match told {
            Told::Next(id, outcome, room) => {
                *held = Some(room);
                let (id, payload) = (json!(id), outcome.body);
                let text = format!(r#"{{"id":{id},"type":"next","payload":{payload}}}"#);
                Ok(Message::text(text))
            }
            Told::Error(id, outcome) => {
                self.operations.remove(&id);
                Ok(failed(&id, &outcome))
            }
            Told::Complete(id) => {
                self.operations.remove(&id);
                Ok(message(&json!({ "id": id, "type": "complete" })))
            }
            Told::Over(error) => Err(Closing::forbidden(&error)),
        }
    }
}

/// One operation of a connection.
struct Operation {
    engine: Arc<Engine>,
    lasting: Lasting,
    teller: mpsc::Sender<Told>,
    id: String,
}

impl Operation {
    async fn run(mut self, payload: Value) {
        let last = match self.begin(payload).await {
            Err(error @ Error::Unauthenticated(_)) => Told::Over(error),
            Err(error) => Told::Error(self.id.clone(), Outcome::refusal(error)),
            Ok(last) => last,
        };
        // The connection may have ended.
        _ = self.teller.send(last).await;
    }

    /// Tells what there is to tell; returns the last of it.
    async fn begin(&mut self, payload: Value) -> Result<Told> {
        self.lasting.recheck().await?;
        let (cx, lasting) = (self.lasting.cx(), Some(self.lasting.clone()));
        let begun = self.engine.begin(&cx, lasting, parameters(payload)?, false);
        let mut subscription = match begun.await? {
            Begun::Answered(outcome) if outcome.has_data() => {
                self.tell(outcome).await?;
                return Ok(Told::Complete(self.id.clone()));
            }
            Begun::Answered(refused) => return Ok(Told::Error(self.id.clone(), refused)),
            Begun::Subscribed(subscription) => subscription,
        };
        loop {
            let outcome = subscription.next().await?;
            self.tell(outcome).await?;
        }
    }

    async fn tell(&self, outcome: Outcome) -> Result<()> {
        let room = take_room(outcome.body.len(), self.lasting.cx().ident())?;
        let told = Told::Next(self.id.clone(), outcome, room);
        // The connection may have ended.
        _ = self.teller.send(told).await;
        Ok(())
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
