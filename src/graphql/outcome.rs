//! What a query is answered with: a body of JSON, and a status.
use async_graphql::{
    ErrorExtensionValues, PathSegment, Response as Answer, ServerError, parser::types::Field,
};
use poem::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    error::{Error, fault},
    ledger::Entry,
};

pub const MODERN: &str = "application/graphql-response+json";
/// The media type of requests, and of answers unless another is asked for.
pub const LEGACY: &str = "application/json";

/// The media type of server-sent events.
pub const EVENTS: &str = "text/event-stream";

/// Errors that an answer tells at most.
const ERRORS: usize = 100;

/// One answer, and how the query fared.
pub struct Outcome {
    /// JSON.
    pub body: String,
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
    /// Some of it failed.
    Faulty,
    /// Nothing of the query ran.
    Refused,
    /// Every root field was refused by its rate.
    Throttled,
    /// Every root field needs what does not answer just now.
    Unavailable,
}

/// What Apollo's clients look for before they send the query whole.
pub const NOT_PERSISTED: &str = "PersistedQueryNotFound";

impl Outcome {
    /// The answer to a query without errors; `data` is JSON.
    pub fn whole(data: &str, spent: &[Entry], cost: Option<(usize, usize)>) -> Self {
        let mut body = String::with_capacity(data.len() + 512);
        body.push_str("{\"data\":");
        body.push_str(data);
        if let Some(extensions) = extensions(spent, cost) {
            body.push_str(",\"extensions\":");
            body.push_str(&extensions.to_string());
        }
        body.push('}');
        let fate = Fate::Answered;
        Self { body, fate }
    }

    /// `cost`: the complexity of the query and its limit, where they are told.
    pub fn of(answer: Answer, spent: &[Entry], cost: Option<(usize, usize)>) -> Self {
        let refused = is_refused(&answer);
        let mut answer = answer;
        for error in &mut answer.errors {
            set_code(error, refused);
        }
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
            () if !answer.errors.is_empty() => Fate::Faulty,
            () => Fate::Answered,
        };
        let body = Body {
            data: matches!(fate, Fate::Answered | Fate::Faulty).then_some(&answer.data),
            errors: &told,
            extensions: extensions(spent, cost),
        };
        Self {
            body: serde_json::to_string(&body).expect("an answer is JSON"),
            fate,
        }
    }

    pub fn refusal(error: Error) -> Self {
        let fate = match error {
            Error::Throttled(_) => Fate::Throttled,
            Error::Unavailable(_) => Fate::Unavailable,
            _ => Fate::Refused,
        };
        let locations = match &error {
            Error::Query(fault) => fault.locations.clone(),
            _ => Vec::new(),
        };
        let mut told = async_graphql::Error::from(error);
        if told.message == NOT_PERSISTED {
            let extensions = told
                .extensions
                .get_or_insert_with(ErrorExtensionValues::default);
            extensions.set("code", "PERSISTED_QUERY_NOT_FOUND");
        }
        let mut row = json!({ "message": told.message, "extensions": told.extensions });
        if !locations.is_empty() {
            row["locations"] = json!(locations);
        }
        let body = json!({ "errors": [row] });
        Self {
            body: body.to_string(),
            fate,
        }
    }

    /// Whether the query ran: its answer has data, which may be null.
    pub fn has_data(&self) -> bool {
        matches!(self.fate, Fate::Answered | Fate::Faulty)
    }

    /// The errors of the answer.
    pub fn errors(&self) -> Value {
        let body: Option<Value> = serde_json::from_str(&self.body).ok();
        body.map_or(Value::Null, |mut body| body["errors"].take())
    }

    /// Whether the query was answered without an error.
    pub fn is_whole(&self) -> bool {
        self.fate == Fate::Answered
    }

    /// The old media type answers 200 to whatever is well-formed (section "Status Codes").
    pub fn status(&self, media: &str) -> StatusCode {
        match self.fate {
            Fate::Throttled => StatusCode::TOO_MANY_REQUESTS,
            Fate::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Fate::Refused if media == MODERN => StatusCode::BAD_REQUEST,
            // "Partial success" of the specification's draft.
            Fate::Faulty if media == MODERN => StatusCode::NON_AUTHORITATIVE_INFORMATION,
            Fate::Refused | Fate::Faulty | Fate::Answered => StatusCode::OK,
        }
    }
}

/// Whether nothing of the query ran.
pub fn is_refused(answer: &Answer) -> bool {
    answer.data == async_graphql::Value::Null
        && !answer.errors.is_empty()
        && answer.errors.iter().all(|error| error.path.is_empty())
}

/// Whether a query was rejected for its complexity.
pub fn is_too_complex(answer: &Answer) -> bool {
    answer
        .errors
        .iter()
        .any(|error| error.message == "Query is too complex.")
}

/// Adds a code to an error of the executor.
fn set_code(error: &mut ServerError, refused: bool) {
    let extensions = error
        .extensions
        .get_or_insert_with(ErrorExtensionValues::default);
    if extensions.get("code").is_none() {
        extensions.set("code", if refused { fault::INVALID } else { "INVALID" });
    }
}

/// Turns an argument error of the executor, which has only a location, into `INVALID` with the
/// argument's name.
pub fn name_argument(error: &mut ServerError, field: Option<&Field>) {
    let is_told = error.extensions.is_some();
    let argument = field.filter(|_| !is_told).and_then(|field| {
        let mut arguments = field.arguments.iter();
        arguments.find(|(_, value)| error.locations.contains(&value.pos))
    });
    if let Some((name, _)) = argument {
        let complaint = match error.message.split('"').nth(1) {
            Some(wanted) => format!("Must be a `{wanted}`."),
            None => error.message.clone(),
        };
        let told = async_graphql::Error::from(Error::field(name.node.as_str(), complaint));
        error.message = told.message;
        error.extensions = told.extensions;
    }
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

/// What is told beside the data: what was spent, and the complexity of the query and its limit.
fn extensions(spent: &[Entry], cost: Option<(usize, usize)>) -> Option<Value> {
    let mut extensions = serde_json::Map::new();
    if !spent.is_empty() {
        let rows = spent.iter().map(row).collect();
        extensions.insert("rateLimits".to_owned(), rows);
    }
    if let Some((cost, limit)) = cost {
        let complexity = json!({ "cost": cost, "limit": limit });
        extensions.insert("complexity".to_owned(), complexity);
    }
    (!extensions.is_empty()).then(|| extensions.into())
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
