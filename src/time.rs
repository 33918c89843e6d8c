//! Instants and days as the API writes them, and the clock they come from.
use std::{borrow::Cow, fmt, sync::Arc};

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, SubsecRound, TimeDelta, Utc};
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde::{Deserialize, Serialize, Serializer};

/// An instant in UTC, to the microsecond: `2022-01-01T00:00:00Z`, `2022-01-01T05:50:00.023757Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, sqlx::Type)]
#[sqlx(transparent)]
pub struct Timestamp(pub DateTime<Utc>);

impl Timestamp {
    pub fn from_unix(seconds: i64) -> Option<Self> {
        DateTime::from_timestamp(seconds, 0).map(Self)
    }

    pub fn from_unix_millis(millis: i64) -> Option<Self> {
        DateTime::from_timestamp_millis(millis).map(Self)
    }

    pub fn unix(self) -> i64 {
        self.0.timestamp()
    }

    pub fn unix_millis(self) -> i64 {
        self.0.timestamp_millis()
    }

    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0 + TimeDelta::seconds(seconds))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = match self.0.timestamp_subsec_micros() {
            0 => SecondsFormat::Secs,
            _ => SecondsFormat::Micros,
        };
        f.write_str(&self.0.to_rfc3339_opts(format, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl std::str::FromStr for Timestamp {
    type Err = chrono::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time = DateTime::parse_from_rfc3339(text)?;
        Ok(Self(time.with_timezone(&Utc).trunc_subsecs(6)))
    }
}

/// An instant in UTC, to the microsecond, in the form of ISO 8601: `2022-01-01T05:50:00.023757Z`.
#[Scalar(
    name = "DateTime",
    specified_by_url = "https://scalars.graphql.org/andimarek/date-time"
)]
impl ScalarType for Timestamp {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(text.parse()?),
            value => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

/// A day: `2022-01-31`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type,
)]
#[sqlx(transparent)]
#[serde(transparent)]
pub struct Date(pub NaiveDate);

/// Whether a day has a year of four digits: what both databases and ISO 8601 agree on.
pub fn is_common(date: NaiveDate) -> bool {
    (1..=9999).contains(&date.year())
}

impl std::str::FromStr for Date {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let date: Option<NaiveDate> = text.parse().ok();
        date.filter(|date| is_common(*date))
            .map(Self)
            .ok_or_else(|| format!("{text:?} is not a date such as 2022-01-31"))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A day of the calendar, in the form of ISO 8601: `2022-01-31`.
#[Scalar(name = "Date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(text.parse::<Self>()?),
            value => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

/// How a scalar that is text in JSON appears in the OpenAPI document.
macro_rules! openapi_text {
    ($type:ty, $name:literal, $format:literal, $example:literal, $text:ident => $parsed:expr) => {
        impl Type for $type {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                $name.into()
            }

            fn schema_ref() -> MetaSchemaRef {
                let mut schema = MetaSchema::new_with_format("string", $format);
                schema.example = Some($example.into());
                MetaSchemaRef::Inline(Box::new(schema))
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(self.as_raw_value().into_iter())
            }
        }

        impl ToJSON for $type {
            fn to_json(&self) -> Option<serde_json::Value> {
                Some(self.to_string().into())
            }
        }

        impl ParseFromJSON for $type {
            fn parse_from_json(value: Option<serde_json::Value>) -> ParseResult<Self> {
                let value = value.unwrap_or_default();
                match value.as_str() {
                    Some($text) => $parsed.map_err(ParseError::custom),
                    None => Err(ParseError::expected_type(value)),
                }
            }
        }
    };
}

openapi_text!(Timestamp, "string_date-time", "date-time", "2022-01-01T05:50:00.023757Z", text => text.parse());
openapi_text!(Date, "string_date", "date", "2022-01-31", text => text.parse());

/// Where the time comes from: the machine, or a test's hand.
#[derive(Clone)]
pub struct Clock {
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    is_machine: bool,
}

impl Clock {
    /// The machine's clock.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one home of the machine's clock"
    )]
    pub fn system() -> Self {
        Self {
            is_machine: true,
            ..Self::new(|| Timestamp(Utc::now().trunc_subsecs(6)))
        }
    }

    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self {
            now: Arc::new(now),
            is_machine: false,
        }
    }

    pub fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Whether it is the machine's, and not steered.
    pub fn is_machine(&self) -> bool {
        self.is_machine
    }
}
