//! The Subsonic API (1.16.1) with extensions of OpenSubsonic, for the players that speak it. It reads and writes
//! through the operations of the other APIs, with their permits; of its own it has only the form of its answers.
mod answer;
mod endpoints;
mod ids;
mod params;
mod refusal;
mod shapes;
mod who;
mod xml;

use std::sync::Arc;

use poem::{
    Endpoint, Request, RequestBody, Response,
    http::{Method, StatusCode},
};

use self::{
    answer::Format,
    params::{Params, in_query},
    refusal::{Refusal, Told},
};
use crate::{
    context::Cx,
    guard::{Allowed, Operation},
    ledger::Ledger,
    load::{Found, Load},
    media::serve::Wanted,
};

/// Answers requests for `{endpoint}` and `{endpoint}.view`.
pub struct Subsonic;

impl Endpoint for Subsonic {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let (request, mut body) = request.split();
        let asked = |name| in_query(&request, name);
        let mut visit = Visit {
            cx: Cx::of(&request).clone(),
            format: Format::nearest(asked("f").as_deref(), asked("callback").as_deref()),
        };
        let mut answer = visit.answer(&request, &mut body).await;
        // What is not understood counts, too, for whoever sent it.
        if answer.is_err()
            && visit.cx.caller().identity().is_none()
            && visit.cx.spent().is_empty()
            && let Err(throttled) = visit.cx.spend_player().await
        {
            answer = Err(throttled.into());
        }
        let mut response = answer.unwrap_or_else(|refusal| visit.format.refused(&refusal));
        visit.cx.stamp(response.headers_mut());
        Ok(response)
    }
}

/// A request, as far as it is understood.
struct Visit {
    /// Whoever asks; a stranger until they have shown who they are.
    cx: Cx,
    format: Format,
}

impl Visit {
    async fn answer(&mut self, request: &Request, body: &mut RequestBody) -> Told<Response> {
        if !self.cx.app().preferences().await?.subsonic_enabled() {
            let off = Refusal::generic("The Subsonic API is disabled on this pod.");
            return Err(off.with_status(StatusCode::METHOD_NOT_ALLOWED));
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD | Method::POST) {
            let method = request.method();
            return Err(Refusal::generic(format!(
                "Method \"{method}\" not allowed."
            )));
        }
        let params = Params::of(request, body).await?;
        let (name, callback) = (params.text("f"), params.given("callback"));
        self.format = Format::nearest(name, callback);
        Format::check(name, callback)?;
        let endpoint = endpoint(request.uri().path());
        self.introduce(&params, endpoint).await?;
        let call = Call {
            cx: self.cx.clone(),
            format: self.format.clone(),
            wanted: Wanted::of(request.method() == Method::HEAD, request.headers()),
            params,
        };
        endpoints::answer(endpoint, &call).await
    }

    /// Finds out who asks, and counts the request: of whom nobody knows, by address.
    async fn introduce(&mut self, params: &Params, endpoint: &str) -> Told<()> {
        let app = self.cx.app();
        let caller = who::asks(app, params, endpoints::is_public(endpoint)).await;
        if let Ok(caller) = &caller {
            let client = self.cx.client().clone();
            self.cx = Cx::new(app.clone(), caller.clone(), client, Ledger::default());
        }
        if caller.is_err() || endpoints::is_counted(endpoint) {
            self.cx.spend_player().await?;
        }
        caller.map(drop)
    }
}

/// The name of an endpoint in a path: `ping` in `/rest/ping.view`.
fn endpoint(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.strip_suffix(".view").unwrap_or(name)
}

/// A request of a player, for its endpoint.
struct Call {
    cx: Cx,
    params: Params,
    format: Format,
    wanted: Wanted,
}

impl Call {
    /// The permit for an operation. Only the request is counted, however many operations it takes.
    async fn permit<O: Operation>(&self) -> Told<Allowed<O>> {
        Ok(self.cx.reach().await?)
    }

    /// What the caller has of the rows with these IDs, if the credentials reach as far as an operation; otherwise
    /// nothing.
    async fn own<O: Operation, L: Load>(&self, ids: &[i64]) -> Told<Found<Arc<L::Value>>> {
        match self.cx.reach::<O>().await {
            Ok(permit) => Ok(permit.loaders().many::<L>(ids.iter().copied()).await?),
            Err(_) => Ok(Found::default()),
        }
    }
}
