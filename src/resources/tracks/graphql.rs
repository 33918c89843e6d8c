use async_graphql::{ComplexObject, Context, ID, Object};
use uuid::Uuid;

use super::{Libraries, Retrieve, Track, TrackFilter, TrackOrder, browse, delete, retrieve};
use crate::{
    context::Cx,
    error::Result,
    graphql::{
        connection::{Connection, answer, cost, pages, window},
        ids::{Key, Kind, global},
        loaders::{
            ActorId, AlbumId, ArtistId, AttachmentId, ContentId, LibraryId, TrackCredits,
            TrackEdits, TrackLibraries, TrackTags, TrackUploads,
        },
    },
    guard::AllowExt,
    resources::{
        actors::Actor,
        albums::{self, Album},
        artists::{self, Artist},
        attachments::Attachment,
        contents::Content,
        credits::ArtistCredit,
        edits::{self, Edit},
        libraries::Library,
        licenses::{self, License},
        tags::Tag,
        uploads::{Upload, listen_url},
    },
};

#[ComplexObject]
impl Track {
    /// The global identifier, opaque to clients.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Track, self.id)
    }

    /// Whether it belongs to this pod.
    async fn is_local(&self, ctx: &Context<'_>) -> bool {
        ctx.data_unchecked::<Cx>()
            .reader()
            .is_local(self.fid.as_deref())
    }

    /// Where to listen to it: a path on this server.
    async fn listen_url(&self) -> String {
        listen_url(self.uuid)
    }

    /// The artist credited first.
    async fn artist(&self, ctx: &Context<'_>) -> Result<Option<Artist>> {
        let permit = ctx.reach::<artists::Retrieve>().await?;
        let credits = permit
            .loaders()
            .one(TrackCredits(self.id))
            .await?
            .unwrap_or_default();
        permit
            .loaders()
            .maybe(credits.first().map(|credit| ArtistId(credit.artist_id)))
            .await
    }

    /// Who it is by, in order.
    async fn artist_credit(&self, ctx: &Context<'_>) -> Result<Vec<ArtistCredit>> {
        let permit = ctx.reach::<Retrieve>().await?;
        Ok(permit
            .loaders()
            .one(TrackCredits(self.id))
            .await?
            .unwrap_or_default())
    }

    /// Its album.
    async fn album(&self, ctx: &Context<'_>) -> Result<Option<Album>> {
        let permit = ctx.reach::<albums::Retrieve>().await?;
        permit.loaders().maybe(self.album_id.map(AlbumId)).await
    }

    /// The license it is published under.
    async fn license(&self, ctx: &Context<'_>) -> Result<Option<License>> {
        let permit = ctx.reach::<licenses::Retrieve>().await?;
        permit.loaders().license(self.license.as_deref()).await
    }

    /// Its cover.
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

    /// Its tags, by name.
    async fn tags(&self, ctx: &Context<'_>) -> Result<Vec<Tag>> {
        let tags = ctx
            .reach::<Retrieve>()
            .await?
            .loaders()
            .one(TrackTags(self.id))
            .await?;
        Ok(tags.unwrap_or_default())
    }

    /// The uploads that the caller can play.
    #[graphql(complexity = "cost(2, child_complexity)")]
    async fn uploads(&self, ctx: &Context<'_>) -> Result<Vec<Upload>> {
        let uploads = ctx
            .reach::<Retrieve>()
            .await?
            .loaders()
            .one(TrackUploads(self.id))
            .await?;
        Ok(uploads.unwrap_or_default())
    }

    /// Whether the caller can play it.
    async fn is_playable(&self, ctx: &Context<'_>) -> Result<bool> {
        let uploads = ctx
            .reach::<Retrieve>()
            .await?
            .loaders()
            .one(TrackUploads(self.id))
            .await?;
        Ok(uploads.is_some_and(|uploads| !uploads.is_empty()))
    }

    /// The public libraries that hold it.
    #[graphql(complexity = "cost(10, child_complexity)")]
    async fn libraries(&self, ctx: &Context<'_>) -> Result<Vec<Library>> {
        let permit = ctx.reach::<Libraries>().await?;
        let ids = permit
            .loaders()
            .one(TrackLibraries(self.id))
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
        let permit = ctx.reach::<edits::OfTrack>().await?;
        let edits = permit.loaders().one(TrackEdits(self.id)).await?;
        Ok(edits.unwrap_or_default())
    }
}

#[derive(Default)]
pub struct Mutations;

#[Object(name = "TrackMutations")]
impl Mutations {
    /// Takes a track of an own channel away; answers its global identifier.
    async fn delete_track(
        &self,
        ctx: &Context<'_>,
        id: Option<ID>,
        database_id: Option<i64>,
        uuid: Option<Uuid>,
    ) -> Option<Result<ID>> {
        let key = Key::of(Kind::Track, id, database_id, uuid);
        let gone = async { delete(&ctx.allow().await?, key?).await };
        answer(async { Ok(global(Kind::Track, gone.await?)) }).await
    }
}

#[derive(Default)]
pub struct Queries;

#[Object(name = "TracksQueries")]
impl Queries {
    /// Tracks; newest first unless it says otherwise.
    #[graphql(complexity = "cost(pages(first, last), child_complexity)")]
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn tracks(
        &self,
        ctx: &Context<'_>,
        #[graphql(default)] filter: TrackFilter,
        #[graphql(default)] order_by: Vec<TrackOrder>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> Option<Result<Connection<Track>>> {
        let window = window(first, after, last, before);
        answer(async { browse(&ctx.allow().await?, &filter, &order_by, window).await }).await
    }

    /// One track, by one of its identifiers.
    async fn track(
        &self,
        ctx: &Context<'_>,
        id: Option<ID>,
        database_id: Option<i64>,
        uuid: Option<Uuid>,
    ) -> Option<Result<Track>> {
        let key = Key::of(Kind::Track, id, database_id, uuid);
        answer(async { retrieve(&ctx.allow().await?, key?).await }).await
    }
}
