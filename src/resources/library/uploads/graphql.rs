use async_graphql::{ComplexObject, Context, ID, Json};
use serde_json::Value;

use super::{
    List, Retrieve, Upload, UploadFilter, UploadOrder, retrieve,
    sql::{listing, visible_listing},
};
use crate::{
    context::Cx,
    error::Result,
    graphql::{
        ids::{Kind, global},
        nested::nested,
        scalars::BigInt,
        standard::fields,
    },
    guard::AllowExt,
    resources::{
        catalogue::tracks::{self, Track},
        library::libraries::{self, Library},
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

nested! {
    /// Uploads in a library that the caller owns or can play.
    UploadsOfLibrary: Retrieve(UploadFilter, UploadOrder) -> Upload = visible_listing,
        where "u.library_id = ?";
    /// Uploads of an actor that the caller owns or can play.
    UploadsOfActor: Retrieve(UploadFilter, UploadOrder) -> Upload = visible_listing,
        where "u.library_id in (select l.id from libraries l where l.actor_id = ?)";
}

fields! {
    Queries as "UploadsQueries";
    list uploads: List(UploadFilter, UploadOrder) -> Upload = listing;
    one upload(Kind::Upload) -> Upload = retrieve;
}
