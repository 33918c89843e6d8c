//! GraphQL over HTTP (the specification of that name, and batches).
use std::sync::Arc;

use poem::{
    Endpoint, IntoResponse, Request, Response,
    http::{
        HeaderValue, Method, StatusCode,
        header::{CACHE_CONTROL, VARY},
    },
};

use super::{
    engine::{Engine, paid},
    live::{self, Begun},
    outcome::{EVENTS, LEGACY, MODERN, Outcome},
    sent::{Parameters, Sent, from_body, from_url},
};
use crate::{
    auth::lasting::Lasting,
    config::Config,
    context::Cx,
    error::{Error, RETRY_AFTER, Result},
    live::is_upgrade,
    rest::encoding::{known, validate},
};

/// The endpoint at `/graphql`.
pub struct GraphQl(Arc<Engine>);

impl GraphQl {
    pub fn new(config: &Config) -> Self {
        Self(Arc::new(Engine::new(config)))
    }

    async fn answer(&self, request: Request, accepted: Accepted) -> Result<Response> {
        let cx = Cx::of(&request).clone();
        let before = cx.spent().len();
        match self.answered(&cx, request, accepted).await {
            Ok(mut response) => {
                if cx.caller().identity().is_some() {
                    let private = HeaderValue::from_static("private, no-store");
                    response.headers_mut().insert(CACHE_CONTROL, private);
                }
                Ok(response)
            }
            Err(error) => Err(paid(&cx, before, error).await),
        }
    }

    async fn answered(&self, cx: &Cx, request: Request, accepted: Accepted) -> Result<Response> {
        cx.caller().check()?;
        let lasting = accepted.events.then(|| Lasting::of(&request));
        match *request.method() {
            Method::GET if is_upgrade(&request) => live::upgrade(self.0.clone(), &request).await,
            Method::GET | Method::HEAD => {
                let parameters = from_url(request.uri().query().unwrap_or_default())?;
                let known = known(request.headers());
                let begun = self.0.begin(cx, lasting, parameters, true).await?;
                self.found(cx, begun, accepted, known).await
            }
            Method::POST => match from_body(cx, request).await? {
                Sent::One(parameters) => {
                    let begun = self.0.begin(cx, lasting, parameters, false).await?;
                    Ok(accepted.response(cx, begun))
                }
                Sent::Batch(batch) => self.batch(cx, batch, accepted.media()).await,
            },
            _ => Err(Error::MethodNotAllowed(request.method().to_string())),
        }
    }

    async fn batch(
        &self,
        cx: &Cx,
        batch: Vec<Parameters>,
        media: &'static str,
    ) -> Result<Response> {
        let mut bodies = Vec::with_capacity(batch.len());
        for parameters in batch {
            bodies.push(self.0.run(cx, parameters).await?.body);
        }
        let bodies = format!("[{}]", bodies.join(","));
        Ok(written(StatusCode::OK, bodies, media))
    }

    /// Answers a GET request. Anonymous callers get an `ETag`, so that caches can revalidate.
    async fn found(
        &self,
        cx: &Cx,
        begun: Begun,
        accepted: Accepted,
        known: Option<HeaderValue>,
    ) -> Result<Response> {
        let is_whole = matches!(&begun, Begun::Answered(outcome) if outcome.is_whole());
        let is_stream = accepted.streams(&begun);
        let mut response = accepted.response(cx, begun);
        let vary = HeaderValue::from_static("Accept, Cookie, origin");
        response.headers_mut().insert(VARY, vary);
        match is_whole && !is_stream && cx.caller().identity().is_none() {
            true => validate(response, known).await,
            false => Ok(response),
        }
    }
}

/// The media types that a client accepts.
#[derive(Clone, Copy)]
struct Accepted {
    /// The media type of JSON; `None` if it accepts events only.
    json: Option<&'static str>,
    events: bool,
}

impl Accepted {
    /// The media type of JSON is the new one when it is named first.
    fn of(request: &Request) -> Result<Self> {
        let headers = request.headers().get_all("accept");
        let ranges: Vec<&str> = headers
            .iter()
            .filter_map(|header| header.to_str().ok())
            .flat_map(|header| header.split(','))
            .map(|range| range.split(';').next().unwrap_or_default().trim())
            .collect();
        let json = ranges.iter().find_map(|range| match *range {
            MODERN => Some(MODERN),
            LEGACY | "application/*" | "*/*" => Some(LEGACY),
            _ => None,
        });
        let events = ranges.contains(&EVENTS);
        match json {
            None if events || is_upgrade(request) => Ok(Self { json, events }),
            None if request.headers().contains_key("accept") => Err(Error::NotAcceptable),
            _ => Ok(Self {
                json: json.or(Some(LEGACY)),
                events,
            }),
        }
    }

    /// The media type of what is not a stream.
    fn media(self) -> &'static str {
        self.json.unwrap_or(MODERN)
    }

    /// Whether the answer is a stream of events.
    fn streams(self, begun: &Begun) -> bool {
        match begun {
            Begun::Subscribed(_) => true,
            Begun::Answered(outcome) => self.json.is_none() && outcome.has_data(),
        }
    }

    fn response(self, cx: &Cx, begun: Begun) -> Response {
        let is_stream = self.streams(&begun);
        match begun {
            Begun::Answered(outcome) if !is_stream => {
                let media = self.media();
                written(outcome.status(media), outcome.body, media)
            }
            begun => live::stream(cx.app(), begun),
        }
    }
}

fn written(status: StatusCode, body: String, media: &'static str) -> Response {
    let mut response = Response::builder()
        .status(status)
        .content_type(format!("{media}; charset=utf-8"))
        .body(body);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        let wait = RETRY_AFTER.into();
        response.headers_mut().insert("retry-after", wait);
    }
    response
}

impl Endpoint for GraphQl {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let accepted = match Accepted::of(&request) {
            Ok(accepted) => accepted,
            Err(error) => return Ok(error.into_response()),
        };
        let media = accepted.media();
        Ok(self
            .answer(request, accepted)
            .await
            .unwrap_or_else(|error| {
                let method = matches!(error, Error::MethodNotAllowed(_));
                let challenge = error.challenge();
                let status = poem::error::ResponseError::status(&error);
                let mut response = written(status, Outcome::refusal(error).body, media);
                let headers = response.headers_mut();
                if method {
                    headers.insert("allow", HeaderValue::from_static("GET, HEAD, POST"));
                }
                if let Some(challenge) = challenge {
                    headers.insert("www-authenticate", HeaderValue::from_static(challenge));
                }
                response
            }))
    }
}
