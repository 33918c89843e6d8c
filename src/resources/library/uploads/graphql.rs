use async_graphql::{ComplexObject, Context, ID, Json};
use serde_json::Value;

use super::{
    AudioFormat, List, Retrieve, Upload, UploadFilter, UploadOrder, address, file_name, retrieve,
    sql::listing,
};
use crate::{
    context::Cx,
    error::Result,
    graphql::{
        connection::answer,
        ids::{Kind, global},
        scalars::BigInt,
        standard::fields,
    },
    guard::AllowExt,
    resources::{
        catalogue::{
            albums::Album,
            artists::Artist,
            credits::TrackCredits,
            tracks::{self, Track},
        },
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

    /// File name to save the audio as, such as `Artist - Album - Title.mp3`; null if the upload has no track.
    async fn filename(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let permit = ctx.reach::<tracks::Retrieve>().await?;
        let loaders = permit.loaders();
        let Some(track) = loaders.maybe::<Track>(self.track_id).await? else {
            return Ok(None);
        };
        let credits = loaders.one::<TrackCredits>(track.id).await?;
        let credits = credits.unwrap_or_default();
        let first = credits.first().map(|credit| credit.artist_id);
        let artist = loaders.maybe::<Artist>(first).await?;
        let album = loaders.maybe::<Album>(track.album_id).await?;
        let artist = artist.as_ref().map(|artist| artist.name.as_str());
        let album = album.as_ref().map(|album| album.title.as_str());
        Ok(Some(file_name(
            artist,
            album,
            &track.title,
            self.extension(),
        )))
    }

    /// Source of the file, such as a URL; null for uploads of others.
    async fn source(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let own = self.is_own(ctx).await?;
        Ok(self.source.clone().filter(|_| own))
    }

    /// Metadata read from the file; null for uploads of others.
    async fn metadata(&self, ctx: &Context<'_>) -> Result<Option<Json<Value>>> {
        let own = self.is_own(ctx).await?;
        Ok(own.then(|| Json(self.metadata.clone())))
    }

    /// Metadata given with the upload, which take precedence over those of the file; null for uploads of
    /// others.
    async fn import_metadata(&self, ctx: &Context<'_>) -> Result<Option<Json<Value>>> {
        let own = self.is_own(ctx).await?;
        Ok(own.then(|| Json(self.import_metadata.clone())))
    }

    /// Details of the import, such as why it failed; null for uploads of others.
    async fn import_details(&self, ctx: &Context<'_>) -> Result<Option<Json<Value>>> {
        let own = self.is_own(ctx).await?;
        Ok(own.then(|| Json(self.import_details.clone())))
    }
}

impl Upload {
    async fn is_own(&self, ctx: &Context<'_>) -> Result<bool> {
        let permit = ctx.reach::<Retrieve>().await?;
        let library = permit.loaders().one::<Library>(self.library_id).await?;
        Ok(library.is_some_and(|library| permit.actor_id() == Some(library.actor_id)))
    }
}

fields! {
    Queries as "UploadsQueries";
    list uploads: List(UploadFilter, UploadOrder) -> Upload = listing;
    one upload(Kind::Upload) -> Upload = retrieve;
}
