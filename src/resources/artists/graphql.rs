use async_graphql::{ComplexObject, Context, ID, Object};
use uuid::Uuid;

use super::{
    Artist, ArtistFilter, ArtistOrder, ArtistTracksCount, Libraries, Retrieve, browse, retrieve,
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
        albums,
        albums::{Album, ArtistAlbums},
        attachments::Attachment,
        channels::{Channel, ChannelOf},
        contents::Content,
        edits::{self, ArtistEdits, Edit},
        libraries::{ArtistLibraries, Library},
        tags::{ArtistTags, Tag},
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

    /// Albums that the artist is credited on, in the order they were added. For pages and other
    /// orders, use the root field `albums` with the filter `artist`.
    #[graphql(complexity = "cost(few(first), child_complexity)")]
    async fn albums(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20, desc = "Number of albums to return (at most 100).")] first: u32,
    ) -> Result<Vec<Album>> {
        let ids = ctx.load_all::<albums::List, ArtistAlbums>(self.id).await?;
        ctx.load_list::<albums::List, Album>(ids.into_iter().take(few(first)))
            .await
    }

    /// Public libraries with tracks of the artist, newest first.
    #[graphql(complexity = "cost(10, child_complexity)")]
    async fn libraries(&self, ctx: &Context<'_>) -> Result<Vec<Library>> {
        let ids = ctx.load_all::<Libraries, ArtistLibraries>(self.id).await?;
        ctx.load_list::<Libraries, Library>(ids).await
    }

    /// The 20 newest edits of the artist, newest first.
    #[graphql(complexity = "cost(20, child_complexity)")]
    async fn edits(&self, ctx: &Context<'_>) -> Result<Vec<Edit>> {
        let permit = ctx.reach::<edits::OfArtist>().await?;
        let edits = permit.loaders().one::<ArtistEdits>(self.id).await?;
        Ok(edits.unwrap_or_default())
    }
}

#[derive(Default)]
pub struct Queries;

#[Object(name = "ArtistsQueries")]
impl Queries {
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
