use std::{collections::BTreeMap, str::FromStr};

/// A number of requests per unit of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    pub limit: u32,
    pub unit: Unit,
    /// The rate as configured: `1000/day`.
    pub text: String,
}

/// The length of a rate's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Second,
    Minute,
    Hour,
    Day,
}

impl Unit {
    pub fn seconds(self) -> u32 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3600,
            Self::Day => 86_400,
        }
    }
}

impl Rate {
    /// The length of the window in milliseconds.
    pub fn millis(&self) -> u64 {
        u64::from(self.unit.seconds()) * 1000
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a rate such as 100/h; units are s, m, h and d");
        let (limit, unit) = text.split_once('/').ok_or_else(wrong)?;
        let unit = match unit.chars().next() {
            Some('s') => Unit::Second,
            Some('m') => Unit::Minute,
            Some('h') => Unit::Hour,
            Some('d') => Unit::Day,
            _ => return Err(wrong()),
        };
        let limit = limit
            .parse()
            .ok()
            .filter(|limit| *limit > 0)
            .ok_or_else(wrong)?;
        Ok(Self {
            limit,
            unit,
            text: text.to_owned(),
        })
    }
}

/// Every scope with its default rate and description.
const DEFAULTS: &[(&str, &str, &str)] = &[
    ("anonymous-create", "1000/day", "Anonymous POST requests"),
    (
        "anonymous-destroy",
        "1000/day",
        "Anonymous DELETE requests on resource detail",
    ),
    (
        "anonymous-list",
        "10000/day",
        "Anonymous GET requests on resource lists",
    ),
    (
        "anonymous-oauth-app",
        "10/day",
        "Anonymous OAuth app creation",
    ),
    ("anonymous-reports", "10/day", "Anonymous report submission"),
    (
        "anonymous-retrieve",
        "10000/day",
        "Anonymous GET requests on resource detail",
    ),
    (
        "anonymous-update",
        "1000/day",
        "Anonymous PATCH and PUT requests on resource detail",
    ),
    (
        "anonymous-wildcard",
        "1000/h",
        "Anonymous requests not covered by other limits",
    ),
    (
        "authenticated-create",
        "1000/hour",
        "Authenticated POST requests",
    ),
    (
        "authenticated-destroy",
        "500/hour",
        "Authenticated DELETE requests on resource detail",
    ),
    (
        "authenticated-list",
        "10000/hour",
        "Authenticated GET requests on resource lists",
    ),
    (
        "authenticated-oauth-app",
        "10/hour",
        "Authenticated OAuth app creation",
    ),
    (
        "authenticated-reports",
        "100/day",
        "Authenticated report submission",
    ),
    (
        "authenticated-retrieve",
        "10000/hour",
        "Authenticated GET requests on resource detail",
    ),
    (
        "authenticated-update",
        "1000/hour",
        "Authenticated PATCH and PUT requests on resource detail",
    ),
    (
        "authenticated-wildcard",
        "2000/h",
        "Authenticated requests not covered by other limits",
    ),
    ("fetch", "200/d", "Fetch remote objects"),
    ("login", "30/hour", "Login"),
    ("oauth-authorize", "100/hour", "OAuth app authorization"),
    ("oauth-revoke-token", "100/hour", "OAuth token deletion"),
    ("oauth-token", "100/hour", "OAuth token creation"),
    (
        "password-change",
        "20/h",
        "Password change (when authenticated)",
    ),
    ("password-reset", "20/h", "Password reset request"),
    (
        "password-reset-confirm",
        "20/h",
        "Password reset confirmation",
    ),
    ("signup", "10/day", "Account creation"),
    ("subsonic", "2000/hour", "All subsonic API requests"),
    ("verify-email", "20/h", "Email address confirmation"),
];

/// The rate of every scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rates(BTreeMap<&'static str, Rate>);

impl Default for Rates {
    fn default() -> Self {
        let parse = |text: &str| text.parse().expect("the defaults are rates");
        Self(
            DEFAULTS
                .iter()
                .map(|(scope, rate, _)| (*scope, parse(rate)))
                .collect(),
        )
    }
}

impl Rates {
    pub fn get(&self, scope: &str) -> Option<&Rate> {
        self.0.get(scope)
    }

    /// Every scope with its rate and description, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Rate, &'static str)> {
        DEFAULTS
            .iter()
            .filter_map(|(scope, _, about)| Some((*scope, self.0.get(scope)?, *about)))
    }
}

impl FromStr for Rates {
    type Err = String;

    /// Parses `scope=N/unit,scope=N/unit`; other scopes keep their defaults.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut rates = Self::default();
        for entry in text
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
        {
            let (scope, rate) = entry
                .split_once('=')
                .ok_or_else(|| format!("{entry:?} is not of the form scope=100/h"))?;
            let known = rates.0.get_mut(scope.trim()).ok_or_else(|| {
                let names: Vec<_> = DEFAULTS.iter().map(|(scope, ..)| *scope).collect();
                format!(
                    "{scope:?} is not a throttling scope; they are {}",
                    names.join(", ")
                )
            })?;
            *known = rate.trim().parse()?;
        }
        Ok(rates)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_scopes_change_and_the_others_keep_their_defaults() {
        let rates: Rates = "login=2/h, anonymous-list=2/minute".parse().unwrap();
        let list = rates.get("anonymous-list").unwrap();
        assert_eq!((list.limit, list.unit.seconds()), (2, 60));
        assert_eq!(rates.get("signup").unwrap().text, "10/day");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, complaint) in [
            ("nope=2/h", "\"nope\" is not a throttling scope"),
            ("login=2/x", "\"2/x\" is not a rate"),
            ("login=0/h", "\"0/h\" is not a rate"),
            ("login", "\"login\" is not of the form"),
        ] {
            let error = text.parse::<Rates>().unwrap_err();
            assert!(error.starts_with(complaint), "{error}");
        }
    }
}
