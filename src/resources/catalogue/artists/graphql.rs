use async_graphql::{ComplexObject, Context, ID};

use super::{
    Artist, ArtistFilter, ArtistOrder, ArtistTracksCount, Libraries, List, Retrieve, retrieve,
    sql::listing,
};
use crate::{
    context::Cx,
    error::Result,
    graphql::{
        connection::{Connection, cost, nest, nested_pages, window},
        ids::{Kind, global},
        standard::fields,
    },
    guard::AllowExt,
    resources::{
        catalogue::{
            albums::{self, Album, ArtistAlbums},
            tags::{ArtistTags, Tag},
            tracks::{self, ArtistTracks, Track},
        },
        library::{
            attachments::Attachment,
            contents::Content,
            edits::{self, ArtistEdits, Edit},
            libraries::{ArtistLibraries, Library},
        },
        people::actors::Actor,
        publishing::channels::{Channel, ChannelOf},
    },
};

#[ComplexObject]
impl Artist {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Artist, self.id)
    }

    /// Whether the artist belongs to this pod.
    async fn is_local(&self, ctx: &Context<'_>) -> bool {
        ctx.data_unchecked::<Cx>()
            .reader()
            .is_local(self.fid.as_deref())
    }

    /// Picture of the artist.
    async fn cover(&self, ctx: &Context<'_>) -> Result<Option<Attachment>> {
        ctx.load::<Retrieve, Attachment>(self.attachment_cover_id)
            .await
    }

    /// Description.
    async fn description(&self, ctx: &Context<'_>) -> Result<Option<Content>> {
        ctx.load::<Retrieve, Content>(self.description_content_id)
            .await
    }

    /// Actor who added the artist.
    async fn attributed_to(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        ctx.load::<Retrieve, Actor>(self.attributed_to_id).await
    }

    /// Channel of the artist; null if the artist has none.
    async fn channel(&self, ctx: &Context<'_>) -> Result<Option<Channel>> {
        ctx.load_all::<Retrieve, ChannelOf>(self.id).await
    }

    /// Tags, sorted by name.
    async fn tags(&self, ctx: &Context<'_>) -> Result<Vec<Tag>> {
        ctx.load_all::<Retrieve, ArtistTags>(self.id).await
    }

    /// Number of tracks on which the artist is credited first.
    async fn tracks_count(&self, ctx: &Context<'_>) -> Result<i64> {
        ctx.load_all::<Retrieve, ArtistTracksCount>(self.id).await
    }

    /// Albums that the artist is credited on, in the order they were added. For filters and other orders,
    /// use the root field `albums` with the filter `artist`.
    #[graphql(complexity = "cost(nested_pages(first, last), child_complexity)")]
    async fn albums(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Option<Result<Connection<Album>>> {
        let window = window(first, after, last, before);
        nest::<albums::List, ArtistAlbums, _>(ctx, self.id, window).await
    }

    /// Tracks that the artist is credited on, in the order they were added. For filters and other orders,
    /// use the root field `tracks` with the filter `artist`, which also finds those on the artist's albums.
    #[graphql(complexity = "cost(nested_pages(first, last), child_complexity)")]
    async fn tracks(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Option<Result<Connection<Track>>> {
        let window = window(first, after, last, before);
        nest::<tracks::List, ArtistTracks, _>(ctx, self.id, window).await
    }

    /// Libraries with tracks of the artist that you have access to, oldest first.
    #[graphql(complexity = "cost(10, child_complexity)")]
    async fn libraries(&self, ctx: &Context<'_>) -> Result<Vec<Library>> {
        let ids = ctx.load_all::<Libraries, ArtistLibraries>(self.id).await?;
        ctx.load_list::<Libraries, Library>(ids).await
    }

    /// The 20 newest edits of the artist, newest first.
    #[graphql(complexity = "cost(20, child_complexity)")]
    async fn edits(&self, ctx: &Context<'_>) -> Result<Option<Vec<Edit>>> {
        let permit = ctx.reach::<edits::OfArtist>().await?;
        let edits = permit.loaders().one::<ArtistEdits>(self.id).await?;
        Ok(Some(edits.unwrap_or_default()))
    }
}

fields! {
    Queries as "ArtistsQueries";
    list artists: List(ArtistFilter, ArtistOrder) -> Artist = listing;
    one artist(Kind::Artist) -> Artist = retrieve;
}
