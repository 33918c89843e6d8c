use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sqlx::{Arguments, postgres::PgArguments, sqlite::SqliteArguments, types::Json};
use uuid::Uuid;

use crate::time::Timestamp;

/// A value bound to a statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    Int(Option<i64>),
    Real(Option<f64>),
    Text(Option<String>),
    Bool(Option<bool>),
    Time(Option<Timestamp>),
    Date(Option<NaiveDate>),
    Uuid(Option<Uuid>),
    Json(Option<serde_json::Value>),
    Bytes(Option<Vec<u8>>),
    /// The list behind `in ?*`.
    Ints(Vec<i64>),
    /// The list behind `in ?*`.
    Texts(Vec<String>),
}

impl Value {
    pub fn has_null_character(&self) -> bool {
        match self {
            Self::Text(Some(text)) => text.contains('\0'),
            Self::Texts(texts) => texts.iter().any(|text| text.contains('\0')),
            Self::Json(Some(json)) => json_has_null_character(json),
            _ => false,
        }
    }

    /// Bytes owned on the heap, for the types of sort keys.
    pub fn heap(&self) -> usize {
        match self {
            Self::Text(Some(text)) => text.capacity(),
            _ => 0,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(
            self,
            Self::Int(None)
                | Self::Real(None)
                | Self::Text(None)
                | Self::Bool(None)
                | Self::Time(None)
                | Self::Date(None)
                | Self::Uuid(None)
                | Self::Json(None)
                | Self::Bytes(None)
        )
    }
}

fn json_has_null_character(json: &serde_json::Value) -> bool {
    use serde_json::Value as Json;
    match json {
        Json::String(text) => text.contains('\0'),
        Json::Array(items) => items.iter().any(json_has_null_character),
        Json::Object(fields) => fields
            .iter()
            .any(|(name, value)| name.contains('\0') || json_has_null_character(value)),
        _ => false,
    }
}

macro_rules! from {
    ($($type:ty => $variant:ident;)*) => { $(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(Some(value))
            }
        }
        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value)
            }
        }
    )* };
}

from! {
    i64 => Int;
    f64 => Real;
    String => Text;
    bool => Bool;
    Timestamp => Time;
    NaiveDate => Date;
    Uuid => Uuid;
    serde_json::Value => Json;
    Vec<u8> => Bytes;
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<Vec<i64>> for Value {
    fn from(list: Vec<i64>) -> Self {
        Self::Ints(list)
    }
}

impl From<Vec<String>> for Value {
    fn from(list: Vec<String>) -> Self {
        Self::Texts(list)
    }
}

type Encoded<A> = Result<A, sqlx::error::BoxDynError>;

/// Encodes values: lists differ between the databases, all other variants do not.
macro_rules! encode {
    ($values:expr, $arguments:ty, $list:ident => $encoded:expr) => {{
        let mut arguments = <$arguments>::default();
        for value in $values {
            match value {
                Value::Int(value) => arguments.add(value)?,
                Value::Real(value) => arguments.add(value)?,
                Value::Text(value) => arguments.add(value)?,
                Value::Bool(value) => arguments.add(value)?,
                Value::Time(value) => arguments.add(value)?,
                Value::Date(value) => arguments.add(value)?,
                Value::Uuid(value) => arguments.add(value)?,
                Value::Json(value) => arguments.add(value.map(Json))?,
                Value::Bytes(value) => arguments.add(value)?,
                Value::Ints($list) => arguments.add($encoded)?,
                Value::Texts($list) => arguments.add($encoded)?,
            }
        }
        Ok(arguments)
    }};
}

pub fn sqlite_arguments(values: Vec<Value>) -> Encoded<SqliteArguments> {
    encode!(values, SqliteArguments, list => serde_json::to_string(&list)?)
}

pub fn postgres_arguments(values: Vec<Value>) -> Encoded<PgArguments> {
    encode!(values, PgArguments, list => list)
}
