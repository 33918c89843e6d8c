//! The GraphQL fields of tags.
use async_graphql::{ComplexObject, Context, ID};

use super::{List, Retrieve, Tag, TagFilter, TagOrder, by_key, listing, retrieve};
use crate::{
    error::{Error, Result},
    graphql::{
        connection::{Connection, answer, nested_cost},
        ids::{Key, Kind, global},
        nested::{Asked, nest},
        standard::fields,
    },
    guard::{AllowExt, Allowed},
    resources::catalogue::{
        albums::{Album, AlbumFilter, AlbumOrder, AlbumsOfTag},
        artists::{Artist, ArtistFilter, ArtistOrder, ArtistsOfTag},
        tracks::{Track, TrackFilter, TrackOrder, TracksOfTag},
    },
};

#[ComplexObject]
impl Tag {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Tag, self.id)
    }

    /// Artists with the tag, newest first, unless `orderBy` is given. Those of artists that you have
    /// hidden, and those of channels, are left out unless the filter says otherwise.
    #[graphql(complexity = "nested_cost(first, last, true, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    async fn artists(
        &self,
        ctx: &Context<'_>,
        filter: Option<ArtistFilter>,
        order_by: Option<Vec<ArtistOrder>>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Option<Result<Connection<Artist>>> {
        let asked = Asked::of(filter, order_by, first, after, last, before);
        nest::<ArtistsOfTag>(ctx, self.id, asked).await
    }

    /// Albums with the tag, newest first, unless `orderBy` is given. Those of artists that you have
    /// hidden, and those of channels, are left out unless the filter says otherwise.
    #[graphql(complexity = "nested_cost(first, last, true, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    async fn albums(
        &self,
        ctx: &Context<'_>,
        filter: Option<AlbumFilter>,
        order_by: Option<Vec<AlbumOrder>>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Option<Result<Connection<Album>>> {
        let asked = Asked::of(filter, order_by, first, after, last, before);
        nest::<AlbumsOfTag>(ctx, self.id, asked).await
    }

    /// Tracks with the tag, newest first, unless `orderBy` is given. Those of artists that you have
    /// hidden, and those of channels, are left out unless the filter says otherwise.
    #[graphql(complexity = "nested_cost(first, last, true, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    async fn tracks(
        &self,
        ctx: &Context<'_>,
        filter: Option<TrackFilter>,
        order_by: Option<Vec<TrackOrder>>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Option<Result<Connection<Track>>> {
        let asked = Asked::of(filter, order_by, first, after, last, before);
        nest::<TracksOfTag>(ctx, self.id, asked).await
    }
}

async fn named(permit: &Allowed<Retrieve>, name: Option<String>, id: Option<ID>) -> Result<Tag> {
    match (name, id) {
        (Some(name), None) => retrieve(permit, &name).await,
        (None, Some(id)) => by_key(permit, Key::of(Kind::Tag, Some(id), None, None)?).await,
        _ => Err(Error::field(
            "name",
            "Provide either `name` or `id`, not both.",
        )),
    }
}

fields! {
    Queries as "TagsQueries";
    list tags: List(TagFilter, TagOrder) -> Tag = listing;
    {
        async fn tag(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Name of the tag; not case-sensitive.")] name: Option<String>,
            id: Option<ID>,
        ) -> Option<Result<Tag>> {
            answer(async { named(&ctx.allow().await?, name, id).await }).await
        }
    }
}
