//! One subscription, from its document to its events.
use std::{sync::Arc, time::Duration};

use async_graphql::{Response as Answer, parser::types::OperationDefinition};
use futures_util::StreamExt;
use tokio::time::sleep;

use super::fields::Event;
use crate::{
    auth::lasting::Lasting,
    context::Cx,
    error::{Error, Fault, Result},
    graphql::{
        budgets,
        engine::{Engine, Prepared, paid, paid_for},
        outcome::{Outcome, is_too_complex},
        sent::Parameters,
    },
    listeners::Place,
    live::{Row, Source},
    throttle::Ident,
};

/// Between two checks of the credentials while nothing happens.
const RECHECK: Duration = Duration::from_secs(10);
/// Bytes of a subscription, which is kept as long as it lasts.
const LONGEST: usize = 16 << 10;

/// What a document came to.
pub enum Begun {
    Answered(Outcome),
    Subscribed(Box<Subscription>),
}

/// A subscription, for as long as its credentials hold.
pub struct Subscription {
    engine: Arc<Engine>,
    prepared: Prepared,
    lasting: Lasting,
    source: Source,
    is_dear: bool,
    ident: Ident,
    _place: Place,
}

impl Engine {
    /// Runs a query or a mutation, or begins a subscription. Without `lasting` subscriptions are refused.
    ///
    /// # Errors
    /// Faults of the request, not of its document.
    pub async fn begin(
        self: &Arc<Self>,
        cx: &Cx,
        lasting: Option<Lasting>,
        parameters: Parameters,
        get: bool,
    ) -> Result<Begun> {
        let before = cx.spent().len();
        let begun = match self.prepared(cx, parameters, get).await {
            Ok(prepared) if !prepared.is_subscription() => {
                let answered = self.execute(cx, prepared, before).await;
                answered.map(Begun::Answered)
            }
            Ok(prepared) => match lasting {
                Some(lasting) => self.subscribe(cx, prepared, lasting, before).await,
                None => Err(Fault::invalid(
                    "Subscriptions need a WebSocket (graphql-transport-ws) or `Accept: text/event-stream`.",
                )
                .into()),
            },
            // These are faults of the request, not of its query.
            Err(error @ (Error::MethodNotAllowed(_) | Error::Invalid(_))) => return Err(error),
            Err(error) => Err(error),
        };
        match begun {
            Ok(begun) => Ok(begun),
            Err(error) => Ok(Begun::Answered(Outcome::refusal(
                paid(cx, before, error).await,
            ))),
        }
    }

    async fn subscribe(
        self: &Arc<Self>,
        cx: &Cx,
        prepared: Prepared,
        lasting: Lasting,
        before: usize,
    ) -> Result<Begun> {
        if prepared.bytes() > LONGEST {
            return Err(Error::Refused(format!(
                "A subscription may have at most {LONGEST} bytes, with its variables."
            )));
        }
        if let Some(refused) = self.rehearse(cx, &prepared).await? {
            paid_for(cx, before).await?;
            return Ok(Begun::Answered(Outcome::of(refused, &[], None)));
        }
        let operation = prepared.operation().ok_or(Error::NotFound)?;
        let plan = budgets::plan(prepared.document(), operation, prepared.variables());
        let Some(info) = plan.only() else {
            let complaint = "A subscription selects exactly one field of `Subscription`.";
            return Err(Fault::invalid(complaint).into());
        };
        let live = info.live.ok_or(Error::NotFound)?;
        cx.admit(info).await?;
        paid_for(cx, before).await?;
        Ok(Begun::Subscribed(Box::new(Subscription {
            engine: self.clone(),
            source: Source::of(cx, live.upon).await?,
            is_dear: plan.is_dear(),
            ident: cx.ident(),
            _place: cx.app().places().take(cx.ident())?,
            prepared,
            lasting,
        })))
    }

    /// Checks a subscription without an event; returns what is wrong with it.
    async fn rehearse(&self, cx: &Cx, prepared: &Prepared) -> Result<Option<Answer>> {
        let query = prepared.query().data(cx.clone());
        let refused = self.graph.execute_stream(query).next().await;
        match (&refused, prepared.operation()) {
            (Some(answer), Some(operation)) if is_too_complex(answer) => {
                Err(self.too_complex(cx, prepared, operation).await?)
            }
            _ => Ok(refused),
        }
    }

    /// Executes the selection of a subscription for one event; `None` if it is none for the caller.
    async fn event(
        &self,
        cx: &Cx,
        prepared: &Prepared,
        (operation, row): (&OperationDefinition, Option<Row>),
    ) -> Option<Outcome> {
        let query = prepared.query().data(cx.clone()).data(Event(row));
        let mut answer = self.graph.execute_stream(query).next().await?;
        self.complete(&mut answer, prepared.document(), operation);
        Some(Outcome::of(answer, &[], None))
    }
}

impl Subscription {
    /// Who subscribes.
    pub fn ident(&self) -> Ident {
        self.ident
    }

    /// Waits for the next event.
    ///
    /// # Errors
    /// The reason for which the subscription ends: `Unauthenticated` if its credentials do not hold any more.
    pub async fn next(&mut self) -> Result<Outcome> {
        loop {
            let row = tokio::select! {
                happened = self.source.next() => happened?,
                () = sleep(RECHECK) => {
                    self.lasting.recheck().await?;
                    continue;
                }
            };
            self.lasting.recheck().await?;
            let cx = self.lasting.cx();
            if self.is_dear {
                cx.take_turn().await?;
            }
            let operation = self.prepared.operation().ok_or(Error::NotFound)?;
            let event = self.engine.event(&cx, &self.prepared, (operation, row));
            if let Some(outcome) = event.await {
                return Ok(outcome);
            }
        }
    }
}
