use async_graphql::{ComplexObject, Context, ID};

use super::{
    Album, AlbumFilter, AlbumOrder, AlbumTracksCount, Libraries, List, Retrieve, playable,
    retrieve,
    sql::{AlbumHolders, listing},
    write::{NewAlbum, create, delete},
};
use crate::{
    context::Cx,
    error::Result,
    graphql::{
        connection::{Connection, answer, cost, nested_cost},
        ids::{Kind, global},
        nested::{Asked, nest},
        standard::{fields, mutations},
    },
    guard::AllowExt,
    resources::{
        catalogue::{
            artists::{self, Artist},
            credits::{AlbumCredits, ArtistCredit},
            tags::{AlbumTags, Tag},
            tracks::{AlbumTracks, Track, TrackFilter, TrackOrder, TracksOfAlbum},
            viewer::can_edit,
        },
        library::{
            attachments::Attachment,
            contents::Content,
            edits::{self, AlbumEdits, Edit},
            libraries::{AlbumLibraries, Library},
            uploads::{audible_uploads, duration_of},
        },
        listening::marks::{ViewOfAlbum, view},
        people::actors::Actor,
    },
};

#[ComplexObject]
impl Album {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Album, self.id)
    }

    /// Whether the album belongs to this pod.
    async fn is_local(&self, ctx: &Context<'_>) -> bool {
        ctx.data_unchecked::<Cx>()
            .reader()
            .is_local(self.fid.as_deref())
    }

    /// Whether the album has a star of yours; `false` for anonymous callers. Requires `read:favorites`.
    async fn is_starred(&self, ctx: &Context<'_>) -> Option<Result<bool>> {
        answer(async {
            let view = view::<ViewOfAlbum>(ctx, self.id).await?;
            Ok(view.is_some_and(|view| view.starred_date.is_some()))
        })
        .await
    }

    /// Your rating of the album, from 1 to 5; null if there is none. Requires `read:favorites`.
    async fn viewer_rating(&self, ctx: &Context<'_>) -> Option<Result<Option<i64>>> {
        answer(async {
            let view = view::<ViewOfAlbum>(ctx, self.id).await?;
            Ok(view.and_then(|view| view.rating))
        })
        .await
    }

    /// Whether you may approve edits of the album, also your own as you make them (`isApproved`).
    async fn viewer_can_edit(&self, ctx: &Context<'_>) -> bool {
        can_edit(ctx, self.fid.as_deref(), self.attributed_to_id)
    }

    /// Total duration of the tracks that you can play, in seconds; null if none is known.
    #[graphql(complexity = "cost(50, child_complexity)")]
    async fn duration(&self, ctx: &Context<'_>) -> Result<Option<i64>> {
        let permit = ctx.reach::<Retrieve>().await?;
        let loaders = permit.loaders();
        let tracks = loaders.shared::<AlbumTracks>(self.id).await?;
        let tracks = tracks.unwrap_or_default();
        let uploads = audible_uploads(loaders, &permit, &tracks).await?;
        let durations = uploads.values().filter_map(|uploads| duration_of(uploads));
        Ok(durations.reduce(|sum, duration| sum.saturating_add(duration)))
    }

    /// Artist credited first.
    async fn artist(&self, ctx: &Context<'_>) -> Result<Option<Artist>> {
        let credits = ctx
            .load_all::<artists::Retrieve, AlbumCredits>(self.id)
            .await?;
        ctx.load::<artists::Retrieve, Artist>(credits.first().map(|credit| credit.artist_id))
            .await
    }

    /// All artist credits, in order.
    async fn artist_credit(&self, ctx: &Context<'_>) -> Result<Vec<ArtistCredit>> {
        ctx.load_all::<Retrieve, AlbumCredits>(self.id).await
    }

    /// Cover of the album.
    async fn cover(&self, ctx: &Context<'_>) -> Result<Option<Attachment>> {
        ctx.load::<Retrieve, Attachment>(self.attachment_cover_id)
            .await
    }

    /// Description.
    async fn description(&self, ctx: &Context<'_>) -> Result<Option<Content>> {
        ctx.load::<Retrieve, Content>(self.description_content_id)
            .await
    }

    /// Actor who added the album.
    async fn attributed_to(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        ctx.load::<Retrieve, Actor>(self.attributed_to_id).await
    }

    /// Tags, sorted by name.
    async fn tags(&self, ctx: &Context<'_>) -> Result<Vec<Tag>> {
        ctx.load_all::<Retrieve, AlbumTags>(self.id).await
    }

    /// Number of tracks on the album.
    async fn tracks_count(&self, ctx: &Context<'_>) -> Result<i64> {
        ctx.load_all::<Retrieve, AlbumTracksCount>(self.id).await
    }

    /// Whether you can play at least one track of the album.
    async fn is_playable(&self, ctx: &Context<'_>) -> Result<bool> {
        let permit = ctx.reach::<Retrieve>().await?;
        let playable = playable::<AlbumHolders>(permit.loaders(), &permit, &[self.id]).await?;
        Ok(playable.contains(&self.id))
    }

    /// Tracks; by disc and position, unless `orderBy` is given. With a filter or an order, artists that you
    /// have hidden are left out.
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
        nest::<TracksOfAlbum>(ctx, self.id, asked).await
    }

    /// Libraries with tracks of the album that you have access to, oldest first.
    #[graphql(complexity = "cost(10, child_complexity)")]
    async fn libraries(&self, ctx: &Context<'_>) -> Result<Vec<Library>> {
        let ids = ctx.load_all::<Libraries, AlbumLibraries>(self.id).await?;
        ctx.load_list::<Libraries, Library>(ids).await
    }

    /// The 20 newest edits of the album, newest first.
    #[graphql(complexity = "cost(20, child_complexity)")]
    async fn edits(&self, ctx: &Context<'_>) -> Result<Option<Vec<Edit>>> {
        let permit = ctx.reach::<edits::OfAlbum>().await?;
        let edits = permit.loaders().one::<AlbumEdits>(self.id).await?;
        Ok(Some(edits.unwrap_or_default()))
    }
}

fields! {
    Queries as "AlbumsQueries";
    list albums: List(AlbumFilter, AlbumOrder) -> Album = listing;
    one album(Kind::Album) -> Album = retrieve;
}

mutations! {
    Mutations as "AlbumMutations";
    delete delete_album(DeleteAlbumInput) -> DeleteAlbumPayload = delete, of Kind::Album;
    change create_album(NewAlbum) -> CreateAlbumPayload { album: Album, "The new album." } = create;
}
