//! Suggestions while somebody types a query.
use async_graphql::SimpleObject;
use serde::Serialize;

use super::{
    super::{
        albums::{self, Album},
        artists::{self, Artist},
        tags::{self, Tag},
        tracks::{self, Track},
    },
    Suggest, asked,
};
use crate::{
    error::{Error, Result},
    guard::Allowed,
    load::Load,
    resources::node::Node,
    rest::params::{Parameters, choices, filter},
    store::listing::Listing,
};

filter! {
    /// A query that is being typed.
    pub struct Typed {
        /// What was typed so far.
        query: Option<String>,
        /// Number of suggestions: 10 unless given, at most 20.
        limit: Option<i64>,
    }
}

choices! {
    /// A kind of objects that are searched for.
    pub enum Kind {
        /// An artist.
        Artist = "artist",
        /// An album.
        Album = "album",
        /// A track.
        Track = "track",
        /// A tag.
        Tag = "tag",
    }
}

/// Something to offer to somebody who types a query.
#[derive(SimpleObject)]
pub struct SearchSuggestion {
    /// Name or title.
    text: String,
    /// The object that is named so: an artist, album, track or tag.
    node: Node,
}

/// Something to offer to somebody who types a query.
#[derive(Debug, Serialize, poem_openapi::Object)]
#[oai(rename = "SearchSuggestion")]
pub struct SuggestionBody {
    /// Name or title.
    text: String,
    /// Kind of the object.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: Kind,
    /// Numeric ID of the object.
    id: i64,
}

/// Default and maximum number of suggestions.
const USUAL: i64 = 10;
const MOST: i64 = 20;

/// Objects that match, the shortest names first. `first` is how many, and the name of that argument.
pub async fn suggest(
    permit: &Allowed<Suggest>,
    query: &str,
    (name, first): (&str, Option<i64>),
) -> Result<Vec<SearchSuggestion>> {
    let first = first.unwrap_or(USUAL);
    if !(0..=MOST).contains(&first) {
        return Err(Error::field(name, format!("Must be between 0 and {MOST}.")));
    }
    let query = asked(query)?;
    let artists = artists::search_listing(permit, &query)?;
    let albums = albums::title_listing(permit, &query)?;
    let tracks = tracks::title_listing(permit, &query)?;
    let tags = tags::search_listing(&query);
    let mut found = top(permit, artists, first, |row: Artist| {
        (row.name.clone(), Node::Artist(row))
    })
    .await?;
    found.extend(
        top(permit, albums, first, |row: Album| {
            (row.title.clone(), Node::Album(row))
        })
        .await?,
    );
    found.extend(
        top(permit, tracks, first, |row: Track| {
            (row.title.clone(), Node::Track(row))
        })
        .await?,
    );
    found.extend(
        top(permit, tags, first, |row: Tag| {
            (row.name.clone(), Node::Tag(row))
        })
        .await?,
    );
    // Stable: of equal length, artists come first.
    found.sort_by_key(|suggestion| suggestion.text.chars().count());
    found.truncate(usize::try_from(first).unwrap_or_default());
    Ok(found)
}

/// The first of a listing, by what they are called.
async fn top<T: Load<Value = T> + Clone>(
    permit: &Allowed<Suggest>,
    listing: Listing,
    first: i64,
    named: impl Fn(T) -> (String, Node),
) -> Result<Vec<SearchSuggestion>> {
    let ids = listing.page(permit.db(), first, 0).await?;
    let rows = permit.loaders().owned::<T>(&ids).await?;
    let suggestions = rows.into_iter().map(|row| {
        let (text, node) = named(row);
        SearchSuggestion { text, node }
    });
    Ok(suggestions.collect())
}

/// The suggestions as REST tells them.
pub async fn suggested(
    permit: &Allowed<Suggest>,
    Parameters(typed): &Parameters<Typed>,
) -> Result<Vec<SuggestionBody>> {
    let query = typed.query.as_deref().unwrap_or_default();
    let found = suggest(permit, query, ("limit", typed.limit)).await?;
    let bodies = found.into_iter().filter_map(|suggestion| {
        let (kind, id) = match &suggestion.node {
            Node::Artist(row) => (Kind::Artist, row.id),
            Node::Album(row) => (Kind::Album, row.id),
            Node::Track(row) => (Kind::Track, row.id),
            Node::Tag(row) => (Kind::Tag, row.id),
            _ => return None,
        };
        let text = suggestion.text;
        Some(SuggestionBody { text, kind, id })
    });
    Ok(bodies.collect())
}
