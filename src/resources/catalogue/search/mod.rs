//! Search over artists, albums, tracks and tags at once.
mod graphql;
mod suggestions;

use poem::{FromRequest, Request, RequestBody};
use poem_openapi::registry::MetaSchema;
use serde::Serialize;

pub use self::graphql::Queries;
use self::suggestions::{SuggestionBody, Typed, suggested};
use super::{
    albums::{self, AlbumBody},
    artists::{self, ArtistBody, Depth},
    tags::{self, TagBody},
    tracks::{self, TrackBody},
};
use crate::{
    error::{Error, Result},
    guard::{Allowed, operations},
    rest::{
        answer::Answer,
        params::{Docs, Pairs, ParamDoc, Parameters},
        standard::routes,
    },
    store::text::clean,
};

operations! {
    "search", "Full-text search of artists, albums, tracks and tags.";
    /// Searches artists, albums, tracks and tags.
    ///
    /// Those with the shortest names or titles come first; over REST, at most three of each kind are returned.
    /// Albums also match by artist, tracks also by artist and album; tags match if their name
    /// contains the whole query. Artists, albums and tracks of channels, and those that you have
    /// hidden, are included. Accents and case do not count; scripts without blanks between words are
    /// searched by any part of a word. An empty query, and more than 32 words, are answered with 400.
    all: All = read Libraries, anonymous = Setting, throttle = Wildcard, graphql = "search", params = Query, wire = Slashless, reads = many;
    /// Suggests artists, albums, tracks and tags while somebody types a query.
    ///
    /// Offered are those whose names or titles match, the shortest first. An empty query is answered with
    /// 400.
    suggest: Suggest = read Libraries, anonymous = Setting, throttle = Wildcard, graphql = "searchSuggestions", params = Typed, reads = many;
}

/// Maximum results of each kind.
const MOST: i64 = 3;

/// The query.
struct Query(String);

impl Docs for Query {
    fn docs() -> Vec<ParamDoc> {
        let doc = |name, about| ParamDoc {
            name,
            about,
            schema: MetaSchema::new("string"),
        };
        vec![
            doc(
                "query",
                "Search query: every word must begin a word of the name or title.",
            ),
            doc("q", "Alias of `query`, which takes precedence."),
        ]
    }
}

impl<'a> FromRequest<'a> for Query {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let pairs = Pairs::parse(request.uri().query().unwrap_or_default())?;
        let asked = pairs
            .last("query")
            .or_else(|| pairs.last("q"))
            .unwrap_or_default();
        Ok(Self(asked.to_owned()))
    }
}

/// Search results: at most three of each kind.
#[derive(Serialize, poem_openapi::Object)]
struct SearchBody {
    /// Artists with a matching name.
    artists: Vec<ArtistBody>,
    /// Tracks with a matching title, artist or album.
    tracks: Vec<TrackBody>,
    /// Albums with a matching title or artist.
    albums: Vec<AlbumBody>,
    /// Tags with a matching name.
    tags: Vec<TagBody>,
}

/// The query without what nobody sees.
///
/// # Errors
/// `Refused` if nothing is left.
fn asked(query: &str) -> Result<String> {
    let query = clean(query);
    match query.trim() {
        "" => Err(Error::Refused("empty query".to_owned())),
        query => Ok(query.to_owned()),
    }
}

async fn shown(permit: &Allowed<All>, query: &Query) -> Result<SearchBody> {
    let query = asked(&query.0)?;
    let (loaders, db) = (permit.loaders(), permit.db());
    let artists = artists::search_listing(permit, &query)?
        .page(db, MOST, 0)
        .await?;
    let tracks = tracks::search_listing(permit, &query)?
        .page(db, MOST, 0)
        .await?;
    let albums = albums::search_listing(permit, &query)?
        .page(db, MOST, 0)
        .await?;
    let tags = tags::search_listing(&query).page(db, MOST, 0).await?;
    Ok(SearchBody {
        artists: artists::shown(loaders, permit, &artists, Depth::Shallow).await?,
        tracks: tracks::shown(loaders, permit, &tracks, Depth::Shallow).await?,
        albums: albums::shown(loaders, permit, &albums, Depth::Shallow).await?,
        tags: tags::bodies(loaders, permit, &tags).await?,
    })
}

routes! {
    "/api/v1";
    all: All = get "/search" (query: Query) -> Answer<SearchBody> => shown;
    suggest: Suggest = get "/search/suggestions" (typed: Parameters<Typed>) -> Answer<Vec<SuggestionBody>> => suggested;
}
