use async_graphql::{ComplexObject, Context, ID, Json, Object};
use serde_json::Value;
use uuid::Uuid;

use super::{Retrieve, Upload, UploadFilter, UploadOrder, browse, retrieve};
use crate::{
    context::Cx,
    error::Result,
    graphql::{
        connection::{Connection, answer, cost, pages, window},
        ids::{Key, Kind, global},
        scalars::BigInt,
    },
    guard::AllowExt,
    resources::{
        libraries::{self, Library},
        tracks::{self, Track},
    },
};

#[ComplexObject]
impl Upload {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Upload, self.id)
    }

    /// Whether the upload belongs to this pod.
    async fn is_local(&self, ctx: &Context<'_>) -> bool {
        ctx.data_unchecked::<Cx>()
            .reader()
            .is_local(self.fid.as_deref())
    }

    /// Size in bytes.
    async fn size(&self) -> Option<BigInt> {
        self.size.map(BigInt)
    }

    /// File extension, such as `mp3`; empty if unknown.
    #[graphql(name = "extension")]
    async fn file_extension(&self) -> &str {
        self.extension()
    }

    /// Path of the upload's audio on this server; null if the upload has no track.
    #[graphql(name = "listenUrl")]
    async fn listen_address(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let permit = ctx.reach::<tracks::Retrieve>().await?;
        let track = permit.loaders().maybe::<Track>(self.track_id).await?;
        Ok(track.map(|track| self.listen_url(track.uuid)))
    }

    /// Track of the upload; null until imported.
    async fn track(&self, ctx: &Context<'_>) -> Result<Option<Track>> {
        ctx.load::<tracks::Retrieve, Track>(self.track_id).await
    }

    /// Library of the upload.
    async fn library(&self, ctx: &Context<'_>) -> Result<Option<Library>> {
        ctx.load::<libraries::Retrieve, Library>(self.library_id)
            .await
    }

    /// Details of the import, such as why it failed; null for uploads of others.
    async fn import_details(&self, ctx: &Context<'_>) -> Result<Option<Json<Value>>> {
        let permit = ctx.reach::<Retrieve>().await?;
        let library = permit.loaders().one::<Library>(self.library_id).await?;
        let own = library.is_some_and(|library| permit.actor_id() == Some(library.actor_id));
        Ok(own.then(|| Json(self.import_details.clone())))
    }
}

#[derive(Default)]
pub struct Queries;

#[Object(name = "UploadsQueries")]
impl Queries {
    #[graphql(complexity = "cost(pages(first, last), child_complexity)")]
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn uploads(
        &self,
        ctx: &Context<'_>,
        #[graphql(default)] filter: UploadFilter,
        #[graphql(default)] order_by: Vec<UploadOrder>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
    ) -> Option<Result<Connection<Upload>>> {
        let window = window(first, after, last, before);
        answer(async { browse(&ctx.allow().await?, &filter, &order_by, window).await }).await
    }

    async fn upload(
        &self,
        ctx: &Context<'_>,
        id: Option<ID>,
        database_id: Option<i64>,
        uuid: Option<Uuid>,
    ) -> Option<Result<Upload>> {
        let key = Key::of(Kind::Upload, id, database_id, uuid);
        answer(async { retrieve(&ctx.allow().await?, key?).await }).await
    }
}
