//! GraphQL over HTTP (the specification of that name, and batches).
use std::{borrow::Cow, sync::Arc};

use async_graphql::{
    Request as Query, Variables,
    parser::types::{ExecutableDocument, OperationType},
};
use poem::{
    Endpoint, IntoResponse, Request, Response,
    http::{HeaderValue, Method, StatusCode},
};
use serde_json::Value;

use super::{
    Graph, budgets,
    documents::Documents,
    escapes, introspection, order,
    outcome::{LEGACY, MODERN, NOT_PERSISTED, Outcome, is_refused},
    persisted::Persisted,
    sent::{Parameters, Sent, from_body, from_url},
    variables,
};
use crate::{
    context::{Cx, Plan},
    error::{Error, RETRY_AFTER, Result},
};

/// The endpoint at `/graphql`.
pub struct GraphQl {
    graph: Graph,
    persisted: Persisted,
    documents: Documents,
}

impl GraphQl {
    pub fn new(graph: Graph) -> Self {
        Self {
            graph,
            persisted: Persisted::default(),
            documents: Documents::default(),
        }
    }

    async fn answer(&self, request: Request, media: &'static str) -> Result<Response> {
        let get = request.method() == Method::GET;
        if !get && request.method() != Method::POST {
            return Err(Error::MethodNotAllowed(request.method().to_string()));
        }
        let cx = Cx::of(&request).clone();
        let before = cx.spent().len();
        let answered = self.answered(&cx, request, media).await;
        match answered {
            Ok(response) => Ok(response),
            Err(error) => Err(paid(&cx, before, error).await),
        }
    }

    async fn answered(&self, cx: &Cx, request: Request, media: &'static str) -> Result<Response> {
        if request.method() == Method::GET {
            let parameters = from_url(request.uri().query().unwrap_or_default())?;
            let outcome = self.run(cx, parameters, true).await?;
            return Ok(written(outcome.status(media), outcome.body, media));
        }
        match from_body(request).await? {
            Sent::One(parameters) => {
                let outcome = self.run(cx, parameters, false).await?;
                Ok(written(outcome.status(media), outcome.body, media))
            }
            Sent::Batch(batch) => {
                let mut bodies = Vec::with_capacity(batch.len());
                for parameters in batch {
                    bodies.push(self.run(cx, parameters, false).await?.body);
                }
                let bodies = format!("[{}]", bodies.join(","));
                Ok(written(StatusCode::OK, bodies, media))
            }
        }
    }

    async fn run(&self, cx: &Cx, parameters: Parameters, get: bool) -> Result<Outcome> {
        let before = cx.spent().len();
        let operation = parameters.operation_name.clone();
        let (query, document) = match self.prepared(parameters, get) {
            Ok(prepared) => prepared,
            // These are faults of the request, not of its query.
            Err(error @ (Error::MethodNotAllowed(_) | Error::Invalid(_))) => return Err(error),
            Err(error) => return Ok(Outcome::refusal(paid(cx, before, error).await)),
        };
        let plan = document
            .as_ref()
            .map(|document| budgets::plan(document, operation.as_deref(), &query.variables));
        let plan = plan.unwrap_or_default();
        let checked = plan.check(cx).and_then(|()| within(&plan));
        let introspected = match checked {
            Ok(()) => plan.introspect(cx).await,
            Err(error) => Err(error),
        };
        if let Err(error) = introspected {
            return Ok(Outcome::refusal(paid(cx, before, error).await));
        }
        let plan = Arc::new(plan);
        let query = query.data(cx.clone()).data(plan.clone());
        let mut answer = self.graph.execute(query).await;
        if !answer.errors.is_empty()
            && let Err(error) = plan.settle(cx).await
        {
            return Ok(Outcome::refusal(error));
        }
        let settled = cx.settle();
        if (plan.is_empty() || is_refused(&answer))
            && cx.spent().len() == before
            && let Err(error) = cx.spend_document().await
        {
            return Ok(Outcome::refusal(error));
        }
        if is_refused(&answer)
            && let Err(error) = settled
        {
            return Ok(Outcome::refusal(error));
        }
        // A document that was refused may have fragments without end.
        if let (Some(document), async_graphql::Value::Object(_)) = (&document, &answer.data) {
            answer.data = order::ordered(answer.data, document, operation.as_deref());
        }
        Ok(Outcome::of(answer, &cx.spent()[before..]))
    }

    /// The query, checked before anything of it runs, and its document. One that does not parse is
    /// left to the executor, which tells where and why.
    fn prepared(
        &self,
        parameters: Parameters,
        get: bool,
    ) -> Result<(Query, Option<Arc<ExecutableDocument>>)> {
        let sent = parameters.query.unwrap_or_default();
        let persisted = parameters.extensions.unwrap_or_default().persisted_query;
        let text = match persisted {
            Some(named) => {
                let found = self.persisted.resolve(&named.sha256_hash, &sent)?;
                found.ok_or_else(|| Error::Refused(NOT_PERSISTED.to_owned()))?
            }
            None if sent.is_empty() => {
                return Err(Error::field("query", "This field is required."));
            }
            None => sent.into(),
        };
        let text = match escapes::joined(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(joined) => joined.into(),
        };
        let document = self.documents.parsed(&text)?;
        let mut query = Query::new(text.as_ref());
        if let Some(name) = &parameters.operation_name {
            query = query.operation_name(name);
        }
        if let Some(variables) = parameters.variables {
            query = query.variables(Variables::from_json(Value::Object(variables)));
        }
        if let Some(document) = &document {
            let named = |name: Option<&str>| {
                parameters
                    .operation_name
                    .as_deref()
                    .is_none_or(|wanted| name == Some(wanted))
            };
            let changes = document.operations.iter().any(|(name, operation)| {
                named(name.map(|name| name.as_str())) && operation.node.ty != OperationType::Query
            });
            if get && changes {
                return Err(Error::MethodNotAllowed("GET".to_owned()));
            }
            let mut document = ExecutableDocument::clone(document);
            let operation = parameters.operation_name.as_deref();
            variables::complete(&mut document, operation, &mut query.variables);
            query.set_parsed_query(document);
        }
        Ok((query, document))
    }
}

/// The reason of a refusal, which counts as a request: else documents without end could be sent to be
/// refused.
async fn paid(cx: &Cx, before: usize, error: Error) -> Error {
    match cx.spent().len() == before {
        true => cx.spend_document().await.err().unwrap_or(error),
        false => error,
    }
}

/// Refuses a query that asks for the schema too often.
fn within(plan: &Plan) -> Result<()> {
    let most = introspection::MOST;
    match plan.introspections() <= most {
        true => Ok(()),
        false => Err(Error::Refused(format!(
            "A query may ask for the schema at most {most} times."
        ))),
    }
}

/// The media type of the answer; the new one when it is asked for by name.
fn negotiated(request: &Request) -> Result<&'static str> {
    let headers = request.headers().get_all("accept");
    let mut ranges = headers
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| {
            header.split(',').map(|range| {
                range
                    .split(';')
                    .next()
                    .unwrap_or_default()
                    .trim()
                    .to_owned()
            })
        });
    let first = ranges.find_map(|range| match range.as_str() {
        MODERN => Some(MODERN),
        LEGACY | "application/*" | "*/*" => Some(LEGACY),
        _ => None,
    });
    match first {
        Some(media) => Ok(media),
        None if request.headers().contains_key("accept") => Err(Error::NotAcceptable),
        None => Ok(LEGACY),
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
        let media = match negotiated(&request) {
            Ok(media) => media,
            Err(error) => return Ok(error.into_response()),
        };
        Ok(self.answer(request, media).await.unwrap_or_else(|error| {
            let method = matches!(error, Error::MethodNotAllowed(_));
            let status = poem::error::ResponseError::status(&error);
            let mut response = written(status, Outcome::refusal(error).body, media);
            if method {
                response
                    .headers_mut()
                    .insert("allow", HeaderValue::from_static("GET, POST"));
            }
            response
        }))
    }
}
