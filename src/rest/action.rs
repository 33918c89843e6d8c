//! Acting on several objects at once: which ones, and what was done.
use poem_openapi::{Object, types::Any};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::params::{Docs, Pairs, Parameters, Params};
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::reference::{ById, Identified, numbers},
};

/// What to do with which objects.
#[derive(Debug, Object)]
pub struct ActionRequest {
    /// What to do; the operation names what there is.
    pub action: String,
    /// The objects, by their UUIDs, numeric IDs or names; or, where it is allowed, `"all"`: all that match `filters`.
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

/// The objects to act on.
pub enum Chosen<F> {
    Numbered(Vec<i64>),
    Named(Vec<Uuid>),
    /// By names of their own, such as those of tags.
    Called(Vec<String>),
    /// All that match.
    All(Box<F>),
}

/// Objects that are acted on at once, at most.
pub const MOST: usize = 5_000;

impl<F> Chosen<F> {
    /// Those of a GraphQL input, which gives either `ids` or `filter`.
    pub async fn of<T: Identified>(
        reader: &Reader,
        ids: Option<Vec<ById<T>>>,
        filter: Option<F>,
    ) -> Result<Self> {
        match (ids, filter) {
            (Some(ids), None) => Ok(Self::Numbered(numbers(reader, "ids", &ids).await?)),
            (None, Some(filter)) => Ok(Self::All(Box::new(filter))),
            _ => {
                let complaint = "Give either `ids` or `filter`.";
                Err(Error::field("non_field_errors", complaint))
            }
        }
    }

    /// # Errors
    /// `Invalid` if too many objects are named.
    pub fn bounded(self) -> Result<Self> {
        let count = match &self {
            Self::Numbered(ids) => ids.len(),
            Self::Named(uuids) => uuids.len(),
            Self::Called(names) => names.len(),
            Self::All(_) => 0,
        };
        match count <= MOST {
            true => Ok(self),
            false => Err(Error::field(
                "objects",
                format!("At most {MOST} values are allowed."),
            )),
        }
    }
}

/// What acting on no object is answered with.
pub fn nothing() -> Error {
    Error::field("non_field_errors", "No object matching your request")
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

    /// The objects, which are named by their numbers.
    ///
    /// # Errors
    /// `Invalid` if they are named in another way, or for filters that are not valid.
    pub fn numbered<F: Params + Docs>(&self) -> Result<Chosen<F>> {
        let number = |value: &Value| match value {
            Value::String(text) => text.parse().ok(),
            value => value.as_i64(),
        };
        let wrong = "Expected \"all\" or a list of numbers.";
        self.objects(
            |objects| objects.iter().map(number).collect(),
            Chosen::Numbered,
            wrong,
        )
    }

    /// The objects, which are named by their UUIDs.
    ///
    /// # Errors
    /// `Invalid` if they are named in another way, or for filters that are not valid.
    pub fn named<F: Params + Docs>(&self) -> Result<Chosen<F>> {
        let uuid = |value: &Value| value.as_str()?.parse().ok();
        let wrong = "Expected \"all\" or a list of UUIDs.";
        self.objects(
            |objects| objects.iter().map(uuid).collect(),
            Chosen::Named,
            wrong,
        )
    }

    /// The objects, which have names of their own.
    ///
    /// # Errors
    /// `Invalid` if they are named in another way, or for filters that are not valid.
    pub fn called<F: Params + Docs>(&self) -> Result<Chosen<F>> {
        let name = |value: &Value| value.as_str().map(str::to_owned);
        let wrong = "Expected \"all\" or a list of names.";
        self.objects(
            |objects| objects.iter().map(name).collect(),
            Chosen::Called,
            wrong,
        )
    }

    fn objects<F: Params + Docs, T>(
        &self,
        read: impl Fn(&[Value]) -> Option<Vec<T>>,
        these: impl Fn(Vec<T>) -> Chosen<F>,
        wrong: &'static str,
    ) -> Result<Chosen<F>> {
        let refused = || Error::field("objects", wrong);
        match &self.objects.0 {
            Value::String(all) if all == "all" => Ok(Chosen::All(Box::new(self.filter()?))),
            Value::Array(objects) => these(read(objects).ok_or_else(refused)?).bounded(),
            _ => Err(refused()),
        }
    }

    fn filter<F: Params + Docs>(&self) -> Result<F> {
        let none = Map::new();
        let filters = match self.filters.as_ref().map(|filters| &filters.0) {
            None | Some(Value::Null) => &none,
            Some(Value::Object(filters)) => filters,
            Some(_) => return Err(Error::field("filters", "Expected a JSON object.")),
        };
        // A filter that is not known would not narrow what is acted on.
        if let Some(unknown) = filters
            .keys()
            .find(|name| !F::docs().iter().any(|known| known.name == name.as_str()))
        {
            let complaint = format!("There is no filter `{unknown}`.");
            return Err(Error::field("filters", complaint));
        }
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
