//! Refusals and failures, with Subsonic's codes.
use poem::{error::ResponseError, http::StatusCode};
use serde::Serialize;

use crate::error::{Error, RETRY_AFTER, TokenProblem};

pub type Told<T> = Result<T, Refusal>;

/// Subsonic's codes of errors, and those that OpenSubsonic added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    Generic = 0,
    MissingParameter = 10,
    WrongCredentials = 40,
    NoSaltedTokens = 41,
    SeveralMechanisms = 43,
    InvalidKey = 44,
    NotAuthorized = 50,
    NotFound = 70,
}

/// An error as a player is told it. Most have the status 200, because players read no body otherwise.
#[derive(Debug)]
pub struct Refusal {
    pub code: Code,
    pub message: String,
    pub status: StatusCode,
    /// Seconds after which it may be tried again.
    pub retry_after: Option<u64>,
}

/// The element `error` of an answer.
#[derive(Serialize)]
pub struct Body<'a> {
    code: u16,
    message: &'a str,
}

impl Refusal {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            status: StatusCode::OK,
            retry_after: None,
        }
    }

    pub fn generic(message: impl Into<String>) -> Self {
        Self::new(Code::Generic, message)
    }

    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// A parameter that is needed.
    pub fn parameter(name: &str) -> Self {
        let message = format!("required parameter '{name}' not present");
        Self::new(Code::MissingParameter, message)
    }

    pub fn missing(what: &str) -> Self {
        Self::new(Code::NotFound, format!("{what} not found"))
    }

    pub fn wrong_credentials() -> Self {
        Self::new(Code::WrongCredentials, "Wrong username or password.")
    }

    pub fn body(&self) -> Body<'_> {
        Body {
            code: self.code as u16,
            message: &self.message,
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        error.log();
        let code = match &error {
            Error::Unauthenticated(Some(TokenProblem::Invalid | TokenProblem::Expired)) => {
                Code::InvalidKey
            }
            Error::Unauthenticated(_) | Error::WrongPassword => Code::WrongCredentials,
            Error::Forbidden | Error::OutOfScope(_) | Error::Denied(_) => Code::NotAuthorized,
            Error::NotFound | Error::Missing(_) | Error::InvalidPage => Code::NotFound,
            _ => Code::Generic,
        };
        let status = match &error {
            Error::Throttled(_) | Error::Unavailable(_) | Error::Internal(_) | Error::Full => {
                error.status()
            }
            _ => StatusCode::OK,
        };
        let retry_after = match error {
            Error::Throttled(wait) => Some(wait),
            Error::Unavailable(_) => Some(RETRY_AFTER.into()),
            _ => None,
        };
        Self {
            code,
            message: error.sentence(),
            status,
            retry_after,
        }
    }
}
