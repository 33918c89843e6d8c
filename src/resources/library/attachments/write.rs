//! Creating and deleting attachments.
use sqlx::FromRow;
use uuid::Uuid;

use super::{Attachment, Create, Delete};
use crate::{
    error::{Error, Result},
    graphql::ids::Key,
    guard::Allowed,
    load::Entity,
    media::picture::{Stored, Unfit},
    store::{Tx, sql},
    time::Timestamp,
};

/// Maximum size of an uploaded picture in bytes.
pub const MOST: usize = 5 << 20;
/// Minimum pixels along each side.
const SMALLEST: u32 = 50;

pub async fn create(permit: &Allowed<Create>, bytes: Vec<u8>) -> Result<Attachment> {
    let actor = permit.actor_id().ok_or(Error::Forbidden)?;
    let pictures = &permit.media().pictures;
    let fit = pictures.clean(bytes, SMALLEST).await?.map_err(unfit)?;
    let stored = pictures.store(fit).await?;
    let made = row(permit, actor, &stored).await;
    if made.is_err() {
        pictures.remove(&stored.file).await;
    }
    made
}

async fn row(permit: &Allowed<Create>, actor: i64, stored: &Stored) -> Result<Attachment> {
    let mut tx = permit.begin().await?;
    let id = insert(&mut tx, actor, stored, permit.clock().now()).await?;
    let row = Attachment::select()
        .then(" where id = ?")
        .bind(id)
        .one(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(row)
}

/// Inserts a row for a stored picture; returns its ID.
pub async fn insert(tx: &mut Tx, actor: i64, stored: &Stored, now: Timestamp) -> Result<i64> {
    sql(
        "insert into attachments (uuid, file, size, mimetype, actor_id, creation_date)
         values (?, ?, ?, ?, ?, ?) returning id",
    )
    .bind(crate::random::uuid())
    .bind(stored.file.as_str())
    .bind(stored.size)
    .bind(stored.mimetype)
    .bind(actor)
    .bind(now)
    .number(tx)
    .await
}

fn unfit(why: Unfit) -> Error {
    let complaint = match why {
        Unfit::Unreadable => {
            "Upload a valid image. The file you uploaded was either not an image or a corrupted \
             image."
                .to_owned()
        }
        why => format!("The picture is {why}."),
    };
    Error::field("file", complaint)
}

#[derive(FromRow)]
struct Owned {
    id: i64,
    file: String,
    actor_id: Option<i64>,
}

/// Deletes a picture and its files. Only the owner may.
pub async fn delete(permit: &Allowed<Delete>, key: Key) -> Result<Uuid> {
    let found: Owned = sql("select id, file, actor_id from attachments where ")
        .append(key.condition())
        .one(permit.db())
        .await?;
    if found.actor_id.is_none() || found.actor_id != permit.actor_id() {
        return Err(Error::Forbidden);
    }
    let gone = sql("delete from attachments where id = ? returning uuid").bind(found.id);
    let mut tx = permit.begin().await?;
    let (uuid,): (Uuid,) = gone.one(&mut tx).await?;
    tx.commit().await?;
    permit.media().pictures.remove(&found.file).await;
    Ok(uuid)
}
