//! Everything that can go wrong, what it is called at either door, and why a start can fail.
pub mod fault;
mod openapi;
mod startup;

use std::{fmt, io, sync::Arc};

use async_graphql::ErrorExtensionValues;
use indexmap::IndexMap;
use poem::{IntoResponse, Response, error::ResponseError, http::StatusCode};
use serde_json::json;

use self::startup::Chain;
pub use self::{fault::Fault, startup::Startup};
use crate::scope::Scope;

pub type Result<T, E = Error> = std::result::Result<T, E>;
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a token that was sent was not taken (RFC 6750 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenProblem {
    Invalid,
    Expired,
    /// The user's e-mail address is not confirmed, and the pod insists on it.
    UnverifiedEmail,
}

/// A refusal or a failure, told alike at both doors.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    #[error("Authentication credentials were not provided.")]
    Unauthenticated(Option<TokenProblem>),
    #[error("You do not have permission to perform this action.")]
    Forbidden,
    /// The credentials lack this scope.
    #[error("You do not have permission to perform this action.")]
    OutOfScope(Scope),
    /// Refused for a reason that is told.
    #[error("{0}")]
    Denied(String),
    #[error("Invalid username/password.")]
    WrongPassword,
    #[error("Not found.")]
    NotFound,
    /// What is not there, in a sentence; REST tells it as a text alone.
    #[error("{0}")]
    Missing(String),
    #[error("Invalid page.")]
    InvalidPage,
    #[error("Method \"{0}\" not allowed.")]
    MethodNotAllowed(String),
    /// Something that the pod is without, in a sentence.
    #[error("{0}")]
    Off(&'static str),
    #[error("Could not satisfy the request Accept header.")]
    NotAcceptable,
    #[error("Unsupported media type \"{0}\" in request.")]
    UnsupportedMediaType(String),
    #[error("The request is larger than {0} bytes.")]
    TooLarge(usize),
    #[error("Request was throttled. Expected available in {0} second{s}.", s = if *.0 == 1 { "" } else { "s" })]
    Throttled(u64),
    #[error("JSON parse error - {0}")]
    Malformed(String),
    /// A request that makes no sense, in a sentence.
    #[error("{0}")]
    Refused(String),
    /// Input that is not valid, by field; `tags.1` is the second of `tags`.
    #[error("Invalid input.")]
    Invalid(IndexMap<String, Vec<String>>),
    /// Input that is not valid, in a sentence; REST tells it in a form of its own.
    #[error("{sentence}")]
    Shaped {
        sentence: String,
        body: Box<serde_json::Value>,
    },
    /// A GraphQL request error.
    #[error("{}", .0.message)]
    Query(Box<Fault>),
    /// What was sent is understood, and cannot be worked with.
    #[error("{0}")]
    Unprocessable(String),
    /// The request did not come in whole.
    #[error("The request did not arrive in time.")]
    Late,
    /// Not now; later it may work.
    #[error("{0}")]
    Unavailable(String),
    /// Not until somebody makes room.
    #[error("The server has no disk space left: nothing was stored.")]
    Full,
    /// This server lacks what it would take.
    #[error("{0}")]
    NotImplemented(String),
    #[error("Internal server error.")]
    Internal(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

impl Error {
    pub fn field(name: impl Into<String>, complaint: impl Into<String>) -> Self {
        Self::Invalid(IndexMap::from([(name.into(), vec![complaint.into()])]))
    }

    /// A failure that is the server's own; its cause is logged, never sent.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        let cause = cause.into();
        match cause.downcast_ref::<io::Error>().map(io::Error::kind) {
            Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => Self::full(&cause),
            _ => Self::Internal(cause.into()),
        }
    }

    fn full(cause: &impl fmt::Display) -> Self {
        tracing::error!(%cause, "the disk is full");
        Self::Full
    }

    /// The one table: what each error is called on either side.
    fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Unauthenticated(Some(TokenProblem::Invalid)) => {
                (StatusCode::UNAUTHORIZED, "TOKEN_INVALID")
            }
            Self::Unauthenticated(Some(TokenProblem::Expired)) => {
                (StatusCode::UNAUTHORIZED, "TOKEN_EXPIRED")
            }
            Self::Unauthenticated(_) | Self::WrongPassword => {
                (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED")
            }
            Self::Forbidden | Self::OutOfScope(_) | Self::Denied(_) => {
                (StatusCode::FORBIDDEN, "FORBIDDEN")
            }
            Self::NotFound | Self::Missing(_) | Self::InvalidPage => {
                (StatusCode::NOT_FOUND, "NOT_FOUND")
            }
            Self::MethodNotAllowed(_) | Self::Off(_) => {
                (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED")
            }
            Self::NotAcceptable => (StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE"),
            Self::UnsupportedMediaType(_) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE")
            }
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE"),
            Self::Late => (StatusCode::REQUEST_TIMEOUT, "TIMEOUT"),
            Self::Throttled(_) => (StatusCode::TOO_MANY_REQUESTS, "THROTTLED"),
            Self::Malformed(_) | Self::Refused(_) => (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
            Self::Invalid(_) | Self::Shaped { .. } => (StatusCode::BAD_REQUEST, "INVALID"),
            Self::Query(fault) => (StatusCode::BAD_REQUEST, fault.code),
            Self::Unprocessable(_) => (StatusCode::UNPROCESSABLE_ENTITY, "UNPROCESSABLE"),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"),
            Self::Full => (StatusCode::INSUFFICIENT_STORAGE, "INSUFFICIENT_STORAGE"),
            Self::NotImplemented(_) => (StatusCode::NOT_IMPLEMENTED, "NOT_IMPLEMENTED"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL"),
        }
    }

    /// The `WWW-Authenticate` header of a 401 (RFC 6750 section 3).
    pub fn challenge(&self) -> Option<&'static str> {
        match self {
            Self::Unauthenticated(None) | Self::WrongPassword => Some("Bearer realm=\"api\""),
            Self::Unauthenticated(Some(TokenProblem::Invalid)) => Some(
                "Bearer realm=\"api\",error=\"invalid_token\",\
                 error_description=\"The access token is invalid.\"",
            ),
            Self::Unauthenticated(Some(TokenProblem::Expired)) => Some(
                "Bearer realm=\"api\",error=\"invalid_token\",\
                 error_description=\"The access token has expired.\"",
            ),
            Self::Unauthenticated(Some(TokenProblem::UnverifiedEmail)) => Some(
                "Bearer realm=\"api\",error=\"unverified_email\",\
                 error_description=\"The e-mail address is not confirmed.\"",
            ),
            _ => None,
        }
    }

    /// What GraphQL tells: where REST has the words of the original, what to do.
    pub fn sentence(&self) -> String {
        match self {
            Self::OutOfScope(scope) => format!(
                "This needs the scope `{}`, which your credentials do not have.",
                scope.word()
            ),
            Self::Unauthenticated(Some(TokenProblem::Invalid)) => {
                "The access token is not valid. Sign in again.".to_owned()
            }
            Self::Unauthenticated(Some(TokenProblem::Expired)) => {
                "The access token has expired. Refresh it, or sign in again.".to_owned()
            }
            Self::Invalid(fields) => {
                let mut all = fields.iter();
                let first =
                    all.find_map(|(name, complaints)| Some((name.as_str(), complaints.first()?)));
                match first {
                    Some(("non_field_errors", complaint)) => complaint.clone(),
                    Some((name, complaint)) => format!("`{}`: {complaint}", camel(name)),
                    None => self.to_string(),
                }
            }
            error => error.to_string(),
        }
    }

    /// Writes an internal error's chain of causes to the log; the others are the caller's business.
    pub fn log(&self) {
        if let Self::Internal(cause) = self {
            tracing::error!(error = %Chain(&**cause), "internal error");
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => Self::NotFound,
            error if is_full(&error) => Self::full(&error),
            error if will_pass(&error) => {
                tracing::warn!(%error, "the database cannot answer");
                Self::Unavailable(
                    "The database is busy or unavailable. Try again in a moment.".to_owned(),
                )
            }
            error => Self::internal(error),
        }
    }
}

/// Whether the database cannot write for lack of space.
fn is_full(error: &sqlx::Error) -> bool {
    /// `SQLITE_FULL`, and PostgreSQL's `disk_full`.
    const CODES: [&str; 2] = ["13", "53100"];
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| CODES.contains(&&*code))
}

/// Whether the database is only busy, or away for a moment: the same request may succeed later.
fn will_pass(error: &sqlx::Error) -> bool {
    /// PostgreSQL: the connection is gone, too many of them, the statement took too long, the server
    /// stops or starts, two transactions waited for each other, what a row refers to was deleted meanwhile.
    const POSTGRES: [&str; 13] = [
        "23503", "40001", "40P01", "08000", "08001", "08003", "08004", "08006", "53300", "57014",
        "57P01", "57P02", "57P03",
    ];
    /// SQLite: another process writes (`SQLITE_BUSY`), and what goes with it; what a row refers to is gone.
    const SQLITE: [&str; 4] = ["5", "261", "517", "787"];
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => true,
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| POSTGRES.contains(&&*code) || SQLITE.contains(&&*code)),
        _ => false,
    }
}

/// What cannot be encoded for the database or as JSON is the program's mistake.
impl From<Cause> for Error {
    fn from(cause: Cause) -> Self {
        Self::internal(cause)
    }
}

/// Seconds to wait after a 503.
pub const RETRY_AFTER: u32 = 1;

impl ResponseError for Error {
    fn status(&self) -> StatusCode {
        self.kind().0
    }

    fn as_response(&self) -> Response {
        self.log();
        let body = match self {
            Self::Invalid(fields) => nested(fields),
            Self::Shaped { body, .. } => (**body).clone(),
            Self::Missing(sentence) => json!(sentence),
            error => json!({ "detail": error.to_string() }),
        };
        let mut response = Response::builder()
            .status(self.status())
            .content_type("application/json")
            .body(body.to_string());
        if let Some(challenge) = self.challenge() {
            let header = poem::http::HeaderValue::from_static(challenge);
            response.headers_mut().insert("www-authenticate", header);
        }
        let wait = match self {
            Self::Unavailable(_) => Some(RETRY_AFTER.into()),
            Self::Throttled(seconds) => Some(*seconds),
            _ => None,
        };
        if let Some(wait) = wait {
            response.headers_mut().insert("retry-after", wait.into());
        }
        response
    }
}

/// Complaints by field; those of `tags.1` are told within `tags` (contract section 5).
fn nested(fields: &IndexMap<String, Vec<String>>) -> serde_json::Value {
    let mut body = serde_json::Map::new();
    for (place, complaints) in fields {
        match place.split_once('.') {
            None => body.insert(place.clone(), json!(complaints)),
            Some((list, index)) => {
                let list = body.entry(list).or_insert_with(|| json!({}));
                list[index] = json!(complaints);
                None
            }
        };
    }
    body.into()
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.as_response()
    }
}

impl From<Error> for async_graphql::Error {
    fn from(error: Error) -> Self {
        error.log();
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", error.kind().1);
        match &error {
            Error::Invalid(fields) => {
                let fields = fields.iter().map(|(name, complaints)| {
                    let list = complaints.iter().map(|text| text.as_str().into()).collect();
                    (
                        async_graphql::Name::new(camel(name)),
                        async_graphql::Value::List(list),
                    )
                });
                extensions.set("fields", async_graphql::Value::Object(fields.collect()));
            }
            Error::OutOfScope(scope) => extensions.set("requiredScope", scope.word()),
            Error::Query(fault) => extensions = fault.extensions(),
            Error::Throttled(seconds) => extensions.set("retryAfter", *seconds),
            _ => {}
        }
        Self {
            extensions: Some(extensions),
            ..Self::new(error.sentence())
        }
    }
}

/// A field's name as GraphQL writes it: `release_date` is `releaseDate`.
fn camel(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    let mut is_first = false;
    for char in name.chars() {
        match char {
            '_' => is_first = true,
            char if std::mem::take(&mut is_first) => camel.extend(char.to_uppercase()),
            char => camel.push(char),
        }
    }
    camel
}
