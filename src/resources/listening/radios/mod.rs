//! Custom radios: filters that choose tracks, under a name (contract section 10).
mod body;
mod chosen;
pub mod filters;
pub mod graphql;
mod sql;
mod write;

use sqlx::FromRow;

pub use self::{
    body::Rest,
    chosen::{By, Lead, condition, leads},
    filters::RadioFilter,
    sql::{playing, retrieve},
};
use crate::{
    guard::operations,
    load::entity,
    rest::{
        page::{ListQuery, PageQuery},
        params::{filter, ordering},
    },
    time::Timestamp,
};

operations! {
    "radios", "Custom radios: filters that choose tracks, under a name.";
    /// Lists custom radios.
    ///
    /// Listed are your own and public ones. Sorted by ID by default, oldest first.
    list: List = read Radios, anonymous = Setting, throttle = List, graphql = "radios", params = Query;
    /// Returns a custom radio.
    ///
    /// Radios of others that are not public, and unknown IDs, are answered with 404.
    retrieve: Retrieve = read Radios, anonymous = Setting, throttle = Retrieve, graphql = "radio";
    /// Creates a custom radio.
    ///
    /// Invalid values are answered with 400.
    create: Create = write Radios, anonymous = Never, throttle = Create, graphql = "Mutation.createRadio";
    /// Changes one of your radios.
    ///
    /// Fields that are not sent keep their values. Radios of others and unknown IDs are answered
    /// with 404, invalid values with 400.
    update: Update = write Radios, anonymous = Never, throttle = Update, graphql = "Mutation.updateRadio";
    /// Deletes one of your radios.
    ///
    /// Its sessions end. Radios of others and unknown IDs are answered with 404.
    delete: Delete = write Radios, anonymous = Never, throttle = Destroy, graphql = "Mutation.deleteRadio";
    /// Lists the tracks that a radio chooses from.
    ///
    /// Listed are those that you can play, without those of artists that you have hidden. Radios of
    /// others that are not public, and unknown IDs, are answered with 404.
    tracks: Tracks = read Radios, anonymous = Setting, throttle = Wildcard, graphql = "Radio.tracks", params = PageQuery, reads = many;
    /// Lists the filters that a radio can have.
    ///
    /// Describes their fields, for forms.
    filters: Filters = read Radios, anonymous = Setting, throttle = Wildcard, graphql = "(REST only: the schema has the type `RadioFilter`)";
    /// Tries filters before they are saved.
    ///
    /// Tells what is wrong with each, and which tracks it chooses. The answer is 200 in any case.
    validate: Validate = write Radios, anonymous = Never, throttle = Wildcard, graphql = "Mutation.validateRadio", reads = many;
}

pub type Query = ListQuery<RadioListFilter, RadioOrder>;

/// A custom radio: filters that choose tracks, under a name.
#[derive(Clone, Debug, FromRow, async_graphql::SimpleObject)]
#[graphql(complex)]
pub struct Radio {
    /// Numeric ID, unique among radios.
    #[graphql(name = "databaseId")]
    pub id: i64,
    #[graphql(skip)]
    pub user_id: i64,
    /// Name of the radio.
    pub name: String,
    /// Description by the owner; may be empty.
    pub description: String,
    /// Whether everyone may hear the radio.
    pub is_public: bool,
    #[graphql(skip)]
    #[sqlx(json)]
    pub config: serde_json::Value,
    /// Time at which the radio was created.
    pub creation_date: Timestamp,
}

entity!(Radio in "radios": "id, user_id, name, description, is_public, config, creation_date",
    upon [], weighs [name, description]);

impl Radio {
    pub fn filters(&self) -> Vec<RadioFilter> {
        filters::read(&self.config)
    }
}

filter! {
    /// Filter for a list of radios. A radio must match all conditions.
    pub struct RadioListFilter {
        /// Exact name.
        name: Option<String>,
        /// Part of the name (not case-sensitive).
        name_contains: Option<String> = "name__icontains",
        /// Name (not case-sensitive).
        name_equals: Option<String> = "name__iexact",
        /// Start of the name.
        name_starts_with: Option<String> = "name__startswith",
        /// Words, each of which must be part of the name (not case-sensitive).
        q: Option<String>,
        /// Only radios of these users: `me`, `all`, `actor:name@domain` or `domain:name`. Several
        /// are separated by commas; any of them may match.
        scope: Option<String>,
    }
}

ordering! {
    /// Sort options for radios.
    pub struct RadioOrder by RadioOrderField {
        /// Numeric ID.
        Id = "id",
        /// Name.
        Name = "name",
        /// Time at which the radio was created.
        CreationDate = "creation_date",
    }
    others ignored
}
