//! The GraphQL fields of tags.
use async_graphql::{Context, ID};

use super::{List, Retrieve, Tag, TagFilter, TagOrder, by_key, listing, retrieve};
use crate::{
    error::{Error, Result},
    graphql::{
        connection::answer,
        ids::{Key, Kind, global},
        nested::with_lists,
        standard::fields,
    },
    guard::{AllowExt, Allowed},
    resources::catalogue::{albums::AlbumsOfTag, artists::ArtistsOfTag, tracks::TracksOfTag},
};

with_lists! {
    Tag {
        /// Global ID; opaque.
        #[graphql(name = "id")]
        pub(crate) async fn global_id(&self) -> ID {
            global(Kind::Tag, self.id)
        }
    }
    artists: ArtistsOfTag =
        "Artists with the tag, newest first, unless `orderBy` is given. Those of artists that you have \
         hidden, and those of channels, are left out unless the filter says otherwise.";
    albums: AlbumsOfTag =
        "Albums with the tag, newest first, unless `orderBy` is given. Those of artists that you have \
         hidden, and those of channels, are left out unless the filter says otherwise.";
    tracks: TracksOfTag =
        "Tracks with the tag, newest first, unless `orderBy` is given. Those of artists that you have \
         hidden, and those of channels, are left out unless the filter says otherwise.";
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
