//! Search over artists, albums, tracks and tags at once.
use async_graphql::{Context, SimpleObject};
use poem::{FromRequest, Request, RequestBody};
use poem_openapi::registry::MetaSchema;
use serde::Serialize;

use super::{
    albums::{self, Album, AlbumBody},
    artists::{self, Artist, ArtistBody, Depth},
    tags::{self, Tag, TagBody},
    tracks::{self, Track, TrackBody},
};
use crate::{
    error::{Error, Result},
    graphql::connection::{answer, cost},
    guard::{AllowExt, Allowed, operations},
    rest::{
        answer::Answer,
        params::{Docs, Pairs, ParamDoc},
        standard::routes,
    },
    store::text::clean,
};

operations! {
    "search";
    /// Searches artists, albums, tracks and tags.
    ///
    /// Returns at most three results of each kind, those with the shortest names or titles first.
    /// Albums also match by artist, tracks also by artist and album; tags match if their name
    /// contains the whole query. Artists, albums and tracks of channels, and those that you have
    /// hidden, are included. Accents and case do not count; scripts without blanks between words are
    /// searched by any part of a word. An empty query, and more than 32 words, are answered with 400.
    all: All = read Libraries, anonymous = Setting, throttle = Wildcard, graphql = "search", params = Query, wire = Slashless, reads = many;
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

/// Search results: at most three of each kind.
#[derive(SimpleObject)]
pub struct SearchResult {
    /// Artists with a matching name.
    artists: Vec<Artist>,
    /// Albums with a matching title or artist.
    albums: Vec<Album>,
    /// Tracks with a matching title, artist or album.
    tracks: Vec<Track>,
    /// Tags with a matching name.
    tags: Vec<Tag>,
}

struct Found {
    artists: Vec<i64>,
    albums: Vec<i64>,
    tracks: Vec<i64>,
    tags: Vec<i64>,
}

async fn find(permit: &Allowed<All>, query: &str) -> Result<Found> {
    let query = clean(query);
    let query = query.trim();
    if query.is_empty() {
        return Err(Error::Refused("empty query".to_owned()));
    }
    Ok(Found {
        artists: artists::matching_ids(permit, query, MOST).await?,
        albums: albums::matching_ids(permit, query, MOST).await?,
        tracks: tracks::matching_ids(permit, query, MOST).await?,
        tags: tags::matching_ids(permit, query, MOST).await?,
    })
}

async fn shown(permit: &Allowed<All>, query: &Query) -> Result<SearchBody> {
    let found = find(permit, &query.0).await?;
    let loaders = permit.loaders();
    Ok(SearchBody {
        artists: artists::shown(loaders, permit, &found.artists, Depth::Shallow).await?,
        tracks: tracks::shown(loaders, permit, &found.tracks, Depth::Shallow).await?,
        albums: albums::shown(loaders, permit, &found.albums, Depth::Shallow).await?,
        tags: tags::bodies(loaders, permit, &found.tags).await?,
    })
}

async fn results(permit: &Allowed<All>, query: &str) -> Result<SearchResult> {
    let found = find(permit, query).await?;
    let loaders = permit.loaders();
    Ok(SearchResult {
        artists: loaders.owned::<Artist>(&found.artists).await?,
        albums: loaders.owned::<Album>(&found.albums).await?,
        tracks: loaders.owned::<Track>(&found.tracks).await?,
        tags: loaders.owned::<Tag>(&found.tags).await?,
    })
}

#[derive(Default)]
pub struct Queries;

#[async_graphql::Object(name = "SearchQueries")]
impl Queries {
    #[graphql(complexity = "cost(3, child_complexity)")]
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Words, each of which must begin a word of the name or title.")]
        query: String,
    ) -> Option<Result<SearchResult>> {
        answer(async { results(&ctx.allow().await?, &query).await }).await
    }
}

routes! {
    "/api/v1";
    all: All = get "/search" (query: Query) -> Answer<SearchBody> => shown;
}
