//! GraphQL over HTTP (the specification of that name, and batches).
use std::{borrow::Cow, sync::Arc};

use async_graphql::{
    Request as Query, Response as Answer, Variables,
    parser::types::{ExecutableDocument, OperationDefinition, OperationType},
};
use poem::{
    Endpoint, IntoResponse, Request, Response,
    http::{
        HeaderValue, Method, StatusCode,
        header::{CACHE_CONTROL, VARY},
    },
};
use serde_json::Value;

use super::{
    Graph, budgets, coercion, costs,
    documents::{Document, Documents, chosen},
    escapes, introspection, limits,
    nulls::Nulls,
    order,
    outcome::{self, LEGACY, MODERN, NOT_PERSISTED, Outcome, is_refused, is_too_complex},
    persisted::Persisted,
    schema,
    sent::{Parameters, Sent, from_body, from_url},
    types::Types,
    variables,
};
use crate::{
    caller::Caller,
    config::Config,
    context::{Cx, Plan},
    error::{Error, Fault, RETRY_AFTER, Result, TokenProblem},
    rest::encoding::{known, validate},
};

/// The endpoint at `/graphql`.
pub struct GraphQl {
    graph: Graph,
    types: Types,
    persisted: Persisted,
    documents: Documents,
    /// Maximum complexity of a query.
    complexity: usize,
    introspection: bool,
}

/// A checked query.
struct Prepared {
    query: Query,
    document: Arc<Document>,
    /// `operationName`.
    name: Option<String>,
    is_get: bool,
}

impl GraphQl {
    pub fn new(config: &Config) -> Self {
        let graph = schema(config);
        Self {
            types: Types::read(&graph.sdl()),
            graph,
            persisted: Persisted::default(),
            documents: Documents::default(),
            complexity: config.graphql_complexity,
            introspection: config.graphql_introspection,
        }
    }

    async fn answer(&self, request: Request, media: &'static str) -> Result<Response> {
        let cx = Cx::of(&request).clone();
        let before = cx.spent().len();
        match self.answered(&cx, request, media).await {
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

    async fn answered(&self, cx: &Cx, request: Request, media: &'static str) -> Result<Response> {
        if let Caller::Rejected(problem @ (TokenProblem::Invalid | TokenProblem::Expired)) =
            cx.caller()
        {
            return Err(Error::Unauthenticated(Some(*problem)));
        }
        if let Some(refusal) = cx.caller().refusal() {
            return Err(refusal.clone());
        }
        match *request.method() {
            Method::GET | Method::HEAD => {
                let parameters = from_url(request.uri().query().unwrap_or_default())?;
                let known = known(request.headers());
                return self.get(cx, parameters, media, known).await;
            }
            Method::POST => {}
            _ => return Err(Error::MethodNotAllowed(request.method().to_string())),
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

    /// Answers a GET request. Anonymous callers get an `ETag`, so that caches can revalidate.
    async fn get(
        &self,
        cx: &Cx,
        parameters: Parameters,
        media: &'static str,
        known: Option<HeaderValue>,
    ) -> Result<Response> {
        let outcome = self.run(cx, parameters, true).await?;
        let is_whole = outcome.is_whole();
        let mut response = written(outcome.status(media), outcome.body, media);
        let vary = HeaderValue::from_static("Accept, Cookie, origin");
        response.headers_mut().insert(VARY, vary);
        match is_whole && cx.caller().identity().is_none() {
            true => validate(response, known).await,
            false => Ok(response),
        }
    }

    async fn run(&self, cx: &Cx, parameters: Parameters, get: bool) -> Result<Outcome> {
        let before = cx.spent().len();
        let ran = match self.prepared(cx, parameters, get).await {
            Ok(prepared) => self.execute(cx, prepared, before).await,
            // These are faults of the request, not of its query.
            Err(error @ (Error::MethodNotAllowed(_) | Error::Invalid(_))) => return Err(error),
            Err(error) => Err(error),
        };
        match ran {
            Ok(outcome) => Ok(outcome),
            Err(error) => Ok(Outcome::refusal(paid(cx, before, error).await)),
        }
    }

    async fn execute(&self, cx: &Cx, prepared: Prepared, before: usize) -> Result<Outcome> {
        let Prepared {
            query,
            document,
            name,
            is_get,
        } = prepared;
        let parsed = &document.parsed;
        let operation = chosen(parsed, name.as_deref());
        let plan = operation.map(|operation| budgets::plan(parsed, operation, &query.variables));
        let plan = plan.unwrap_or_default();
        plan.check(cx)?;
        self.within(&plan)?;
        plan.introspect(cx).await?;
        let plan = Arc::new(plan);
        let variables = query.variables.clone();
        let query = query.data(cx.clone()).data(plan.clone());
        let mut answer = self.graph.execute(query).await;
        let is_refused = is_refused(&answer);
        if !is_refused && !answer.errors.is_empty() {
            plan.settle(cx).await?;
        }
        let settled = cx.settle();
        if is_refused {
            settled?;
            paid_for(cx, before).await?;
            if let Some(operation) = operation.filter(|_| is_too_complex(&answer)) {
                cx.take_turn().await?;
                let why = costs::explain(parsed, operation, &variables, self.complexity).await;
                return Err(why.into());
            }
        } else {
            if plan.is_empty() {
                paid_for(cx, before).await?;
            }
            if let Some(operation) = operation {
                self.complete(&mut answer, parsed, operation);
            }
        }
        // The budgets differ from answer to answer, so that no cache would find two alike. Headers tell
        // them too.
        let spent = match is_get {
            true => Vec::new(),
            false => cx.spent().split_off(before),
        };
        Ok(Outcome::of(answer, &spent))
    }

    /// Inserts nulls for failed fields and restores the order of the query.
    fn complete(
        &self,
        answer: &mut Answer,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
    ) {
        let mut data = std::mem::take(&mut answer.data);
        if !answer.errors.is_empty() {
            let nulls = Nulls {
                types: &self.types,
                document,
                operation,
            };
            nulls.insert(&mut data, &answer.errors);
            for error in &mut answer.errors {
                let field = nulls.field(error);
                outcome::name_argument(error, field);
            }
        }
        answer.data = order::ordered(data, document, operation);
    }

    /// Rejects introspection if it is disabled, and more than 10 introspection fields.
    fn within(&self, plan: &Plan) -> Result<()> {
        let most = introspection::MOST;
        if plan.introspections() > 0 && !self.introspection {
            let complaint = "Introspection is disabled on this pod.";
            return Err(Fault::invalid(complaint).into());
        }
        match plan.introspections() <= most {
            true => Ok(()),
            false => Err(Error::Refused(format!(
                "A query may ask for the schema at most {most} times."
            ))),
        }
    }

    /// The query, checked before anything of it runs.
    async fn prepared(&self, cx: &Cx, parameters: Parameters, get: bool) -> Result<Prepared> {
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
        if self.documents.takes_long(&text) {
            cx.may_send_document().await?;
            cx.take_turn().await?;
        }
        let document = self.documents.parsed(&text).await?;
        let name = parameters.operation_name;
        let mut query = Query::new(text.as_ref());
        if let Some(name) = &name {
            query = query.operation_name(name);
        }
        if let Some(variables) = parameters.variables {
            query = query.variables(Variables::from_json(Value::Object(variables)));
        }
        let mut completed = document.parsed.clone();
        variables::complete(&mut completed, name.as_deref(), &mut query.variables);
        limits::check_values(&document.uses, &query.variables)?;
        if let Some(operation) = chosen(&completed, name.as_deref()) {
            if get && operation.ty != OperationType::Query {
                return Err(Error::MethodNotAllowed("GET".to_owned()));
            }
            coercion::check(&self.types, &completed, operation, &query.variables)?;
        }
        query.set_parsed_query(completed);
        Ok(Prepared {
            query,
            document,
            name,
            is_get: get,
        })
    }
}

/// Counts a document as one request, unless its fields already count.
async fn paid_for(cx: &Cx, before: usize) -> Result<()> {
    match cx.spent().len() == before {
        true => cx.spend_document().await,
        false => Ok(()),
    }
}

/// The reason of a refusal, which counts as a request: else documents without end could be sent to be
/// refused.
async fn paid(cx: &Cx, before: usize, error: Error) -> Error {
    paid_for(cx, before).await.err().unwrap_or(error)
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
