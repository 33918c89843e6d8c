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
    rest::file::SentFile,
    store::{Tx, sql},
    time::Timestamp,
};

/// Maximum size of an uploaded picture in bytes.
pub const MOST: usize = 5 << 20;
/// Minimum pixels along each side.
const SMALLEST: u32 = 50;

pub async fn create(permit: &Allowed<Create>, sent: SentFile<MOST>) -> Result<Attachment> {
    let actor = permit.actor_id().ok_or(Error::Forbidden)?;
    let pictures = &permit.media().pictures;
    let fit = pictures.clean(permit.ident(), sent, SMALLEST).await?;
    let fit = fit.map_err(unfit)?;
    let stored = pictures.store(fit).await?;
    let made = row(permit, actor, &stored).await;
    if made.is_err() {
        pictures.remove(&stored.file).await;
    }
    made
}

async fn row(permit: &Allowed<Create>, actor: i64, stored: &Stored) -> Result<Attachment> {
    // Read before the transaction, which may hold the last connection.
    let common = permit.preferences().await?.upload_quota();
    let mut tx = permit.begin().await?;
    check_room(&mut tx, common, (actor, stored.size)).await?;
    let id = insert(&mut tx, actor, stored, permit.clock().now()).await?;
    let row = Attachment::select()
        .then(" where id = ?")
        .bind(id)
        .one(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(row)
}

/// Pictures that a person uploads may take as much as their upload quota, beside their audio. Covers of
/// albums and tracks, which come with audio, do not count.
async fn check_room(tx: &mut Tx, common: i64, (actor, size): (i64, i64)) -> Result<()> {
    tx.take_turn(&format!("pictures {actor}")).await?;
    let quota: Option<(i64,)> =
        sql("select coalesce(upload_quota, ?) from users where actor_id = ?")
            .bind(common)
            .bind(actor)
            .optional(&mut *tx)
            .await?;
    let quota = quota.map_or(common, |(own,)| own);
    let used = sql(
        "select cast(coalesce(sum(size), 0) as bigint) from attachments picture where actor_id = ?
             and not exists (select 1 from albums where attachment_cover_id = picture.id)
             and not exists (select 1 from tracks where attachment_cover_id = picture.id)",
    )
    .bind(actor)
    .number(tx)
    .await?;
    if used + size <= quota.saturating_mul(1_000_000) {
        return Ok(());
    }
    let complaint = format!("Your pictures would take more than your quota of {quota} MB.");
    Err(Error::field("file", complaint))
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

/// Deletes those of these pictures that nothing shows any more; returns their files, which are to be removed once the
/// transaction is committed.
pub async fn discard(tx: &mut Tx, ids: Vec<i64>) -> Result<Vec<String>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.lock(sql("select id from attachments where id in ?*").bind(ids.clone()))
        .await?;
    let unused = sql("delete from attachments where id in ?*
         and not exists (select 1 from albums x where x.attachment_cover_id = attachments.id)
         and not exists (select 1 from tracks x where x.attachment_cover_id = attachments.id)
         and not exists (select 1 from artists x where x.attachment_cover_id = attachments.id)
         and not exists (select 1 from actors x where x.attachment_icon_id = attachments.id) returning file");
    let files: Vec<(String,)> = unused.bind(ids).all(tx).await?;
    Ok(files.into_iter().map(|(file,)| file).collect())
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
