use async_graphql::{ComplexObject, Context, ID, Json};
use serde_json::Value;

use super::{
    AudioFormat, List, Retrieve, Upload, UploadFilter, UploadOrder, address, retrieve,
    sql::{listing, visible_listing},
};
use crate::{
    context::Cx,
    error::Result,
    graphql::{
        connection::answer,
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

    /// URL of the upload's audio; null if the upload has no track.
    #[graphql(name = "listenUrl")]
    async fn listen_address(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Format to convert to; that of the upload unless given.")] format: Option<
            AudioFormat,
        >,
        #[graphql(desc = "Maximum bitrate in kbit/s, from 1 to 320.")] max_bitrate: Option<i32>,
        #[graphql(
            desc = "`true`: with a token of yours in the URL, which plays audio for three days. For \
            players that send no headers. Requires `read:profile`."
        )]
        signed: Option<bool>,
    ) -> Option<Result<Option<String>>> {
        answer(async {
            let permit = ctx.reach::<tracks::Retrieve>().await?;
            let Some(track) = permit.loaders().maybe::<Track>(self.track_id).await? else {
                return Ok(None);
            };
            let path = self.listen_url(track.uuid);
            address(ctx, path, format, max_bitrate, signed)
                .await
                .map(Some)
        })
        .await
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
