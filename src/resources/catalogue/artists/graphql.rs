use async_graphql::{ComplexObject, Context, ID};

use super::{
    Artist, ArtistFilter, ArtistOrder, ArtistTracksCount, Libraries, List, Retrieve, retrieve,
    sql::{IsPlayable, listing},
};
use crate::{
    context::Cx,
    error::Result,
    graphql::{
        connection::{Connection, answer, cost, nested_cost},
        ids::{Kind, global},
        nested::{Asked, nest},
        standard::fields,
    },
    guard::AllowExt,
    resources::{
        catalogue::{
            albums::{Album, AlbumFilter, AlbumOrder, AlbumsOfArtist},
            tags::{ArtistTags, Tag},
            tracks::{Track, TrackFilter, TrackOrder, TracksOfArtist},
            viewer::{IsHidden, can_edit, state},
        },
        library::{
            attachments::Attachment,
            contents::Content,
            edits::{self, ArtistEdits, Edit},
            libraries::{ArtistLibraries, Library},
        },
        listening::marks::{ViewOfArtist, view},
        people::actors::Actor,
        publishing::channels::{Channel, ChannelOf},
    },
    scope::Area,
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

    /// Whether the artist has a star of yours; `false` for anonymous callers. Requires `read:favorites`.
    async fn is_starred(&self, ctx: &Context<'_>) -> Option<Result<bool>> {
        answer(async {
            let view = view::<ViewOfArtist>(ctx, self.id).await?;
            Ok(view.is_some_and(|view| view.starred_date.is_some()))
        })
        .await
    }

    /// Your rating of the artist, from 1 to 5; null if there is none. Requires `read:favorites`.
    async fn viewer_rating(&self, ctx: &Context<'_>) -> Option<Result<Option<i64>>> {
        answer(async {
            let view = view::<ViewOfArtist>(ctx, self.id).await?;
            Ok(view.and_then(|view| view.rating))
        })
        .await
    }

    /// Whether you may approve edits of the artist, also your own as you make them (`isApproved`).
    async fn viewer_can_edit(&self, ctx: &Context<'_>) -> bool {
        can_edit(ctx, self.fid.as_deref(), self.attributed_to_id)
    }

    /// Whether you have hidden the artist; `false` for anonymous callers. Requires `read:filters`.
    async fn is_hidden(&self, ctx: &Context<'_>) -> Option<Result<bool>> {
        answer(state::<IsHidden>(ctx, Area::Filters, self.id)).await
    }

    /// Whether you can play at least one track that the artist is credited on.
    async fn is_playable(&self, ctx: &Context<'_>) -> Result<bool> {
        let permit = ctx.reach::<Retrieve>().await?;
        let playable = permit.loaders().one::<IsPlayable>(self.id).await?;
        Ok(playable.unwrap_or(false))
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

    /// Albums that the artist is credited on; in the order they were added, unless `orderBy` is given. With a
    /// filter or an order, artists that you have hidden are left out.
    #[graphql(
        complexity = "nested_cost(first, last, filter.is_some() || order_by.is_some(), child_complexity)"
    )]
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
        nest::<AlbumsOfArtist>(ctx, self.id, asked).await
    }

    /// Tracks that the artist is credited on; in the order they were added, unless `orderBy` is given. Tracks
    /// on the artist's albums that credit only others are not among them. With a filter or an order, artists
    /// that you have hidden are left out.
    #[graphql(
        complexity = "nested_cost(first, last, filter.is_some() || order_by.is_some(), child_complexity)"
    )]
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
        nest::<TracksOfArtist>(ctx, self.id, asked).await
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
