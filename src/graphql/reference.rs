//! References to objects in filters and inputs. REST takes a number or a UUID, whichever it is there;
//! GraphQL takes an `ID`: a global ID, a UUID or a number.
use std::{borrow::Cow, marker::PhantomData};

use async_graphql::{InputType, InputValueError, InputValueResult, Value, registry::Registry};
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::ids::{Key, Kind};
use crate::{
    context::Reader,
    error::{Error, Result},
    rest::params::{REFERENCE, Scalar},
    store::{Row, sql},
};

/// An object that can be referred to.
pub trait Identified: 'static {
    const KIND: Kind;
    const TABLE: &'static str;
}

/// Declares an object with a global ID: `identified!(Artist in "artists");`
macro_rules! identified {
    ($type:ident in $table:literal) => {
        impl $crate::graphql::reference::Identified for $type {
            const KIND: $crate::graphql::ids::Kind = $crate::graphql::ids::Kind::$type;
            const TABLE: &'static str = $table;
        }
    };
}
pub(crate) use identified;

/// A reference to a `T`, which REST writes as an `F`.
#[derive(Debug)]
pub struct Reference<T, F> {
    sent: Sent,
    of: PhantomData<fn() -> (T, F)>,
}

/// A reference to a `T`; a number in REST.
pub type ById<T> = Reference<T, i64>;
/// A reference to a `T`; a UUID in REST.
pub type ByUuid<T> = Reference<T, Uuid>;

#[derive(Clone, Debug)]
enum Sent {
    Key(Key),
    /// What is wrong with it. It is told where the field's name is known.
    Wrong(String),
}

impl<T, F> Clone for Reference<T, F> {
    fn clone(&self) -> Self {
        Self::of(self.sent.clone())
    }
}

impl<T, F> Reference<T, F> {
    fn of(sent: Sent) -> Self {
        Self {
            sent,
            of: PhantomData,
        }
    }

    /// The object with this key.
    pub fn keyed(key: Key) -> Self {
        Self::of(Sent::Key(key))
    }

    /// The key that was sent.
    ///
    /// # Errors
    /// `Invalid`, by the name of the field, if it was none of a `T`.
    pub fn key(&self, field: &str) -> Result<&Key> {
        match &self.sent {
            Sent::Key(key) => Ok(key),
            Sent::Wrong(complaint) => Err(Error::field(field, complaint.clone())),
        }
    }
}

impl<T, F> Reference<T, F> {
    /// Refuses a reference to an object that does not exist.
    pub fn unknown(&self, field: &str) -> Error {
        let name = match &self.sent {
            Sent::Key(Key::Id(id)) => id.to_string(),
            Sent::Key(Key::Uuid(uuid)) => uuid.to_string(),
            Sent::Wrong(_) => String::new(),
        };
        let complaint = format!("Invalid pk \"{name}\" - object does not exist.");
        Error::field(field, complaint)
    }
}

impl<T: Identified, F: Form> Reference<T, F> {
    /// The number or UUID of the object; that of no object if it does not exist.
    pub async fn resolve(&self, reader: &Reader, field: &str) -> Result<F> {
        let key = self.key(field)?;
        if let Some(form) = F::of(key) {
            return Ok(form);
        }
        let found = sql("select ")
            .then(F::COLUMN)
            .then(" from ")
            .then(T::TABLE)
            .then(" where ")
            .append(key.condition());
        let found: Option<F::Read> = found.optional(reader.db()).await?;
        Ok(found.map_or(F::NOBODY, F::read_from))
    }
}

/// How many UUIDs are looked for in one statement; SQLite takes a thousand conditions at most.
const UUIDS: usize = 500;

/// The numbers of several objects, with one statement for those that are not named by number.
pub async fn numbers<T: Identified>(
    reader: &Reader,
    field: &str,
    references: &[ById<T>],
) -> Result<Vec<i64>> {
    let (mut ids, mut uuids) = (Vec::new(), Vec::new());
    for reference in references {
        match reference.key(field)? {
            Key::Id(id) => ids.push(*id),
            Key::Uuid(uuid) => uuids.push(*uuid),
        }
    }
    for some in uuids.chunks(UUIDS) {
        let found = sql("select id from ")
            .then(T::TABLE)
            .then(" where ")
            .one_of("uuid", some);
        ids.extend(found.ids(reader.db()).await?);
        // The list stays one though none of them exists.
        ids.push(i64::NOBODY);
    }
    Ok(ids)
}

/// The number or UUID that an optional reference resolves to.
pub async fn resolved<T: Identified, F: Form>(
    reader: &Reader,
    field: &str,
    reference: Option<&Reference<T, F>>,
) -> Result<Option<F>> {
    match reference {
        Some(reference) => reference.resolve(reader, field).await.map(Some),
        None => Ok(None),
    }
}

/// The number or UUID of the object that an optional reference names. One that is named by another key must exist; one
/// that is named by this very key is not looked for.
pub async fn existing<T: Identified, F: Form + PartialEq>(
    reader: &Reader,
    field: &str,
    reference: Option<Reference<T, F>>,
) -> Result<Option<F>> {
    let found = resolved(reader, field, reference.as_ref()).await?;
    match reference {
        Some(reference) if found == Some(F::NOBODY) => Err(reference.unknown(field)),
        _ => Ok(found),
    }
}

/// How REST writes a reference.
pub trait Form: Scalar + Type + Copy + Into<Key> + Send + Sync + 'static {
    /// A row of the column.
    type Read: Row;
    const COLUMN: &'static str;
    /// What no object has.
    const NOBODY: Self;

    /// The form that a key has already.
    fn of(key: &Key) -> Option<Self>;
    fn read_from(row: Self::Read) -> Self;
}

impl Form for i64 {
    type Read = (i64,);
    const COLUMN: &'static str = "id";
    const NOBODY: Self = -1;

    fn of(key: &Key) -> Option<Self> {
        match key {
            Key::Id(id) => Some(*id),
            Key::Uuid(_) => None,
        }
    }

    fn read_from(row: (i64,)) -> Self {
        row.0
    }
}

impl Form for Uuid {
    type Read = (Uuid,);
    const COLUMN: &'static str = "uuid";
    const NOBODY: Self = Self::nil();

    fn of(key: &Key) -> Option<Self> {
        match key {
            Key::Uuid(uuid) => Some(*uuid),
            Key::Id(_) => None,
        }
    }

    fn read_from(row: (Uuid,)) -> Self {
        row.0
    }
}

impl<T, F: Into<Key>> From<F> for Reference<T, F> {
    fn from(form: F) -> Self {
        Self::of(Sent::Key(form.into()))
    }
}

impl<T: 'static, F: Scalar + Into<Key>> Scalar for Reference<T, F> {
    fn schema() -> MetaSchema {
        F::schema()
    }

    fn read(value: &str) -> Result<Option<Self>, String> {
        Ok(F::read(value)?.map(Self::from))
    }
}

impl<T: Identified, F: Send + Sync + 'static> InputType for Reference<T, F> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        async_graphql::ID::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        async_graphql::ID::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let sent = async_graphql::ID::parse(value).map_err(InputValueError::propagate)?;
        Ok(Self::of(match Key::read(T::KIND, &sent) {
            Ok(key) => Sent::Key(key),
            Err(complaint) => Sent::Wrong(complaint),
        }))
    }

    fn to_value(&self) -> Value {
        match &self.sent {
            Sent::Key(Key::Id(id)) => id.to_value(),
            Sent::Key(Key::Uuid(uuid)) => uuid.to_value(),
            Sent::Wrong(_) => Value::Null,
        }
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

impl<T: Send + Sync, F: Type> Type for Reference<T, F> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        F::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        match F::schema_ref() {
            MetaSchemaRef::Inline(schema) => {
                let title = Some(REFERENCE.to_owned());
                MetaSchemaRef::Inline(Box::new(MetaSchema { title, ..*schema }))
            }
            named => named,
        }
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl<T: Send + Sync, F: ParseFromJSON + Into<Key>> ParseFromJSON for Reference<T, F> {
    fn parse_from_json(value: Option<serde_json::Value>) -> ParseResult<Self> {
        let form = F::parse_from_json(value).map_err(ParseError::propagate)?;
        Ok(Self::from(form))
    }
}

impl<T: Send + Sync, F: Type> ToJSON for Reference<T, F> {
    fn to_json(&self) -> Option<serde_json::Value> {
        match &self.sent {
            Sent::Key(Key::Id(id)) => id.to_json(),
            Sent::Key(Key::Uuid(uuid)) => uuid.to_json(),
            Sent::Wrong(_) => None,
        }
    }
}

/// As REST writes it.
impl<T, F> Serialize for Reference<T, F> {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        match &self.sent {
            Sent::Key(Key::Id(id)) => id.serialize(to),
            Sent::Key(Key::Uuid(uuid)) => uuid.serialize(to),
            Sent::Wrong(complaint) => Err(serde::ser::Error::custom(complaint)),
        }
    }
}
