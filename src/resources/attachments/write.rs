//! Attaching pictures, and taking them away.
use sqlx::FromRow;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::{Attachment, Create, Delete, SELECT};
use crate::{
    error::{Error, Result},
    graphql::ids::Key,
    guard::Allowed,
    media::{
        picture::{self, Crop, Unfit},
        storage::Storage,
    },
    store::sql,
};

/// Bytes of a picture that is sent.
pub const MOST: usize = 5 << 20;
/// Pixels along each side at least.
const SMALLEST: u32 = 50;

pub async fn create(permit: &Allowed<Create>, bytes: Vec<u8>) -> Result<Attachment> {
    let actor = permit.actor_id().ok_or(Error::Forbidden)?;
    let pictures = &permit.app().media().pictures;
    let fit = pictures.clean(bytes, SMALLEST).await?.map_err(unfit)?;
    let storage = permit.app().media().storage.clone();
    let (file, size) = (
        Storage::fresh("attachments", fit.extension),
        fit.bytes.len(),
    );
    let path = storage.within_media(&file).ok_or(Error::NotFound)?;
    spawn_blocking(move || picture::keep(&path, &fit.bytes))
        .await
        .map_err(Error::internal)?
        .map_err(Error::internal)?;
    let made = insert(permit, actor, &file, size, fit.mimetype).await;
    if made.is_err() {
        remove(&storage, &file).await;
    }
    made
}

async fn insert(
    permit: &Allowed<Create>,
    actor: i64,
    file: &str,
    size: usize,
    mimetype: &str,
) -> Result<Attachment> {
    let id = sql(
        "insert into attachments (uuid, file, size, mimetype, actor_id, creation_date)
         values (?, ?, ?, ?, ?, ?) returning id",
    )
    .bind(crate::random::uuid())
    .bind(file)
    .bind(i64::try_from(size).map_err(Error::internal)?)
    .bind(mimetype)
    .bind(actor)
    .bind(permit.app().clock().now());
    let mut tx = permit.db().begin().await?;
    let id = id.number(&mut tx).await?;
    let row = sql(SELECT)
        .then("where id = ?")
        .bind(id)
        .one(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(row)
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

/// Takes a picture away, with its files; only its owner may.
pub async fn delete(permit: &Allowed<Delete>, key: Key) -> Result<Uuid> {
    let found: Owned = sql("select id, file, actor_id from attachments where ")
        .append(key.condition())
        .one(permit.db())
        .await?;
    if found.actor_id.is_none() || found.actor_id != permit.actor_id() {
        return Err(Error::Forbidden);
    }
    let gone = sql("delete from attachments where id = ? returning uuid").bind(found.id);
    let mut tx = permit.db().begin().await?;
    let (uuid,): (Uuid,) = gone.one(&mut tx).await?;
    tx.commit().await?;
    remove(&permit.app().media().storage, &found.file).await;
    Ok(uuid)
}

/// Removes a picture's files. The row is what counts; what cannot be removed is only disk space.
async fn remove(storage: &Storage, file: &str) {
    let crops = [Crop::Medium, Crop::Large].map(|crop| crop.file(file));
    let webp = crops.clone().map(|crop| format!("{crop}.webp"));
    let files = [file.to_owned()].into_iter().chain(crops).chain(webp);
    for path in files.filter_map(|file| storage.within_media(&file)) {
        if let Err(error) = tokio::fs::remove_file(&path).await
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(path = %path.display(), %error, "cannot remove a picture");
        }
    }
}
