//! Attachments: covers, avatars and other pictures.
mod proxy;
mod write;

pub use self::{
    proxy::{Size, file},
    write::{discard, insert},
};

use async_graphql::{ComplexObject, Context, Enum, ID, SimpleObject};
use poem_openapi::{Object, param::Path};
use serde::Serialize;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    context::{Cx, Reader},
    error::{Error, Result},
    graphql::{
        ids::{Key, Kind, global},
        reference::identified,
        scalars::BigInt,
        standard::{fields, mutations},
    },
    guard::{Allowed, operations},
    load::{Entity, entity},
    media::picture::Crop,
    rest::{
        answer::{Answer, Created, NoContent, Redirect},
        file::SentFile,
        params::Parameters,
        standard::routes,
    },
    store::{On, sql},
    time::Timestamp,
};

operations! {
    "attachments", "Pictures: covers and avatars.";
    /// Returns an attachment.
    ///
    /// Unknown IDs are answered with 404.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "attachment";
    /// Uploads a picture as an attachment.
    ///
    /// The form field `file` contains a PNG or JPEG picture of 50 to 8,000 pixels a side. Metadata,
    /// such as the place where the picture was taken, is removed. Use the UUID of the attachment as
    /// a cover or avatar. Pictures that do not fit are answered with 400, files above 5 MiB with
    /// 413.
    create: Create = write Libraries, anonymous = Never, throttle = Create, graphql = "(REST only: file upload)";
    /// Deletes one of your own attachments.
    ///
    /// The picture's files are deleted with it, and what used it as a cover or avatar has none
    /// afterwards. Attachments of others are answered with 403, unknown IDs with 404.
    delete: Delete = write Libraries, anonymous = Never, throttle = Destroy, graphql = "Mutation.deleteAttachment";
    /// Redirects to a picture in one of its sizes.
    ///
    /// Answers with 302 and the URL of the picture. A picture of another pod is first fetched and
    /// stored: if that fails, or if the picture is larger than 10 MiB or 8,000 pixels a side, the
    /// answer is 503. Unknown IDs are answered with 404, unknown sizes with 400.
    proxy: Proxy = act, anonymous = Always, throttle = Wildcard, graphql = "(REST only: a redirect; see `Attachment.urls`)", params = proxy::Query;
}

/// An attachment: a picture, such as a cover or avatar.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Attachment {
    /// Numeric ID, unique among attachments.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// UUID of the attachment.
    pub uuid: Uuid,
    #[graphql(skip)]
    pub url: Option<String>,
    #[graphql(skip)]
    pub file: String,
    #[graphql(skip)]
    pub size: Option<i64>,
    /// Media type, such as `image/jpeg`.
    pub mimetype: Option<String>,
    /// Time at which the picture was attached.
    pub creation_date: Timestamp,
}

/// The size of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum PictureSize {
    /// The full size.
    Original,
    /// A square crop of 200 x 200 pixels from the center.
    Medium,
    /// A square crop of 600 x 600 pixels from the center.
    Large,
}

/// URLs of a picture in several sizes.
#[derive(Clone, Debug, Serialize, Object, SimpleObject)]
pub struct AttachmentUrls {
    /// URL on the pod that the picture came from; null for pictures uploaded to this pod.
    source: Option<String>,
    /// URL of the picture in full size.
    pub original: String,
    /// URL of a square crop of 200 x 200 pixels from the center.
    medium_square_crop: String,
    /// URL of a square crop of 600 x 600 pixels from the center.
    large_square_crop: String,
}

/// An attachment: a picture, such as a cover or avatar.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Attachment")]
pub struct AttachmentBody {
    /// UUID of the attachment.
    uuid: Uuid,
    /// Size in bytes.
    size: Option<i64>,
    /// Media type, such as `image/jpeg`.
    mimetype: Option<String>,
    /// Time at which the picture was attached.
    creation_date: Timestamp,
    /// URLs of the picture.
    pub urls: AttachmentUrls,
}

#[ComplexObject]
impl Attachment {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Attachment, self.uuid)
    }

    /// Size in bytes.
    async fn size(&self) -> Option<BigInt> {
        self.size.map(BigInt)
    }

    /// URL of the picture.
    async fn url(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Size; the full size unless given.")] size: Option<PictureSize>,
    ) -> String {
        let urls = self.addresses(ctx.data_unchecked::<Cx>().reader());
        match size {
            None | Some(PictureSize::Original) => urls.original,
            Some(PictureSize::Medium) => urls.medium_square_crop,
            Some(PictureSize::Large) => urls.large_square_crop,
        }
    }

    /// URLs of the picture.
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

    /// URLs of the square crops of 200 x 200 and of 600 x 600 pixels.
    pub fn crops(&self, reader: &Reader) -> (String, String) {
        let urls = self.addresses(reader);
        (urls.medium_square_crop, urls.large_square_crop)
    }

    /// URL of a square crop of 200 x 200 pixels.
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

identified!(Attachment in "attachments");

entity!(Attachment in "attachments": "id, uuid, url, file, size, mimetype, creation_date",
    upon [AttachmentId], weighs [url, file, mimetype]);

/// A picture of the actor's own.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Own {
    pub id: i64,
    pub uuid: Uuid,
}

/// The actor's own picture with this key.
///
/// # Errors
/// `Invalid`, by the name of the field, if the actor has no such picture.
pub async fn own(on: impl On, actor: Option<i64>, (field, key): (&str, &Key)) -> Result<Own> {
    let found = sql("select id, uuid from attachments where ")
        .append(key.condition())
        .then(" and actor_id = ?")
        .bind(actor.unwrap_or(-1));
    let missing = || Error::field(field, format!("Object with {key} does not exist."));
    found.optional(on).await?.ok_or_else(missing)
}

/// A picture, whoever has uploaded it.
///
/// # Errors
/// `Invalid`, by the name of the field, if there is none.
pub async fn held(on: impl On, (field, key): (&str, &Key)) -> Result<Own> {
    let found = sql("select id, uuid from attachments where ").append(key.condition());
    let missing = || Error::field(field, format!("Object with {key} does not exist."));
    found.optional(on).await?.ok_or_else(missing)
}

async fn retrieve(permit: &Allowed<Retrieve>, uuid: Uuid) -> Result<Attachment> {
    Attachment::select()
        .then(" where uuid = ?")
        .bind(uuid)
        .one(permit.db())
        .await
}

/// Finds an attachment: by UUID any, by number only the caller's own, since numbers can be counted.
pub async fn named(permit: &Allowed<Retrieve>, key: Key) -> Result<Attachment> {
    match key {
        Key::Uuid(uuid) => retrieve(permit, uuid).await,
        Key::Id(id) => {
            Attachment::select()
                .then(" where id = ? and actor_id = ?")
                .bind(id)
                .bind(permit.actor_id().unwrap_or(-1))
                .one(permit.db())
                .await
        }
    }
}

routes! {
    "/api/v1/attachments";
    delete: Delete = delete "/:uuid" [uuid: Uuid] -> NoContent => write::delete;
    {
        #[oai(path = "/", method = "post")]
        async fn create(
            &self,
            permit: Allowed<Create>,
            file: SentFile<{ write::MOST }>,
        ) -> Result<Created<AttachmentBody>> {
            let row = write::create(&permit, file).await?;
            Ok(Created(row.body(&permit)))
        }

        #[oai(path = "/:uuid/proxy", method = "get")]
        async fn proxy(
            &self,
            permit: Allowed<Proxy>,
            uuid: Path<Uuid>,
            query: Parameters<proxy::Query>,
        ) -> Result<Redirect> {
            proxy::proxy(&permit, uuid.0, &query.0).await.map(Redirect)
        }

        #[oai(path = "/:uuid", method = "get")]
        async fn retrieve(
            &self,
            permit: Allowed<Retrieve>,
            uuid: Path<Uuid>,
        ) -> Result<Answer<AttachmentBody>> {
            let row = retrieve(&permit, uuid.0).await?;
            Ok(Answer(row.body(&permit)))
        }
    }
}

fields! {
    Queries as "AttachmentsQueries";
    one attachment(Kind::Attachment) -> Attachment = named;
}

mutations! {
    Mutations as "AttachmentMutations";
    delete delete_attachment(DeleteAttachmentInput) -> DeleteAttachmentPayload = write::delete, of Kind::Attachment;
}
