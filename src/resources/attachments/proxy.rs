//! Pictures of other pods: fetched once, then served as our own.
use poem::{FromRequest, Request, RequestBody};
use uuid::Uuid;

use super::{Attachment, Proxy};
use crate::{
    error::{Error, Result},
    guard::Allowed,
    load::Entity,
    media::picture,
    rest::params::{Pairs, Params, choices, filter},
    store::sql,
};

/// Bytes of a picture that is fetched.
const MOST: usize = 10 << 20;

choices! {
    /// A size of a picture.
    pub enum Size {
        /// As it was uploaded.
        Original = "original",
        /// A square of 200 pixels from its middle.
        Medium = "medium_square_crop",
        /// A square of 600 pixels from its middle.
        Large = "large_square_crop",
    }
}

filter! {
    /// Which size is wanted.
    pub struct Query {
        /// The size: `original`, `medium_square_crop` or `large_square_crop`.
        next: Option<Size>,
    }
}

impl<'a> FromRequest<'a> for Query {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let pairs = Pairs::parse(request.uri().query().unwrap_or_default())?;
        let mut complaints = crate::rest::params::Complaints::default();
        let query = <Self as Params>::read(&pairs, &mut complaints);
        complaints.check()?;
        Ok(query)
    }
}

/// Where the picture is on this pod.
pub async fn proxy(permit: &Allowed<Proxy>, uuid: Uuid, query: &Query) -> Result<String> {
    let mut picture: Attachment = Attachment::select()
        .then(" where uuid = ?")
        .bind(uuid)
        .one(permit.db())
        .await?;
    if picture.file.is_empty() {
        picture.file = fetch(permit, &picture).await?;
    }
    let urls = picture.addresses(permit);
    Ok(match query.next.unwrap_or(Size::Original) {
        Size::Original => urls.original,
        Size::Medium => urls.medium_square_crop,
        Size::Large => urls.large_square_crop,
    })
}

async fn fetch(permit: &Allowed<Proxy>, picture: &Attachment) -> Result<String> {
    let address = picture.url.as_deref().ok_or(Error::NotFound)?;
    let unavailable = |why: String| {
        tracing::info!(attachment = %picture.uuid, address, why, "a picture was not fetched");
        Error::Unavailable("The picture cannot be had from where it came.".to_owned())
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
        // Nobody names the file; that it stays would only cost its space.
        pictures.remove(&stored.file).await;
    }
    // Another request may have been faster: what the row says counts.
    let (kept,): (String,) = sql("select file from attachments where id = ?")
        .bind(picture.id)
        .one(permit.db())
        .await?;
    Ok(kept)
}
