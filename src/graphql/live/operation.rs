//! One operation of a WebSocket connection.
use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt;
use serde_json::Value;
use tokio::sync::mpsc;

use super::Begun;
use crate::{
    auth::lasting::Lasting,
    error::{Error, Result},
    graphql::{engine::Engine, outcome::Outcome, sent::parameters},
    rest::outgoing::{Room, take_room},
};

/// An operation, which sends its events to the connection.
pub struct Operation {
    pub engine: Arc<Engine>,
    pub lasting: Lasting,
    pub sender: mpsc::Sender<Event>,
    pub id: String,
    /// Unique within the connection, unlike the ID.
    pub number: u64,
}

/// What an operation sends.
pub struct Event {
    pub id: String,
    pub number: u64,
    pub kind: EventKind,
}

pub enum EventKind {
    /// An answer, and the room that it holds until it is sent.
    Next(Outcome, Room),
    /// The operation was refused, or failed.
    Error(Outcome),
    Complete,
    /// The credentials of the connection are not valid any more.
    Unauthenticated(Error),
}

impl Operation {
    pub async fn run(mut self, payload: Value) {
        let ended = AssertUnwindSafe(self.execute(payload)).catch_unwind().await;
        let ended = ended.unwrap_or_else(|_| Err(Error::internal("an operation panicked")));
        let last = match ended {
            Err(error @ Error::Unauthenticated(_)) => EventKind::Unauthenticated(error),
            Err(error) => EventKind::Error(Outcome::refusal(error)),
            Ok(last) => last,
        };
        self.send(last).await;
    }

    /// Sends every answer; returns the last event.
    async fn execute(&mut self, payload: Value) -> Result<EventKind> {
        self.lasting.recheck().await?;
        let mut subscription = match self.begin(payload).await? {
            Begun::Answered(outcome) if outcome.has_data() => {
                self.answer(outcome).await?;
                return Ok(EventKind::Complete);
            }
            Begun::Answered(refused) => return Ok(EventKind::Error(refused)),
            Begun::Subscribed(subscription) => subscription,
        };
        loop {
            let outcome = subscription.next().await?;
            self.answer(outcome).await?;
        }
    }

    /// Begins the operation. A request is counted before and given back after, since the client may end the
    /// operation before it has counted. The context ends here, and with it the turn that it may hold.
    async fn begin(&self, payload: Value) -> Result<Begun> {
        let cx = self.lasting.cx();
        cx.spend_document().await?;
        let own = self.lasting.cx();
        let lasting = Some(self.lasting.clone());
        let begun = self
            .engine
            .begin(&own, lasting, parameters(payload)?, false);
        let begun = begun.await?;
        cx.give_back_document().await?;
        Ok(begun)
    }

    async fn answer(&self, outcome: Outcome) -> Result<()> {
        let room = take_room(outcome.body.len(), self.lasting.cx().ident())?;
        self.send(EventKind::Next(outcome, room)).await;
        Ok(())
    }

    async fn send(&self, kind: EventKind) {
        let (id, number) = (self.id.clone(), self.number);
        // The connection may have ended.
        _ = self.sender.send(Event { id, number, kind }).await;
    }
}
