use async_graphql::{ComplexObject, Context, ID, InputObject, Json, SimpleObject};
use serde_json::Value;

use super::{
    Act, AudioFormat, Create, List, Retrieve, Update, Upload, UploadFilter, UploadMetadata,
    UploadOrder,
    actions::{self, UploadAction},
    address,
    file_metadata::{self, AudioFileMetadata},
    file_name, of_row,
    receive::receive,
    retrieve,
    sql::listing,
    write::{self, NewUpload, Submission, UploadChanges},
};
use crate::{
    context::{Cx, Reader},
    error::Result,
    graphql::{
        connection::{answer, cost},
        files::File,
        ids::{Key, Kind, global},
        live::subscriptions,
        reference::{ById, ByUuid, existing},
        scalars::BigInt,
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed},
    live::Row,
    resources::{
        catalogue::{
            albums::Album,
            artists::Artist,
            credits::TrackCredits,
            tracks::{self, Track},
        },
        library::{
            attachments::Attachment,
            libraries::{self, Library},
        },
        publishing::channels::Channel,
    },
    rest::action::Chosen,
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

    /// What the tags of the file say, which is read when it is asked for; null for uploads of others, and
    /// where the file is not on this server.
    #[graphql(complexity = 100)]
    async fn file_metadata(&self, ctx: &Context<'_>) -> Option<Result<Option<AudioFileMetadata>>> {
        answer(async {
            let permit = ctx.reach().await?;
            match self.is_own(ctx).await? {
                true => file_metadata::of_file(&permit, self).await,
                false => Ok(None),
            }
        })
        .await
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

/// What an uploader says of the audio. It takes precedence over the tags of the file.
#[derive(Debug, InputObject)]
struct UploadMetadataInput {
    #[graphql(flatten)]
    fields: UploadMetadata,
    /// The album. Only for uploads in a channel; it must be an album of the channel.
    album: Option<ById<Album>>,
    /// One of your own attachments, as the cover of the track. Only for uploads in a channel.
    cover: Option<ByUuid<Attachment>>,
}

impl UploadMetadataInput {
    async fn read(self, reader: &Reader) -> Result<UploadMetadata> {
        let fields = self.fields.checked()?;
        Ok(UploadMetadata {
            album: existing(reader, "import_metadata.album", self.album).await?,
            cover: existing(reader, "import_metadata.cover", self.cover).await?,
            ..fields
        })
    }
}

async fn said(
    reader: &Reader,
    metadata: Option<UploadMetadataInput>,
) -> Result<Option<UploadMetadata>> {
    match metadata {
        Some(metadata) => metadata.read(reader).await.map(Some),
        None => Ok(None),
    }
}

/// A file to upload, where it goes, and what is said of it.
#[derive(Debug, InputObject)]
struct CreateUploadInput {
    /// The audio file.
    audio_file: File,
    /// The library, which must be your own. Required unless `channel` is given.
    library: Option<ByUuid<Library>>,
    /// The channel, which must be your own. Required unless `library` is given.
    channel: Option<ByUuid<Channel>>,
    /// Metadata that take precedence over the tags of the file.
    import_metadata: Option<UploadMetadataInput>,
    /// A name for the import, up to 50 characters; a new UUID unless given.
    import_reference: Option<String>,
    /// Whether the upload is submitted for import, which is the default.
    import_status: Option<Submission>,
    /// Where the file comes from, up to 500 characters; `upload://` and its name unless given.
    source: Option<String>,
}

async fn created(permit: &Allowed<Create>, input: CreateUploadInput) -> Result<Upload> {
    let metadata = said(permit, input.import_metadata).await?;
    let new = NewUpload {
        library: input.library,
        channel: input.channel,
        import_reference: input.import_reference,
        import_status: input.import_status,
        source: input.source,
        metadata,
    };
    new.precheck(permit).await?;
    let received = receive(permit, permit.files().open(&input.audio_file).await?).await?;
    permit.take_turn_put_off().await?;
    write::store(permit, new, received).await
}

/// What to change of a draft. Fields that are not given keep their values.
#[derive(Debug, InputObject)]
struct UpdateUploadInput {
    /// Global ID of the upload; its UUID and its numeric ID are accepted too.
    id: ID,
    /// The library, which must be your own.
    library: Option<ByUuid<Library>>,
    /// Metadata that take precedence over the tags of the file.
    import_metadata: Option<UploadMetadataInput>,
    /// A name for the import, up to 50 characters.
    import_reference: Option<String>,
    /// `PENDING` submits the upload for import.
    import_status: Option<Submission>,
    /// Where the file comes from, up to 500 characters.
    source: Option<String>,
}

async fn updated(permit: &Allowed<Update>, input: UpdateUploadInput) -> Result<Upload> {
    let key = Key::of(Kind::Upload, Some(input.id), None, None)?;
    let metadata = said(permit, input.import_metadata).await?;
    let changes = UploadChanges {
        library: input.library,
        import_metadata: None,
        import_reference: input.import_reference,
        import_status: input.import_status,
        source: input.source,
    };
    write::change(permit, key, changes, metadata).await
}

/// What to do with which of your uploads. Give either `ids` or `filter`.
#[derive(Debug, InputObject)]
struct ApplyUploadActionInput {
    /// What to do.
    action: UploadAction,
    /// Global IDs of uploads, at most 5,000; UUIDs and numeric IDs are accepted too.
    ids: Option<Vec<ById<Upload>>>,
    /// All of your own uploads that match, at most 5,000. Not for `PUBLISH`.
    filter: Option<UploadFilter>,
}

/// Uploads that were acted on.
#[derive(Debug, SimpleObject)]
#[graphql(complex)]
struct ApplyUploadActionPayload {
    /// Number of uploads that were acted on.
    count: usize,
    #[graphql(skip)]
    done: Vec<i64>,
    #[graphql(skip)]
    uploads: Vec<Upload>,
}

/// Uploads in the answer at most.
const SHOWN: usize = 250;

#[ComplexObject]
impl ApplyUploadActionPayload {
    /// Global IDs of the uploads that were acted on.
    async fn ids(&self) -> Vec<ID> {
        let ids = self.done.iter();
        ids.map(|id| global(Kind::Upload, *id)).collect()
    }

    /// The first 250 of these uploads; empty if they were deleted.
    #[graphql(complexity = "cost(250, child_complexity)")]
    async fn uploads(&self) -> &[Upload] {
        &self.uploads
    }
}

async fn applied(
    permit: &Allowed<Act>,
    input: ApplyUploadActionInput,
) -> Result<ApplyUploadActionPayload> {
    let chosen = Chosen::of(permit, input.ids, input.filter).await?;
    let done = actions::act(permit, input.action, chosen).await?;
    let shown = &done[..done.len().min(SHOWN)];
    let uploads = match input.action {
        UploadAction::Delete => Vec::new(),
        _ => permit.loaders().owned::<Upload>(shown).await?,
    };
    Ok(ApplyUploadActionPayload {
        count: done.len(),
        done,
        uploads,
    })
}

/// An upload whose import has ended.
#[derive(SimpleObject)]
pub struct UploadImportedPayload {
    /// The upload; `importStatus` tells how its import ended.
    upload: Upload,
}

async fn imported(permit: Allowed<List>, row: Row) -> Result<UploadImportedPayload> {
    let upload = of_row(&permit, row).await?;
    Ok(UploadImportedPayload { upload })
}

subscriptions! {
    Subscriptions as "UploadsSubscriptions";
    /// Sends each of your uploads when its import ends: `FINISHED`, `SKIPPED` or `ERRORED`.
    upload_imported -> UploadImportedPayload = each imported;
}

mutations! {
    Mutations as "UploadsMutations";
    delete delete_upload(DeleteUploadInput) -> DeleteUploadPayload = actions::delete, of Kind::Upload;
    change create_upload(CreateUploadInput) -> CreateUploadPayload { upload: Upload, "The new upload." } = created;
    change update_upload(UpdateUploadInput) -> UpdateUploadPayload { upload: Upload, "The upload after the change." } = updated;
    act apply_upload_action(ApplyUploadActionInput) -> ApplyUploadActionPayload = applied;
}
