//! Server-sent events, one operation for each request: the "distinct connections mode" of
//! <https://github.com/enisdenjo/graphql-sse>.
use std::{io, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, stream::unfold};
use poem::{Body, Response};
use tokio::{sync::mpsc, task::JoinSet, time::timeout};

use super::{Begun, Subscription};
use crate::{app::App, graphql::outcome::Outcome};

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

fn next(outcome: &Outcome) -> Bytes {
    Bytes::from(format!("event: next\ndata: {}\n\n", outcome.body))
}

/// The events of a subscription, which ends when nobody reads them any more.
fn events(app: &App, subscription: Subscription) -> impl Stream<Item = io::Result<Bytes>> + use<> {
    let (teller, told) = mpsc::channel(1);
    let mut tasks = JoinSet::new();
    tasks.spawn(tell(app.clone(), subscription, teller));
    // The first comment shows at once that the subscription has begun.
    unfold(
        (told, tasks, true),
        |(mut told, tasks, is_new)| async move {
            let piece = match is_new {
                true => Bytes::from_static(COMMENT),
                false => match timeout(QUIET, told.recv()).await {
                    Err(_) => Bytes::from_static(COMMENT),
                    Ok(Some(event)) => event,
                    Ok(None) => return None,
                },
            };
            Some((Ok(piece), (told, tasks, false)))
        },
    )
}

async fn tell(app: App, mut subscription: Subscription, teller: mpsc::Sender<Bytes>) {
    let last = loop {
        let happened = tokio::select! {
            happened = subscription.next() => happened,
            () = app.stopped() => break None,
        };
        match happened {
            Ok(outcome) if teller.send(next(&outcome)).await.is_err() => return,
            Ok(_) => {}
            Err(error) => break Some(next(&Outcome::refusal(error))),
        }
    };
    for piece in last.into_iter().chain([Bytes::from_static(COMPLETE)]) {
        if teller.send(piece).await.is_err() {
            return;
        }
    }
}
