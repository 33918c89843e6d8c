//! Why the program cannot start, and errors with their causes in one line.
use std::fmt;

use super::Error;

/// Why the program cannot start or a command cannot finish: one line for a person.
#[derive(Debug)]
pub struct Startup(String);

impl Startup {
    pub fn new(line: impl Into<String>) -> Self {
        Self(line.into())
    }

    pub fn caused(line: impl fmt::Display, cause: impl std::error::Error) -> Self {
        Self(format!("{line} ({})", Chain(&cause)))
    }
}

impl fmt::Display for Startup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Startup {}

impl From<Error> for Startup {
    fn from(error: Error) -> Self {
        match error {
            Error::Internal(cause) => Self(Chain(&*cause).to_string()),
            error => Self(error.to_string()),
        }
    }
}

/// An error and its causes in one line.
pub(super) struct Chain<'a>(pub(super) &'a dyn std::error::Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = self.0.to_string();
        f.write_str(&told)?;
        let mut source = self.0.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if !told.contains(&text) {
                write!(f, ": {text}")?;
            }
            told = text;
            source = cause.source();
        }
        Ok(())
    }
}
