//! The decoded parameters of a request.
use crate::error::{Error, Result};

/// The decoded query string of a request.
#[derive(Clone, Debug, Default)]
pub struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Decodes a query string. Invalid UTF-8 and NUL characters are refused.
    pub fn parse(query: &str) -> Result<Self> {
        let decode = |text: &str| {
            let spaced = text.replace('+', " ");
            let decoded = percent_encoding::percent_decode_str(&spaced).decode_utf8();
            decoded
                .map(|text| text.into_owned())
                .map_err(|_| Error::Refused("The query string is not valid UTF-8.".to_owned()))
        };
        let pairs = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                let value = decode(value)?;
                if value.contains('\0') {
                    return Err(Error::field(
                        decode(name)?,
                        "Null characters are not allowed.",
                    ));
                }
                Ok((decode(name)?, value))
            });
        Ok(Self(pairs.collect::<Result<_>>()?))
    }

    /// Pairs that were decoded otherwise; NUL characters are refused.
    pub fn of(pairs: Vec<(String, String)>) -> Result<Self> {
        match pairs.iter().find(|(_, value)| value.contains('\0')) {
            Some((name, _)) => Err(Error::field(name, "Null characters are not allowed.")),
            None => Ok(Self(pairs)),
        }
    }

    /// The pairs of two sources, one after the other.
    pub fn followed_by(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// All values of a parameter that are not empty.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let named = self
            .0
            .iter()
            .filter(|(key, value)| key == name && !value.is_empty());
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// The last value of a parameter, which is the one that Django uses.
    pub fn last(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The name of a parameter that is given more than once.
    pub fn repeated(&self) -> Option<&str> {
        let mut names: Vec<&str> = self.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names
            .windows(2)
            .find(|pair| pair[0] == pair[1])
            .map(|pair| pair[0])
    }

    /// Whether a checkbox of a form is checked.
    pub fn is_on(&self, name: &str) -> bool {
        self.last(name)
            .is_some_and(|value| matches!(value, "true" | "True" | "on" | "1"))
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}
