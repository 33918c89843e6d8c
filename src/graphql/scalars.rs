//! Custom scalars.
use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use poem_openapi::{NewType, registry::MetaSchema};
use serde::Serialize;

use crate::rest::params;

/// A 64-bit integer, such as a size in bytes; serialized as a JSON number.
#[derive(Clone, Copy, Debug, Default, Serialize, NewType, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct BigInt(pub i64);

/// A 64-bit integer, such as a size in bytes; serialized as a JSON number.
#[Scalar(name = "BigInt")]
impl ScalarType for BigInt {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) if number.is_i64() => {
                Ok(Self(number.as_i64().unwrap_or_default()))
            }
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::Number(self.0.into())
    }
}

impl params::Scalar for BigInt {
    fn schema() -> MetaSchema {
        i64::schema()
    }

    fn read(value: &str) -> Result<Option<Self>, String> {
        Ok(i64::read(value)?.map(Self))
    }
}
