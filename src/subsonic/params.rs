//! What a request says: its query and, with POST, its form.
use std::str::FromStr;

use poem::{Request, http::Method};
use url::form_urlencoded;

use super::{
    ids::Kind,
    refusal::{Refusal, Told},
};
use crate::{
    rest::{form, params::Pairs},
    time::{Timestamp, is_common},
};

/// The parameters of a request.
pub struct Params(Pairs);

/// A parameter of a query that may not be valid as a whole.
pub fn in_query(request: &Request, name: &str) -> Option<String> {
    let query = request.uri().query().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let found = pairs.find(|(key, _)| key == name);
    found.map(|(_, value)| value.into_owned())
}

impl Params {
    /// Reads the query, and with POST the form, which may repeat it.
    pub async fn of(request: &Request, body: &mut poem::RequestBody) -> Told<Self> {
        let query = Pairs::parse(request.uri().query().unwrap_or_default())?;
        match *request.method() {
            Method::POST => {
                let form = form::fields(request, body).await?;
                Ok(Self(query.followed_by(form)))
            }
            _ => Ok(Self(query)),
        }
    }

    /// A parameter that is given and not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.last(name).filter(|value| !value.is_empty())
    }

    /// A parameter that is given, even if it is empty.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.0.last(name)
    }

    pub fn required(&self, name: &str) -> Told<&str> {
        self.text(name).ok_or_else(|| Refusal::parameter(name))
    }

    /// All values of a parameter, in their order.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.all(name)
    }

    pub fn parsed<T: FromStr>(&self, name: &str) -> Told<Option<T>> {
        let read = |text: &str| {
            let number = text.trim().parse();
            number.map_err(|_| Refusal::generic(format!("'{name}': For input string \"{text}\"")))
        };
        self.text(name).map(read).transpose()
    }

    /// A number of rows; more than the most are the most, less than none are none.
    pub fn count(&self, name: &str, usual: i64, most: i64) -> Told<i64> {
        Ok(self.parsed(name)?.unwrap_or(usual).clamp(0, most))
    }

    /// Where a part of a list begins.
    pub fn offset(&self, name: &str) -> Told<i64> {
        Ok(self.parsed(name)?.unwrap_or(0).max(0))
    }

    pub fn flag(&self, name: &str) -> Option<bool> {
        self.text(name)
            .map(|value| matches!(value, "true" | "True" | "1"))
    }

    /// A time in milliseconds since 1970.
    pub fn time(name: &str, text: &str) -> Told<Timestamp> {
        let millis = text.parse().ok();
        let time = millis.and_then(Timestamp::from_unix_millis);
        let time = time.filter(|time| is_common(time.0.date_naive()));
        time.ok_or_else(|| Refusal::generic(format!("'{name}': For input string \"{text}\"")))
    }

    /// The number in the ID of a thing of a kind.
    pub fn id(&self, name: &str, kind: Kind) -> Told<i64> {
        kind.number(self.required(name)?)
    }

    /// The numbers in all IDs of a parameter.
    pub fn ids(&self, name: &str, kind: Kind) -> Told<Vec<i64>> {
        let ids = self.all(name);
        ids.into_iter().map(|id| kind.number(id)).collect()
    }
}
