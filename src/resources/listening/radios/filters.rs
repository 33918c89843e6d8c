//! The filters of custom radios: which tracks they play (contract section 10).
use async_graphql::{InputObject, SimpleObject};
use poem_openapi::Object;
use serde::Serialize;
use serde_json::Value;

use crate::{
    context::Reader,
    error::{Error, Result},
    rest::params::{Scalar, choices},
    store::{sql, text::folded},
};

choices! {
    /// What a filter of a radio looks at.
    pub enum RadioFilterType {
        /// Tracks of any of these artists.
        Artist = "artist",
        /// Tracks with any of these tags, or on albums or of artists with one.
        Tag = "tag",
        /// Tracks of any of these playlists.
        Playlist = "playlist",
        /// Tracks that match filters of its own.
        Group = "group",
    }
}

choices! {
    /// How a filter is joined to those before it.
    pub enum RadioFilterOperator {
        /// Both must match.
        And = "and",
        /// One must match.
        Or = "or",
    }
}

/// A filter of a custom radio.
#[derive(Clone, Debug, Serialize, Object, SimpleObject, InputObject)]
#[graphql(input_name = "RadioFilterInput")]
pub struct RadioFilter {
    /// What the filter looks at.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    #[graphql(name = "type")]
    pub(super) kind: RadioFilterType,
    /// Numeric IDs of artists or playlists, for filters of these types. At most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ids: Option<Vec<i64>>,
    /// Names of tags, for filters of this type; of artists, their names, which are filled in. At most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) names: Option<Vec<String>>,
    /// `true`: tracks that do not match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) not: Option<bool>,
    /// How the filter is joined to those before it; `and` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) operator: Option<RadioFilterOperator>,
    /// Filters of a group. Groups have no groups in them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) filters: Option<Vec<RadioFilter>>,
}

/// Maximum number of filters, of values in one, and of groups within groups.
const FILTERS: usize = 20;
const VALUES: usize = 100;
const DEPTH: usize = 1;
/// Maximum number of characters of a tag's name.
const NAME: usize = 100;

impl RadioFilter {
    /// A filter as it is written; `None` for one of an unknown type.
    pub fn read(stored: &Value) -> Option<Self> {
        let ids = stored["ids"].as_array();
        let names = stored["names"].as_array();
        let filters = stored["filters"].as_array();
        let word = |name: &str| stored[name].as_str().unwrap_or_default();
        Some(Self {
            kind: RadioFilterType::read(word("type")).ok()??,
            ids: ids.map(|ids| ids.iter().filter_map(Value::as_i64).collect()),
            names: names.map(|names| {
                let names = names.iter().filter_map(Value::as_str);
                names.map(str::to_owned).collect()
            }),
            not: stored["not"].as_bool(),
            operator: RadioFilterOperator::read(word("operator")).ok().flatten(),
            filters: filters.map(|filters| filters.iter().filter_map(Self::read).collect()),
        })
    }

    /// The filter with its values in order and the names of its artists.
    ///
    /// # Errors
    /// What is wrong with it.
    async fn cleaned(mut self, reader: &Reader, depth: usize) -> Result<Self, Complaint> {
        if let Some(ids) = &mut self.ids {
            ids.sort_unstable();
            ids.dedup();
        }
        let ids = self.ids.clone().unwrap_or_default();
        if ids.len().max(self.names.as_ref().map_or(0, Vec::len)) > VALUES {
            return Err(format!("At most {VALUES} values are allowed.").into());
        }
        self.keep_what_belongs();
        if self
            .names
            .iter()
            .flatten()
            .any(|name| name.chars().count() > NAME)
        {
            return Err(format!("A name has at most {NAME} characters.").into());
        }
        match self.kind {
            RadioFilterType::Artist => self.names = Some(artists(reader, &ids).await?),
            RadioFilterType::Playlist if ids.is_empty() => {
                return Err("You must provide a list of playlists.".to_owned().into());
            }
            RadioFilterType::Tag if self.names.as_ref().is_none_or(Vec::is_empty) => {
                return Err("You must provide a list of tag names.".to_owned().into());
            }
            RadioFilterType::Group => {
                let inner = self.filters.take().unwrap_or_default();
                if depth == 0 {
                    return Err("Groups have no groups in them.".to_owned().into());
                }
                self.filters = Some(Box::pin(cleaned(reader, inner, depth - 1)).await?);
            }
            RadioFilterType::Tag => {
                known(reader, self.names.as_deref().unwrap_or_default()).await?
            }
            RadioFilterType::Playlist => {}
        }
        Ok(self)
    }

    /// Forgets what a filter of its type does not look at.
    fn keep_what_belongs(&mut self) {
        use RadioFilterType::{Artist, Group, Playlist, Tag};
        self.ids
            .take_if(|_| !matches!(self.kind, Artist | Playlist));
        self.names.take_if(|_| self.kind != Tag);
        self.filters.take_if(|_| self.kind != Group);
    }
}

/// The names of artists, in the order of the IDs.
async fn artists(reader: &Reader, ids: &[i64]) -> Result<Vec<String>, Complaint> {
    if ids.is_empty() {
        return Err("You must provide a list of artists.".to_owned().into());
    }
    let found = sql("select id, name from artists where id in ?* order by id");
    let found: Vec<(i64, String)> = found.bind(ids.to_vec()).all(reader.db()).await?;
    match ids
        .iter()
        .find(|id| found.iter().all(|(known, _)| known != *id))
    {
        Some(id) => Err(format!("No artist has the ID {id}.").into()),
        None => Ok(found.into_iter().map(|(_, name)| name).collect()),
    }
}

/// Refuses names of which none is a tag's.
async fn known(reader: &Reader, names: &[String]) -> Result<(), Complaint> {
    let folded: Vec<String> = names.iter().map(|name| folded(name)).collect();
    let found = sql("select count(*) from tags where name_folded in ?*").bind(folded);
    match found.number(reader.db()).await? {
        0 => Err(format!("No tag matching names \"{}\"", names.join("\", \"")).into()),
        _ => Ok(()),
    }
}

/// What is wrong with a filter, or what failed.
pub enum Complaint {
    Told(String),
    Failed(Error),
}

impl From<String> for Complaint {
    fn from(complaint: String) -> Self {
        Self::Told(complaint)
    }
}

impl From<Error> for Complaint {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Complaint {
    /// The error, of this field.
    pub fn of(self, field: &str) -> Error {
        match self {
            Self::Told(complaint) => Error::field(field, complaint),
            Self::Failed(error) => error,
        }
    }
}

async fn cleaned(
    reader: &Reader,
    filters: Vec<RadioFilter>,
    depth: usize,
) -> Result<Vec<RadioFilter>, Complaint> {
    if filters.len() > FILTERS {
        return Err(format!("At most {FILTERS} filters are allowed.").into());
    }
    let mut clean = Vec::with_capacity(filters.len());
    for filter in filters {
        clean.push(filter.cleaned(reader, depth).await?);
    }
    Ok(clean)
}

/// The filters of a radio, with their values in order.
///
/// # Errors
/// `Invalid`, by the name of the field, for the first filter that makes no sense.
pub async fn checked(
    reader: &Reader,
    field: &str,
    filters: Vec<RadioFilter>,
) -> Result<Vec<RadioFilter>> {
    let clean = cleaned(reader, filters, DEPTH).await;
    clean.map_err(|complaint| complaint.of(field))
}

/// What is wrong with one filter; `None`: nothing.
pub async fn complaint(reader: &Reader, filter: &RadioFilter) -> Result<Option<String>> {
    match filter.clone().cleaned(reader, DEPTH).await {
        Ok(_) => Ok(None),
        Err(Complaint::Told(complaint)) => Ok(Some(complaint)),
        Err(Complaint::Failed(error)) => Err(error),
    }
}

/// The stored filters of a radio.
pub fn read(config: &Value) -> Vec<RadioFilter> {
    let filters = config.as_array().into_iter().flatten();
    filters.filter_map(RadioFilter::read).collect()
}
