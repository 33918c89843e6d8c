//! Optional inputs with a default.
use std::{borrow::Cow, ops::Deref};

use async_graphql::{InputType, InputValueError, InputValueResult, Value, registry::Registry};

/// Finds what a filter and its alternatives match.
macro_rules! listed {
    ($listing:path, $reader:expr, $filter:expr, $order:expr) => {{
        let filter = $filter;
        let listing = $listing($reader, filter, $order).await?;
        let alternatives = match $crate::rest::params::Alternatives::alternatives(filter)? {
            None => None,
            Some(filters) => {
                let mut found = Vec::with_capacity(filters.len());
                for filter in &filters {
                    found.push($listing($reader, filter, &[]).await?);
                }
                Some(found)
            }
        };
        listing.any_of(alternatives)
    }};
}
pub(crate) use listed;

/// A nullable input. Omitted and null both mean the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Defaulted<T>(pub T);

impl<T> From<T> for Defaulted<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for Defaulted<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: InputType + Default> InputType for Defaulted<T> {
    type RawValueType = T::RawValueType;

    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn qualified_type_name() -> String {
        Self::type_name().into_owned()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry);
        Self::qualified_type_name()
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        match value.unwrap_or_default() {
            Value::Null => Ok(Self::default()),
            value => {
                let parsed = T::parse(Some(value)).map_err(InputValueError::propagate)?;
                Ok(Self(parsed))
            }
        }
    }

    fn to_value(&self) -> Value {
        self.0.to_value()
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        self.0.as_raw_value()
    }
}
