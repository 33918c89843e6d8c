//! Attachments: covers and other pictures.
mod proxy;
mod write;

pub use self::write::insert;

use async_graphql::{ComplexObject, Context, ID, SimpleObject};
use poem_openapi::{Object, OpenApi, param::Path};
use serde::Serialize;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    context::{Cx, Reader},
    error::{Error, Result},
    graphql::{
        connection::answer,
        ids::{Key, Kind, global},
        scalars::BigInt,
    },
    guard::{AllowExt, Allowed, operations},
    load::{Entity, entity},
    media::picture::Crop,
    rest::{
        answer::{Answer, Created, NoContent, Redirect},
        file::SentFile,
    },
    store::{On, sql},
    time::Timestamp,
};

operations! {
    "attachments";
    /// Shows one attachment.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "attachment";
    /// Attaches a picture: PNG or JPEG, from 50 x 50 pixels, up to 5 MiB. All but the picture itself, such as where it was taken, is removed.
    create: Create = write Libraries, anonymous = Never, throttle = Create, graphql = "(files are sent to REST)";
    /// Takes an own picture away.
    delete: Delete = write Libraries, anonymous = Never, throttle = Destroy, graphql = "Mutation.deleteAttachment";
    /// Leads to a picture in one of its sizes; one of another pod is fetched first.
    proxy: Proxy = act, anonymous = Always, throttle = Wildcard, graphql = "(a redirect; Attachment.urls names the addresses)", params = proxy::Query;
}

/// A picture: the cover of an artist, an album or a track.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Attachment {
    /// The number of the row, unique among attachments.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// Its UUID.
    pub uuid: Uuid,
    #[graphql(skip)]
    pub url: Option<String>,
    #[graphql(skip)]
    pub file: String,
    #[graphql(skip)]
    pub size: Option<i64>,
    /// Its media type.
    pub mimetype: Option<String>,
    /// When it was attached.
    pub creation_date: Timestamp,
}

/// Where a picture can be had, in three sizes.
#[derive(Clone, Debug, Serialize, Object, SimpleObject)]
pub struct AttachmentUrls {
    /// Where it came from, when it is of another pod.
    source: Option<String>,
    /// As it was uploaded.
    original: String,
    /// A square of 200 pixels from its middle.
    medium_square_crop: String,
    /// A square of 600 pixels from its middle.
    large_square_crop: String,
}

/// A picture: the cover of an artist, an album or a track.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Attachment")]
pub struct AttachmentBody {
    /// Its UUID.
    uuid: Uuid,
    /// Its size in bytes.
    size: Option<i64>,
    /// Its media type.
    mimetype: Option<String>,
    /// When it was attached.
    creation_date: Timestamp,
    /// Where it can be had.
    urls: AttachmentUrls,
}

#[ComplexObject]
impl Attachment {
    /// The global identifier, opaque to clients.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Attachment, self.id)
    }

    /// Its size in bytes.
    async fn size(&self) -> Option<BigInt> {
        self.size.map(BigInt)
    }

    /// Where it can be had.
    async fn urls(&self, ctx: &Context<'_>) -> AttachmentUrls {
        self.addresses(ctx.data_unchecked::<Cx>().reader())
    }
}

impl Attachment {
    pub fn body(&self, reader: &Reader) -> AttachmentBody {
        AttachmentBody {
            uuid: self.uuid,
            size: self.size,
            mimetype: self.mimetype.clone(),
            creation_date: self.creation_date,
            urls: self.addresses(reader),
        }
    }

    /// Where a square of 200 pixels from its middle can be had.
    pub fn medium_square_crop(&self, reader: &Reader) -> String {
        self.addresses(reader).medium_square_crop
    }

    fn addresses(&self, reader: &Reader) -> AttachmentUrls {
        let names = reader.names();
        if self.file.is_empty() {
            let root = &names.public_url;
            let proxied =
                |size: &str| format!("{root}/api/v1/attachments/{}/proxy?next={size}", self.uuid);
            return AttachmentUrls {
                source: self.url.clone(),
                original: proxied("original"),
                medium_square_crop: proxied("medium_square_crop"),
                large_square_crop: proxied("large_square_crop"),
            };
        }
        let media = &names.media_url;
        AttachmentUrls {
            source: self.url.clone(),
            original: format!("{media}{}", self.file),
            medium_square_crop: format!("{media}{}", Crop::Medium.file(&self.file)),
            large_square_crop: format!("{media}{}", Crop::Large.file(&self.file)),
        }
    }
}

entity!(Attachment in "attachments": "id, uuid, url, file, size, mimetype, creation_date",
    upon [AttachmentId], weighs [url, file, mimetype]);

/// The number of the actor's own picture with this UUID.
pub async fn own(on: impl On, actor: Option<i64>, uuid: Uuid) -> Result<Option<i64>> {
    let found = sql("select id from attachments where uuid = ? and actor_id = ?")
        .bind(uuid)
        .bind(actor.unwrap_or(-1));
    Ok(found.optional::<(i64,)>(on).await?.map(|row| row.0))
}

async fn retrieve(permit: &Allowed<Retrieve>, uuid: Uuid) -> Result<Attachment> {
    Attachment::select()
        .then(" where uuid = ?")
        .bind(uuid)
        .one(permit.db())
        .await
}

pub async fn named(permit: &Allowed<Retrieve>, key: Key) -> Result<Attachment> {
    match key {
        Key::Uuid(uuid) => retrieve(permit, uuid).await,
        Key::Id(id) => permit
            .loaders()
            .one::<Attachment>(id)
            .await?
            .ok_or(Error::NotFound),
    }
}

pub struct Rest;

#[OpenApi(prefix_path = "/api/v1/attachments")]
impl Rest {
    #[oai(path = "/", method = "post")]
    async fn create(
        &self,
        permit: Allowed<Create>,
        file: SentFile<{ write::MOST }>,
    ) -> Result<Created<AttachmentBody>> {
        let row = write::create(&permit, file.0).await?;
        Ok(Created(row.body(&permit)))
    }

    #[oai(path = "/:uuid", method = "delete")]
    async fn delete(&self, permit: Allowed<Delete>, uuid: Path<Uuid>) -> Result<NoContent> {
        write::delete(&permit, Key::Uuid(uuid.0))
            .await
            .map(|_| NoContent)
    }

    #[oai(path = "/:uuid/proxy", method = "get")]
    async fn proxy(
        &self,
        permit: Allowed<Proxy>,
        uuid: Path<Uuid>,
        query: proxy::Query,
    ) -> Result<Redirect> {
        proxy::proxy(&permit, uuid.0, &query).await.map(Redirect)
    }

    #[oai(path = "/:uuid", method = "get")]
    async fn retrieve(
        &self,
        permit: Allowed<Retrieve>,
        uuid: Path<Uuid>,
    ) -> Result<Answer<AttachmentBody>> {
        retrieve(&permit, uuid.0)
            .await
            .map(|row| Answer(row.body(&permit)))
    }
}

#[derive(Default)]
pub struct Mutations;

#[async_graphql::Object(name = "AttachmentMutations")]
impl Mutations {
    async fn delete_attachment(
        &self,
        ctx: &Context<'_>,
        id: Option<ID>,
        database_id: Option<i64>,
        uuid: Option<Uuid>,
    ) -> Option<Result<Uuid>> {
        let key = Key::of(Kind::Attachment, id, database_id, uuid);
        answer(async { write::delete(&ctx.allow().await?, key?).await }).await
    }
}

#[derive(Default)]
pub struct Queries;

#[async_graphql::Object(name = "AttachmentsQueries")]
impl Queries {
    async fn attachment(
        &self,
        ctx: &Context<'_>,
        id: Option<ID>,
        database_id: Option<i64>,
        uuid: Option<Uuid>,
    ) -> Option<Result<Attachment>> {
        let key = Key::of(Kind::Attachment, id, database_id, uuid);
        answer(async { named(&ctx.allow().await?, key?).await }).await
    }
}
