//! Search over GraphQL: a connection for each kind, and suggestions while somebody types.
use async_graphql::{Context, Object, OutputType};

use super::{
    super::{
        albums::{self, Album},
        artists::{self, Artist},
        tags::{self, Tag},
        tracks::{self, Track},
    },
    All, asked,
    suggestions::{SearchSuggestion, suggest},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::connection::{
        Connection, NESTED_DEFAULT, NESTED_MAXIMUM, answer, connect_sized, cost, nested_cost,
        window,
    },
    guard::{AllowExt, Allowed},
    load::Load,
    store::{listing::Listing, window::Window},
};

pub struct SearchResult {
    query: String,
}

impl SearchResult {
    /// A page of the results of one kind.
    async fn part<T: Load<Value = T> + Clone + OutputType>(
        &self,
        ctx: &Context<'_>,
        window: Result<Window>,
        found: impl FnOnce(&Reader, &str) -> Result<Listing> + Send,
    ) -> Option<Result<Connection<T>>> {
        answer(async {
            let permit: Allowed<All> = ctx.reach().await?;
            let listing = found(&permit, &self.query)?;
            let sizes = (NESTED_DEFAULT, NESTED_MAXIMUM);
            connect_sized(&permit, listing, window?, sizes).await
        })
        .await
    }
}

/// Declares the connections of a search, a row for each kind.
macro_rules! results {
    ($($name:ident: $node:ty = $found:expr, $about:literal;)+) => {
        /// Search results, those with the shortest names or titles first.
        #[Object]
        impl SearchResult {
            $(
                #[doc = $about]
                #[graphql(complexity = "nested_cost(first, last, true, child_complexity)")]
                async fn $name(
                    &self,
                    ctx: &Context<'_>,
                    first: Option<i32>,
                    after: Option<String>,
                    last: Option<i32>,
                    before: Option<String>,
                ) -> Option<Result<Connection<$node>>> {
                    self.part(ctx, window(first, after, last, before), $found).await
                }
            )+
        }
    };
}

results! {
    artists: Artist = artists::search_listing, "Artists with a matching name.";
    albums: Album = albums::search_listing, "Albums with a matching title or artist.";
    tracks: Track = tracks::search_listing, "Tracks with a matching title, artist or album.";
    tags: Tag = |_, query| Ok(tags::search_listing(query)), "Tags with a matching name.";
}

#[derive(Default)]
pub struct Queries;

#[Object(name = "SearchQueries")]
impl Queries {
    #[graphql(complexity = "child_complexity + 1")]
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Words, each of which must begin a word of the name or title.")]
        query: String,
    ) -> Option<Result<SearchResult>> {
        answer(async {
            let _permit: Allowed<All> = ctx.allow().await?;
            Ok(SearchResult {
                query: asked(&query)?,
            })
        })
        .await
    }

    #[graphql(
        complexity = "cost(usize::try_from(first.unwrap_or(10)).unwrap_or(0).min(20), child_complexity) + 160"
    )]
    async fn search_suggestions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was typed so far.")] query: String,
        #[graphql(desc = "Number of suggestions: 10 unless given, at most 20.")] first: Option<i32>,
    ) -> Option<Result<Vec<SearchSuggestion>>> {
        answer(async {
            suggest(&ctx.allow().await?, &query, ("first", first.map(i64::from))).await
        })
        .await
    }
}
