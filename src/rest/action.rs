//! Acting on several objects at once: which ones, and what was done.
use poem_openapi::{Object, types::Any};
use serde::Serialize;
use serde_json::{Map, Value};

use super::params::{Pairs, Parameters, Params};
use crate::error::{Error, Result};

/// What to do with which objects.
#[derive(Debug, Object)]
pub struct ActionRequest {
    /// What to do; the operation names what there is.
    pub action: String,
    /// The objects, by their UUIDs or numeric IDs, or `"all"`: all of your own that match `filters`.
    objects: Any<Value>,
    /// Filters for `"all"`, as in the list of the objects.
    filters: Option<Any<Value>>,
}

/// What was done.
#[derive(Debug, Serialize, Object)]
pub struct ActionBody {
    /// Number of objects that were acted on.
    updated: u64,
    /// The action.
    action: String,
    /// What came of it, where that is a number.
    result: Option<u64>,
}

impl ActionBody {
    pub fn new(action: &'static str, updated: u64, result: Option<u64>) -> Self {
        Self {
            updated,
            action: action.to_owned(),
            result,
        }
    }
}

/// Objects that a request names.
pub enum Objects<F> {
    These(Vec<Value>),
    All(Box<F>),
}

impl ActionRequest {
    /// The action that is named, of those that there are.
    ///
    /// # Errors
    /// `Invalid` for another name.
    pub fn chosen<A: Copy>(&self, actions: &[(&'static str, A)]) -> Result<A> {
        let found = actions.iter().find(|(name, _)| *name == self.action);
        found.map(|(_, action)| *action).ok_or_else(|| {
            let names: Vec<&str> = actions.iter().map(|(name, _)| *name).collect();
            let complaint = format!(
                "{} is not a valid action. Pick one of {}.",
                self.action,
                names.join(", ")
            );
            Error::field("action", complaint)
        })
    }

    /// # Errors
    /// `Invalid` if they are named in another way, or for filters that are not valid.
    pub fn objects<F: Params>(&self) -> Result<Objects<F>> {
        match &self.objects.0 {
            Value::String(all) if all == "all" => Ok(Objects::All(Box::new(self.filter()?))),
            Value::Array(objects) => Ok(Objects::These(objects.clone())),
            _ => Err(Error::field(
                "objects",
                "Expected \"all\" or a list of IDs.",
            )),
        }
    }

    fn filter<F: Params>(&self) -> Result<F> {
        let none = Map::new();
        let filters = match self.filters.as_ref().map(|filters| &filters.0) {
            None | Some(Value::Null) => &none,
            Some(Value::Object(filters)) => filters,
            Some(_) => return Err(Error::field("filters", "Expected a JSON object.")),
        };
        let plain = |value: &Value| match value {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        let pairs = filters.iter().flat_map(|(name, value)| match value {
            Value::Array(values) => values
                .iter()
                .map(|value| (name.clone(), plain(value)))
                .collect(),
            value => vec![(name.clone(), plain(value))],
        });
        Ok(Parameters::of(&Pairs::of(pairs.collect())?)?.0)
    }
}
