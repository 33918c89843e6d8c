//! What an uploader says of the audio.
use async_graphql::InputObject;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    resources::{
        catalogue::tags,
        checks::{not_blank, shorter},
        library::contents::NewContent,
    },
};

/// What an uploader says of the audio. It takes precedence over the tags of the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, InputObject)]
#[serde(default)]
#[graphql(name = "UploadMetadataFields")]
pub struct UploadMetadata {
    /// Title of the track, 1 to 255 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// MusicBrainz ID of the recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mbid: Option<Uuid>,
    /// Position on the album, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    /// Tags: words of 1 to 100 letters, digits and underscores; at most 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Code of the license, such as `cc-by-4.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Copyright notice, at most 500 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copyright: Option<String>,
    /// Description of the track.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<NewContent>,
    /// Numeric ID of the album. Only for uploads in a channel; it must be an album of the channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[graphql(skip)]
    pub album: Option<i64>,
    /// UUID of one of your own attachments, as the cover of the track. Only for uploads in a channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[graphql(skip)]
    pub cover: Option<Uuid>,
}

const TITLE: usize = 255;
const COPYRIGHT: usize = 500;
const TAGS: usize = 20;

impl UploadMetadata {
    /// Reads what was sent as JSON.
    ///
    /// # Errors
    /// `Shaped`: what is wrong, by field.
    pub fn read(sent: &Value) -> Result<Self> {
        // Forms send a text.
        if let Some(text) = sent.as_str() {
            let wrong = |_| Error::field("import_metadata", "Value must be valid JSON.");
            let sent: Map<String, Value> = serde_json::from_str(text).map_err(wrong)?;
            return Self::read(&Value::Object(sent));
        }
        let Value::Object(fields) = sent else {
            return Err(Error::field("import_metadata", "Expected a JSON object."));
        };
        let mut complaints: IndexMap<String, Vec<String>> = IndexMap::new();
        let mut read = Map::new();
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
            // Funkwhale takes a text.
            let content = value.as_str().filter(|_| name == "description");
            let content =
                content.map(|text| json!({ "text": text, "content_type": "text/markdown" }));
            let value = content.as_ref().unwrap_or(value);
            // Each field by itself, so that all that is wrong is told at once.
            let alone = json!({ name.as_str(): value });
            match serde_json::from_value::<Self>(alone) {
                Ok(_) => _ = read.insert(name.clone(), value.clone()),
                Err(_) => _ = complaints.insert(name.clone(), vec![wrong(name).to_owned()]),
            }
        }
        if !read.contains_key("title") && !complaints.contains_key("title") {
            let missing = vec!["This field is required.".to_owned()];
            complaints.insert("title".to_owned(), missing);
        }
        let read: Self = serde_json::from_value(Value::Object(read)).unwrap_or_default();
        if let Err(Error::Invalid(more)) = read.check() {
            complaints.extend(more);
        }
        match complaints.is_empty() {
            true => Ok(read),
            false => Err(all_told(&complaints)),
        }
    }

    /// Checks what was sent as GraphQL, where no field is required.
    pub fn checked(self) -> Result<Self> {
        match self.check() {
            Err(Error::Invalid(complaints)) => {
                let named = |(name, told)| (format!("import_metadata.{name}"), told);
                Err(Error::Invalid(complaints.into_iter().map(named).collect()))
            }
            _ => Ok(self),
        }
    }

    fn check(&self) -> Result<()> {
        let mut complaints = IndexMap::new();
        let mut hear = |checked: Result<()>| {
            if let Err(Error::Invalid(more)) = checked {
                complaints.extend(more);
            }
        };
        if let Some(title) = &self.title {
            hear(not_blank("title", title, TITLE));
        }
        if self.position.is_some_and(|position| position < 1) {
            let low = "Ensure this value is greater than or equal to 1.";
            hear(Err(Error::field("position", low)));
        }
        if self.position.is_some_and(|position| position > 99_999) {
            let high = "Ensure this value is less than or equal to 99999.";
            hear(Err(Error::field("position", high)));
        }
        hear(shorter(
            "copyright",
            self.copyright.as_deref().unwrap_or_default(),
            COPYRIGHT,
        ));
        hear(tags::checked(
            self.tags.as_deref().unwrap_or_default(),
            TAGS,
        ));
        if let Some(description) = &self.description {
            hear(description.check());
        }
        match complaints.is_empty() {
            true => Ok(()),
            false => Err(Error::Invalid(complaints)),
        }
    }
}

/// What a field has to be.
fn wrong(name: &str) -> &'static str {
    match name {
        "position" | "album" => "A valid integer is required.",
        "mbid" | "cover" => "Must be a valid UUID.",
        "tags" => "Expected a list of texts.",
        "description" => "Expected an object with `text` and `content_type`.",
        _ => "Not a valid string.",
    }
}

/// A complaint about a field of `import_metadata`.
pub fn told(name: &str, complaint: &str) -> Error {
    let complaints = [(name.to_owned(), vec![complaint.to_owned()])];
    all_told(&IndexMap::from(complaints))
}

/// Complaints about the fields of `import_metadata`.
fn all_told(complaints: &IndexMap<String, Vec<String>>) -> Error {
    let first = complaints.first();
    let first = first.map(|(name, told)| format!("`importMetadata.{name}`: {}", told.join(" ")));
    Error::Shaped {
        sentence: first.unwrap_or_default(),
        body: Box::new(json!({ "import_metadata": complaints })),
    }
}
