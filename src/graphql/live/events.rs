//! Server-sent events, one operation for each request: the "distinct connections mode" of
//! <https://github.com/enisdenjo/graphql-sse>.
use std::{io, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, stream::unfold};
use poem::{Body, Response};
use tokio::{sync::mpsc, task::JoinSet, time::timeout};

use super::{Begun, Subscription};
use crate::{
    app::App,
    graphql::outcome::Outcome,
    rest::outgoing::{Room, take_room},
};

/// Between two events, or comments that keep proxies from closing the connection.
const QUIET: Duration = Duration::from_secs(15);
const COMMENT: &[u8] = b":\n\n";
const COMPLETE: &[u8] = b"event: complete\ndata:\n\n";

/// The stream of an operation's events.
pub fn stream(app: &App, begun: Begun) -> Response {
    let body = match begun {
        Begun::Answered(outcome) => {
            let whole = [next(&outcome).as_ref(), COMPLETE].concat();
            Body::from(whole)
        }
        Begun::Subscribed(subscription) => Body::from_bytes_stream(events(app, *subscription)),
    };
    Response::builder()
        .content_type("text/event-stream; charset=utf-8")
        .header("cache-control", "private, no-store")
        // For nginx: events are not to wait for more.
        .header("x-accel-buffering", "no")
        .body(body)
}

/// An event that waits for its reader, and its room.
type Waiting = (Bytes, Option<Room>);

fn next(outcome: &Outcome) -> Bytes {
    Bytes::from(format!("event: next\ndata: {}\n\n", outcome.body))
}

/// The events of a subscription, which ends when nobody reads them any more.
fn events(app: &App, subscription: Subscription) -> impl Stream<Item = io::Result<Bytes>> + use<> {
    let (sender, results) = mpsc::channel(1);
    let mut tasks = JoinSet::new();
    tasks.spawn(send(app.clone(), subscription, sender));
    // The first comment shows at once that the subscription has begun.
    unfold(
        (results, tasks, true),
        |(mut results, tasks, is_new)| async move {
            let piece = match is_new {
                true => Bytes::from_static(COMMENT),
                false => match timeout(QUIET, results.recv()).await {
                    Err(_) => Bytes::from_static(COMMENT),
                    // What is handed on is in the connection's own, bounded buffers.
                    Ok(Some((event, _room))) => event,
                    Ok(None) => return None,
                },
            };
            Some((Ok(piece), (results, tasks, false)))
        },
    )
}

async fn send(app: App, mut subscription: Subscription, sender: mpsc::Sender<Waiting>) {
    let last = loop {
        let happened = tokio::select! {
            happened = subscription.next() => happened,
            () = app.stopped() => break None,
        };
        let event = happened.and_then(|outcome| {
            let room = take_room(outcome.body.len(), subscription.ident())?;
            Ok((next(&outcome), Some(room)))
        });
        match event {
            Ok(event) => {
                if sender.send(event).await.is_err() {
                    return;
                }
            }
            Err(error) => break Some(next(&Outcome::refusal(error))),
        }
    };
    for piece in last.into_iter().chain([Bytes::from_static(COMPLETE)]) {
        if sender.send((piece, None)).await.is_err() {
            return;
        }
    }
}
