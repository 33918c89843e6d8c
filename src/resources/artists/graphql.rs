use async_graphql::{ComplexObject, Context, ID, Object};
use uuid::Uuid;

use super::{Artist, ArtistFilter, ArtistOrder, Libraries, Retrieve, browse, retrieve};
use crate::{
    context::Cx,
    error::Result,
    graphql::{
        connection::{Connection, answer, cost, few, pages, window},
        ids::{Key, Kind, global},
        loaders::{
            ActorId, AlbumId, ArtistAlbums, ArtistEdits, ArtistLibraries, ArtistTags,
            ArtistTracksCount, AttachmentId, ChannelOf, ContentId, LibraryId,
        },
    },
    guard::AllowExt,
    resources::{
        actors::Actor,
        albums,
        albums::Album,
        attachments::Attachment,
        channels::Channel,
        contents::Content,
        edits::{self, Edit},
        libraries::Library,
        tags::Tag,
    },
};

#[ComplexObject]
impl Artist {
    /// The global identifier, opaque to clients.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Artist, self.id)
    }

    /// Whether it belongs to this pod.
    async fn is_local(&self, ctx: &Context<'_>) -> bool {
        ctx.data_unchecked::<Cx>()
            .reader()
            .is_local(self.fid.as_deref())
    }

    /// Its picture.
    async fn cover(&self, ctx: &Context<'_>) -> Result<Option<Attachment>> {
        let permit = ctx.reach::<Retrieve>().await?;
        permit
            .loaders()
            .maybe(self.attachment_cover_id.map(AttachmentId))
            .await
    }

    /// What is told of it.
    async fn description(&self, ctx: &Context<'_>) -> Result<Option<Content>> {
        let permit = ctx.reach::<Retrieve>().await?;
        permit
            .loaders()
            .maybe(self.description_content_id.map(ContentId))
            .await
    }

    /// Who added it.
    async fn attributed_to(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        let permit = ctx.reach::<Retrieve>().await?;
        permit
            .loaders()
            .maybe(self.attributed_to_id.map(ActorId))
            .await
    }

    /// The channel that it is.
    async fn channel(&self, ctx: &Context<'_>) -> Result<Option<Channel>> {
        ctx.reach::<Retrieve>()
            .await?
            .loaders()
            .one(ChannelOf(self.id))
            .await
    }

    /// Its tags, by name.
    async fn tags(&self, ctx: &Context<'_>) -> Result<Vec<Tag>> {
        let tags = ctx
            .reach::<Retrieve>()
            .await?
            .loaders()
            .one(ArtistTags(self.id))
            .await?;
        Ok(tags.unwrap_or_default())
    }

    /// How many tracks are credited to it first.
    async fn tracks_count(&self, ctx: &Context<'_>) -> Result<i64> {
        let count = ctx
            .reach::<Retrieve>()
            .await?
            .loaders()
            .one(ArtistTracksCount(self.id))
            .await?;
        Ok(count.unwrap_or_default())
    }

    /// Its albums, in the order they were added. For more of them, or other orders, ask the root
    /// field `albums` with the filter `artist`.
    #[graphql(complexity = "cost(few(first), child_complexity)")]
    async fn albums(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20, desc = "So many at most, up to 100.")] first: u32,
    ) -> Result<Vec<Album>> {
        let permit = ctx.reach::<albums::List>().await?;
        let ids = permit
            .loaders()
            .one(ArtistAlbums(self.id))
            .await?
            .unwrap_or_default();
        permit
            .loaders()
            .list(ids.into_iter().take(few(first)).map(AlbumId).collect())
            .await
    }

    /// The public libraries that hold something of it.
    #[graphql(complexity = "cost(10, child_complexity)")]
    async fn libraries(&self, ctx: &Context<'_>) -> Result<Vec<Library>> {
        let permit = ctx.reach::<Libraries>().await?;
        let ids = permit
            .loaders()
            .one(ArtistLibraries(self.id))
            .await?
            .unwrap_or_default();
        permit
            .loaders()
            .list(ids.into_iter().map(LibraryId).collect())
            .await
    }

    /// The edits that were proposed, newest first, 20 at most.
    #[graphql(complexity = "cost(20, child_complexity)")]
    async fn edits(&self, ctx: &Context<'_>) -> Result<Vec<Edit>> {
        let permit = ctx.reach::<edits::OfArtist>().await?;
        let edits = permit.loaders().one(ArtistEdits(self.id)).await?;
        Ok(edits.unwrap_or_default())
    }
}

#[derive(Default)]
pub struct Queries;

#[Object(name = "ArtistsQueries")]
impl Queries {
    /// Artists; newest first unless it says otherwise.
    #[graphql(complexity = "cost(pages(first, last), child_complexity)")]
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn artists(
        &self,
        ctx: &Context<'_>,
        #[graphql(default)] filter: ArtistFilter,
        #[graphql(default)] order_by: Vec<ArtistOrder>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> Option<Result<Connection<Artist>>> {
        let window = window(first, after, last, before);
        answer(async { browse(&ctx.allow().await?, &filter, &order_by, window).await }).await
    }

    /// One artist, by one of its identifiers.
    async fn artist(
        &self,
        ctx: &Context<'_>,
        id: Option<ID>,
        database_id: Option<i64>,
        uuid: Option<Uuid>,
    ) -> Option<Result<Artist>> {
        let key = Key::of(Kind::Artist, id, database_id, uuid);
        answer(async { retrieve(&ctx.allow().await?, key?).await }).await
    }
}
