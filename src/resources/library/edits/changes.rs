//! Validation of the new values in an edit.
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Kind;
use crate::{
    context::Reader,
    error::{Error, Result},
    resources::{
        catalogue::tags,
        library::{attachments, contents::NewContent},
    },
    rest::params::Complaints,
    store::sql,
    time::Date,
};

/// Editable fields of each kind of object, in the order of error messages.
fn fields(kind: Kind) -> &'static [Field] {
    use Field::*;
    match kind {
        Kind::Artist => &[Name, Tags, Description, Cover],
        Kind::Album => &[Title, ReleaseDate, Tags, Cover, Description],
        Kind::Track => &[
            License,
            Title,
            Position,
            Copyright,
            Tags,
            Description,
            Cover,
        ],
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Name,
    Title,
    ReleaseDate,
    License,
    Position,
    Copyright,
    Tags,
    Description,
    Cover,
}

impl Field {
    pub fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Title => "title",
            Self::ReleaseDate => "release_date",
            Self::License => "license",
            Self::Position => "position",
            Self::Copyright => "copyright",
            Self::Tags => "tags",
            Self::Description => "description",
            Self::Cover => "cover",
        }
    }
}

/// A new value of a field.
#[derive(Debug)]
pub enum Change {
    /// A name or title.
    Text(String),
    Words(Vec<String>),
    Day(Option<Date>),
    Number(Option<i64>),
    /// An optional license code or copyright notice.
    Maybe(Option<String>),
    Content(Option<NewContent>),
    /// ID of an attachment.
    Picture(Option<i64>),
}

/// The changes of one edit.
#[derive(Debug)]
pub struct Changes {
    pub all: Vec<(Field, Change)>,
    payload: Map<String, Value>,
}

/// The pictures that can become a cover.
#[derive(Clone, Copy, Debug)]
pub enum Pictures {
    /// Those of whoever proposed the edit.
    Of(Option<i64>),
    /// Also those of others, which the object had before.
    All,
}

impl Changes {
    /// Validates the payload of an edit. Fields that the object does not have are ignored.
    pub async fn read(by: (&Reader, Pictures), kind: Kind, payload: &Value) -> Result<Self> {
        let Some(payload) = payload.as_object() else {
            return Err(Error::field("payload", "Expected a dictionary of items."));
        };
        let (mut all, mut kept) = (Vec::new(), Map::new());
        let mut complaints = Complaints::default();
        for field in fields(kind) {
            let Some(value) = payload.get(field.word()) else {
                continue;
            };
            match change(by, *field, value).await? {
                Ok(change) => all.push((*field, change)),
                Err(Complaint(place, text)) => complaints.add(&place, text),
            }
            kept.insert(field.word().to_owned(), value.clone());
        }
        complaints.check()?;
        if all.is_empty() {
            let complaint = "You must update at least one field";
            return Err(Error::field("non_field_errors", complaint));
        }
        Ok(Self { all, payload: kept })
    }

    /// The changes as proposed.
    pub fn payload(&self) -> &Map<String, Value> {
        &self.payload
    }
}

/// The field, and what is wrong with it.
struct Complaint(String, String);

type Read<T> = std::result::Result<T, Complaint>;

async fn change(
    (reader, pictures): (&Reader, Pictures),
    field: Field,
    value: &Value,
) -> Result<Read<Change>> {
    let here = |text: &str| Complaint(field.word().to_owned(), text.to_owned());
    Ok(match field {
        Field::Name | Field::Title => text(value, 255).map(Change::Text).map_err(|why| here(&why)),
        Field::Copyright => match value {
            Value::Null => Ok(Change::Maybe(None)),
            value => text(value, 500)
                .map(|text| Change::Maybe(Some(text)))
                .map_err(|why| here(&why)),
        },
        Field::Position => match (value, value.as_i64()) {
            (Value::Null, _) => Ok(Change::Number(None)),
            (_, Some(number @ 1..=100_000)) => Ok(Change::Number(Some(number))),
            (_, Some(_)) => Err(here("Ensure this value is greater than or equal to 1.")),
            (_, None) => Err(here("A valid integer is required.")),
        },
        Field::ReleaseDate => match value.as_str().map(str::parse) {
            None if value.is_null() => Ok(Change::Day(None)),
            Some(Ok(date)) => Ok(Change::Day(Some(date))),
            _ => Err(here(
                "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.",
            )),
        },
        Field::Tags => words(value),
        Field::Description => content(value).map_err(|why| here(&why)),
        Field::License => license(reader, value).await?.map_err(|why| here(&why)),
        Field::Cover => cover((reader, pictures), value)
            .await?
            .map_err(|why| here(&why)),
    })
}

fn text(value: &Value, most: usize) -> std::result::Result<String, String> {
    let text = value.as_str().ok_or("Not a valid string.")?.trim();
    match text.chars().count() {
        0 => Err("This field may not be blank.".to_owned()),
        count if count > most => Err(format!(
            "Ensure this field has no more than {most} characters."
        )),
        _ => Ok(text.to_owned()),
    }
}

/// Maximum number of tags.
const MOST: usize = 100;

fn words(value: &Value) -> Read<Change> {
    let wrong = |place: &str, text: String| Complaint(place.to_owned(), text);
    let list = value
        .as_array()
        .filter(|list| list.len() <= MOST)
        .ok_or_else(|| wrong("tags", format!("Expected a list of at most {MOST} items.")))?;
    let mut words = Vec::with_capacity(list.len());
    for (index, word) in list.iter().enumerate() {
        let place = format!("tags.{index}");
        let word = word
            .as_str()
            .ok_or_else(|| wrong(&place, "Not a valid string.".to_owned()))?;
        if !tags::is_valid(word) {
            return Err(wrong(&place, tags::invalid(word)));
        }
        words.push(word.to_owned());
    }
    Ok(Change::Words(words))
}

fn content(value: &Value) -> std::result::Result<Change, String> {
    if value.is_null() {
        return Ok(Change::Content(None));
    }
    let part = |name: &str| value[name].as_str().map(str::to_owned);
    let (Some(text), Some(content_type)) = (part("text"), part("content_type")) else {
        return Err("Give a text and its content_type.".to_owned());
    };
    let new = NewContent { text, content_type };
    match new.check() {
        Ok(()) => Ok(Change::Content(Some(new))),
        Err(Error::Invalid(fields)) => Err(fields.into_values().flatten().collect()),
        Err(error) => Err(error.to_string()),
    }
}

async fn license(reader: &Reader, value: &Value) -> Result<std::result::Result<Change, String>> {
    if value.is_null() {
        return Ok(Ok(Change::Maybe(None)));
    }
    let Some(code) = value.as_str() else {
        return Ok(Err("Not a valid string.".to_owned()));
    };
    let found = sql("select code from licenses where code = ?").bind(code);
    Ok(match found.optional::<(String,)>(reader.db()).await? {
        Some((code,)) => Ok(Change::Maybe(Some(code))),
        None => Err(format!("Invalid pk \"{code}\" - object does not exist.")),
    })
}

async fn cover(
    (reader, pictures): (&Reader, Pictures),
    value: &Value,
) -> Result<std::result::Result<Change, String>> {
    if value.is_null() {
        return Ok(Ok(Change::Picture(None)));
    }
    let Some(uuid) = value.as_str().and_then(|text| text.parse::<Uuid>().ok()) else {
        return Ok(Err("Must be a valid UUID.".to_owned()));
    };
    let key = uuid.into();
    let found = match pictures {
        Pictures::Of(actor) => attachments::own(reader.db(), actor, ("cover", &key)).await,
        Pictures::All => attachments::held(reader.db(), ("cover", &key)).await,
    };
    match found {
        Ok(found) => Ok(Ok(Change::Picture(Some(found.id)))),
        Err(Error::Invalid(fields)) => Ok(Err(fields.into_values().flatten().collect())),
        Err(error) => Err(error),
    }
}
