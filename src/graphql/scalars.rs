//! Scalars beside those of GraphQL itself.
use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

/// A whole number that may need more than 32 bits, such as a size in bytes; a JSON number.
#[derive(Clone, Copy, Debug)]
pub struct BigInt(pub i64);

/// A whole number that may need more than 32 bits, such as a size in bytes; a JSON number.
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
