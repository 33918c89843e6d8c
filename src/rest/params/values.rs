//! The types of query parameters.
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use uuid::Uuid;

use crate::{
    graphql::input::Defaulted,
    time::{Date, Timestamp},
};

/// The type of a filter field.
pub trait Param: Default {
    fn schema() -> MetaSchema;
    fn read(values: &[&str]) -> Result<Self, String>;
}

/// The type of a single parameter value.
pub trait Scalar: Sized {
    fn schema() -> MetaSchema;
    /// `None`: the value is ignored.
    fn read(value: &str) -> Result<Option<Self>, String>;
}

impl<T: Scalar> Param for Option<T> {
    fn schema() -> MetaSchema {
        T::schema()
    }

    fn read(values: &[&str]) -> Result<Self, String> {
        values.last().map_or(Ok(None), |value| T::read(value))
    }
}

/// Several values; without any, no condition.
impl<T: Scalar> Param for Option<Vec<T>> {
    fn schema() -> MetaSchema {
        Defaulted::<Vec<T>>::schema()
    }

    fn read(values: &[&str]) -> Result<Self, String> {
        let Defaulted(read) = Defaulted::<Vec<T>>::read(values)?;
        Ok(Some(read).filter(|read| !read.is_empty()))
    }
}

impl<T: Scalar> Param for Defaulted<Vec<T>> {
    fn schema() -> MetaSchema {
        let mut schema = MetaSchema::new("array");
        schema.items = Some(Box::new(MetaSchemaRef::Inline(Box::new(T::schema()))));
        schema
    }

    fn read(values: &[&str]) -> Result<Self, String> {
        values
            .iter()
            .filter_map(|value| T::read(value).transpose())
            .collect::<Result<_, _>>()
            .map(Defaulted)
    }
}

impl Scalar for String {
    fn schema() -> MetaSchema {
        MetaSchema::new("string")
    }

    fn read(value: &str) -> Result<Option<Self>, String> {
        Ok(Some(value.to_owned()))
    }
}

impl Scalar for bool {
    fn schema() -> MetaSchema {
        MetaSchema::new("boolean")
    }

    /// Other values are ignored (contract section 7).
    fn read(value: &str) -> Result<Option<Self>, String> {
        Ok(match value {
            "true" | "True" => Some(true),
            "false" | "False" => Some(false),
            _ => None,
        })
    }
}

impl Scalar for i64 {
    fn schema() -> MetaSchema {
        MetaSchema::new_with_format("integer", "int64")
    }

    fn read(value: &str) -> Result<Option<Self>, String> {
        value
            .trim()
            .parse()
            .map(Some)
            .map_err(|_| "Enter a number.".to_owned())
    }
}

/// A value that is written as text in a form of its own.
macro_rules! written {
    ($type:ty as $format:literal, $complaint:literal) => {
        impl Scalar for $type {
            fn schema() -> MetaSchema {
                MetaSchema::new_with_format("string", $format)
            }

            fn read(value: &str) -> Result<Option<Self>, String> {
                value.parse().map(Some).map_err(|_| $complaint.to_owned())
            }
        }
    };
}

written!(Uuid as "uuid", "Enter a valid UUID.");
written!(Date as "date", "Enter a date such as 2022-01-31.");
written!(Timestamp as "date-time", "Enter a time such as 2022-01-31T12:00:00Z.");
