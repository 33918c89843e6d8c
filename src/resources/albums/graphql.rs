use async_graphql::{ComplexObject, Context, ID, Object};
use uuid::Uuid;

use super::{
    Album, AlbumFilter, AlbumOrder, AlbumTracksCount, Libraries, Retrieve, browse, playable,
    retrieve,
    write::{NewAlbum, create, delete},
};
use crate::{
    context::Cx,
    error::Result,
    graphql::{
        connection::{Connection, answer, cost, few, pages, window},
        ids::{Key, Kind, global},
    },
    guard::AllowExt,
    resources::{
        actors::Actor,
        artists::{self, Artist},
        attachments::Attachment,
        contents::Content,
        credits::{AlbumCredits, ArtistCredit},
        edits::{self, AlbumEdits, Edit},
        libraries::{AlbumLibraries, Library},
        tags::{AlbumTags, Tag},
        tracks::{self, AlbumTracks, Track},
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
        let playable = playable(permit.loaders(), &permit, &[self.id]).await?;
        Ok(playable.contains(&self.id))
    }

    /// Tracks, sorted by disc and position. For pages and other orders, use the root field `tracks`
    /// with the filter `album`.
    #[graphql(complexity = "cost(few(first), child_complexity)")]
    async fn tracks(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20, desc = "Number of tracks to return (at most 100).")] first: u32,
    ) -> Result<Vec<Track>> {
        let ids = ctx.load_all::<tracks::List, AlbumTracks>(self.id).await?;
        ctx.load_list::<tracks::List, Track>(ids.into_iter().take(few(first)))
            .await
    }

    /// Public libraries with tracks of the album, newest first.
    #[graphql(complexity = "cost(10, child_complexity)")]
    async fn libraries(&self, ctx: &Context<'_>) -> Result<Vec<Library>> {
        let ids = ctx.load_all::<Libraries, AlbumLibraries>(self.id).await?;
        ctx.load_list::<Libraries, Library>(ids).await
    }

    /// The 20 newest edits of the album, newest first.
    #[graphql(complexity = "cost(20, child_complexity)")]
    async fn edits(&self, ctx: &Context<'_>) -> Result<Vec<Edit>> {
        let permit = ctx.reach::<edits::OfAlbum>().await?;
        let edits = permit.loaders().one::<AlbumEdits>(self.id).await?;
        Ok(edits.unwrap_or_default())
    }
}

#[derive(Default)]
pub struct Mutations;

#[Object(name = "AlbumMutations")]
impl Mutations {
    async fn create_album(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Album to create.")] input: NewAlbum,
    ) -> Option<Result<Album>> {
        answer(async { create(&ctx.allow().await?, input).await }).await
    }

    async fn delete_album(
        &self,
        ctx: &Context<'_>,
        id: Option<ID>,
        database_id: Option<i64>,
        uuid: Option<Uuid>,
    ) -> Option<Result<ID>> {
        let key = Key::of(Kind::Album, id, database_id, uuid);
        let gone = async { delete(&ctx.allow().await?, key?).await };
        answer(async { Ok(global(Kind::Album, gone.await?)) }).await
    }
}

#[derive(Default)]
pub struct Queries;

#[Object(name = "AlbumsQueries")]
impl Queries {
    #[graphql(complexity = "cost(pages(first, last), child_complexity)")]
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn albums(
        &self,
        ctx: &Context<'_>,
        #[graphql(default)] filter: AlbumFilter,
        #[graphql(default)] order_by: Vec<AlbumOrder>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> Option<Result<Connection<Album>>> {
        let window = window(first, after, last, before);
        answer(async { browse(&ctx.allow().await?, &filter, &order_by, window).await }).await
    }

    async fn album(
        &self,
        ctx: &Context<'_>,
        id: Option<ID>,
        database_id: Option<i64>,
        uuid: Option<Uuid>,
    ) -> Option<Result<Album>> {
        let key = Key::of(Kind::Album, id, database_id, uuid);
        answer(async { retrieve(&ctx.allow().await?, key?).await }).await
    }
}
