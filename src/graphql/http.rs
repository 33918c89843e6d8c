//! GraphQL over HTTP (the specification of that name, and batches).
use std::{borrow::Cow, sync::Arc};

use async_graphql::{
    ErrorExtensionValues, PathSegment, Request as Query, Response as Answer, ServerError,
    Variables,
    parser::types::{ExecutableDocument, OperationType},
};
use poem::{
    Endpoint, IntoResponse, Request, Response,
    http::{HeaderValue, Method, StatusCode},
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Graph, budgets,
    documents::Documents,
    escapes, introspection, order,
    persisted::Persisted,
    sent::{Parameters, Sent, from_body, from_url},
    variables,
};
use crate::{
    context::{Cx, Plan},
    error::{Error, RETRY_AFTER, Result},
    ledger::Entry,
};

const MODERN: &str = "application/graphql-response+json";
/// The media type of requests, and of answers unless another is asked for.
pub const LEGACY: &str = "application/json";

/// Errors that an answer tells at most.
const ERRORS: usize = 100;

/// The endpoint at `/graphql`.
pub struct GraphQl {
    graph: Graph,
    persisted: Persisted,
    documents: Documents,
}

/// One answer, and how the query fared.
struct Outcome {
    /// JSON.
    body: String,
    fate: Fate,
}

/// The body of an answer.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a async_graphql::Value>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<Value>,
}

/// How a query fared, where statuses tell of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Answered,
    /// Nothing of the query ran.
    Refused,
    /// Every root field was refused by its rate.
    Throttled,
    /// Every root field needs what does not answer just now.
    Unavailable,
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

/// What Apollo's clients look for before they send the query whole.
const NOT_PERSISTED: &str = "PersistedQueryNotFound";

impl Outcome {
    fn of(answer: Answer, spent: &[Entry]) -> Self {
        let refused = is_refused(&answer);
        let (told, more) = answer.errors.split_at(answer.errors.len().min(ERRORS));
        let mut told = told.to_vec();
        if !more.is_empty() {
            let complaint = format!("There are {} more errors.", more.len());
            told.push(ServerError::new(complaint, None));
        }
        let fate = match () {
            () if nothing_but(&answer, "THROTTLED") => Fate::Throttled,
            () if nothing_but(&answer, "UNAVAILABLE") => Fate::Unavailable,
            () if refused => Fate::Refused,
            () => Fate::Answered,
        };
        let rows: Vec<Value> = spent.iter().map(row).collect();
        let body = Body {
            data: (!refused).then_some(&answer.data),
            errors: &told,
            extensions: (!rows.is_empty()).then(|| json!({ "rateLimits": rows })),
        };
        Self {
            body: serde_json::to_string(&body).expect("an answer is JSON"),
            fate,
        }
    }

    fn refusal(error: Error) -> Self {
        let fate = match error {
            Error::Throttled(_) => Fate::Throttled,
            Error::Unavailable(_) => Fate::Unavailable,
            _ => Fate::Refused,
        };
        let mut told = async_graphql::Error::from(error);
        if told.message == NOT_PERSISTED {
            let extensions = told
                .extensions
                .get_or_insert_with(ErrorExtensionValues::default);
            extensions.set("code", "PERSISTED_QUERY_NOT_FOUND");
        }
        let body =
            json!({ "errors": [{ "message": told.message, "extensions": told.extensions }] });
        Self {
            body: body.to_string(),
            fate,
        }
    }

    /// The old media type answers 200 to whatever is well-formed (section "Status Codes").
    fn status(&self, media: &str) -> StatusCode {
        match self.fate {
            Fate::Throttled => StatusCode::TOO_MANY_REQUESTS,
            Fate::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Fate::Refused if media == MODERN => StatusCode::BAD_REQUEST,
            Fate::Refused | Fate::Answered => StatusCode::OK,
        }
    }
}

/// Whether nothing of the query ran.
fn is_refused(answer: &Answer) -> bool {
    answer.data == async_graphql::Value::Null
        && !answer.errors.is_empty()
        && answer.errors.iter().all(|error| error.path.is_empty())
}

/// Whether no root field was answered, each for this reason.
fn nothing_but(answer: &Answer, code: &str) -> bool {
    let code = async_graphql::Value::from(code);
    let is_why = |error: &ServerError| {
        let extensions = error.extensions.as_ref();
        extensions.and_then(|extensions| extensions.get("code")) == Some(&code)
    };
    let is_told = |name: &str| {
        let first = |error: &ServerError| error.path.first().cloned();
        let mut roots = answer.errors.iter().filter_map(first);
        roots.any(|root| matches!(root, PathSegment::Field(field) if field == name))
    };
    let unanswered = match &answer.data {
        async_graphql::Value::Null => true,
        async_graphql::Value::Object(fields) => fields
            .iter()
            .all(|(name, value)| *value == async_graphql::Value::Null && is_told(name)),
        _ => false,
    };
    unanswered && !answer.errors.is_empty() && answer.errors.iter().all(is_why)
}

/// A budget that a root field spent from.
fn row(entry: &Entry) -> Value {
    let quota = &entry.quota;
    json!({
        "operation": entry.operation,
        "scope": quota.scope,
        "limit": quota.limit,
        "remaining": quota.remaining,
        "duration": quota.duration,
        "resetAfter": quota.reset_after,
    })
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
