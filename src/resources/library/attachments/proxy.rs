//! Pictures of other pods: fetched and stored once, then served from this pod.
use uuid::Uuid;

use super::{Attachment, Proxy};
use crate::{
    error::{Error, Result},
    guard::Allowed,
    load::Entity,
    media::picture::{self, Crop},
    rest::params::{choices, filter},
    store::sql,
};

/// Maximum size of a fetched picture in bytes.
const MOST: usize = 10 << 20;

choices! {
    /// A size of a picture.
    pub enum Size {
        /// The full size.
        Original = "original",
        /// A square crop of 200 x 200 pixels from the center.
        Medium = "medium_square_crop",
        /// A square crop of 600 x 600 pixels from the center.
        Large = "large_square_crop",
    }
}

filter! {
    /// The requested size.
    pub struct Query {
        /// Size: `original`, `medium_square_crop` (200 x 200 pixels) or `large_square_crop` (600 x
        /// 600 pixels). Default: `original`.
        next: Option<Size>,
    }
}

/// URL of the picture on this pod.
pub async fn proxy(permit: &Allowed<Proxy>, uuid: Uuid, query: &Query) -> Result<String> {
    let urls = stored(permit, uuid).await?.addresses(permit);
    Ok(match query.next.unwrap_or(Size::Original) {
        Size::Original => urls.original,
        Size::Medium => urls.medium_square_crop,
        Size::Large => urls.large_square_crop,
    })
}

/// Path of the picture in the media folder.
pub async fn file(permit: &Allowed<Proxy>, uuid: Uuid, size: Size) -> Result<String> {
    let picture = stored(permit, uuid).await?;
    Ok(match size {
        Size::Original => picture.file,
        Size::Medium => Crop::Medium.file(&picture.file),
        Size::Large => Crop::Large.file(&picture.file),
    })
}

/// The picture, which is fetched first if it is another pod's.
async fn stored(permit: &Allowed<Proxy>, uuid: Uuid) -> Result<Attachment> {
    let mut picture: Attachment = Attachment::select()
        .then(" where uuid = ?")
        .bind(uuid)
        .one(permit.db())
        .await?;
    if picture.file.is_empty() {
        picture.file = fetch(permit, &picture).await?;
    }
    Ok(picture)
}

async fn fetch(permit: &Allowed<Proxy>, picture: &Attachment) -> Result<String> {
    let address = picture.url.as_deref().ok_or(Error::NotFound)?;
    let unavailable = |why: String| {
        tracing::info!(attachment = %picture.uuid, address, why, "a picture was not fetched");
        Error::Unavailable("The picture could not be fetched from its server.".to_owned())
    };
    let bytes = permit.app().fetcher().bytes(address, MOST).await;
    let bytes = bytes.map_err(|error| unavailable(error.to_string()))?;
    let fit = picture::checked(bytes).map_err(|why| unavailable(why.to_string()))?;
    let pictures = &permit.media().pictures;
    let stored = pictures.store(fit).await?;
    let noted = sql(
        "update attachments set file = ?, size = ?, mimetype = ?, last_fetch_date = ?
         where id = ? and file = ''",
    )
    .bind(stored.file.as_str())
    .bind(stored.size)
    .bind(stored.mimetype)
    .bind(permit.clock().now())
    .bind(picture.id)
    .run(permit.app().db())
    .await?;
    if noted == 0 {
        // Another request stored the picture first, so that no row refers to this file.
        pictures.remove(&stored.file).await;
    }
    // Use the file of the row, which may be that of another request.
    let (kept,): (String,) = sql("select file from attachments where id = ?")
        .bind(picture.id)
        .one(permit.db())
        .await?;
    Ok(kept)
}
