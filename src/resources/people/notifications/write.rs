//! Writing notifications, and marking them as read.
use serde_json::json;

use super::{Act, Notification, NotificationFilter, NotificationType, Update, listing};
use crate::{
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::Allowed,
    load::Entity,
    rest::action::{Chosen, MOST, nothing},
    store::{Tx, sql},
};

const LIBRARY: &str = "library";
const FOLLOW: &str = "libraryfollow";

/// Tells an actor what another one did with a follow of a library: the owner, that somebody follows it or asks to; the
/// follower, that the owner gave access. The follow and the library are told by ID.
pub async fn tell(
    reader: &Reader,
    tx: &mut Tx,
    (kind, by, to): (NotificationType, i64, i64),
    (follow, library): (i64, i64),
) -> Result<()> {
    let (library, follow) = ((LIBRARY, library), (FOLLOW, follow));
    // What it was done to, and what comes of it.
    let (object, related) = match kind {
        NotificationType::Follow => (library, follow),
        NotificationType::Accept => (follow, library),
    };
    let uuid = crate::random::uuid();
    let fid = format!("{}/federation/activities/{uuid}", reader.names().public_url);
    let activity = sql(
        "insert into activities (uuid, fid, actor_id, type, payload, creation_date, object_type, object_id,
           related_object_type, related_object_id) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning id",
    )
    .bind(uuid)
    .bind(fid.as_str())
    .bind(by)
    .bind(kind)
    .bind(json!({ "id": fid, "type": kind }))
    .bind(reader.clock().now())
    .bind(object.0)
    .bind(object.1)
    .bind(related.0)
    .bind(related.1)
    .number(&mut *tx)
    .await?;
    sql("insert into inbox_items (actor_id, activity_id, type, is_read) values (?, ?, 'to', false)")
        .bind(to)
        .bind(activity)
        .run(tx)
        .await
        .map(|_| ())
}

/// Deletes what was told of a follow, so that nobody fills an inbox by doing it again and again. `kind` is that of what
/// was told, or all of it.
pub async fn forget(tx: &mut Tx, follow: i64, kind: Option<NotificationType>) -> Result<()> {
    for about in [
        "delete from activities where related_object_type = ? and related_object_id = ?",
        "delete from activities where object_type = ? and object_id = ?",
    ] {
        let gone = sql(about).bind(FOLLOW).bind(follow);
        let gone = match kind {
            Some(kind) => gone.then(" and type = ?").bind(kind),
            None => gone,
        };
        gone.run(&mut *tx).await?;
    }
    Ok(())
}

/// Marks a notification of the caller.
pub async fn mark(permit: &Allowed<Update>, key: Key, is_read: bool) -> Result<Notification> {
    let mut tx = permit.begin().await?;
    let marked =
        sql("update inbox_items set is_read = ? where id = ? and actor_id = ? returning id")
            .bind(is_read)
            .bind(key.number()?)
            .bind(permit.actor_id().unwrap_or(-1));
    let id = marked.number(&mut tx).await?;
    let row = Notification::select().then(" where id = ?").bind(id);
    let row = row.one(&mut tx).await?;
    tx.commit().await?;
    Ok(row)
}

/// Marks notifications of the caller as read; returns how many.
pub async fn read(permit: &Allowed<Act>, chosen: Chosen<NotificationFilter>) -> Result<u64> {
    let ids = match chosen.bounded()? {
        Chosen::Numbered(ids) => ids,
        // They have no other names.
        Chosen::Named(_) | Chosen::Called(_) => Vec::new(),
        Chosen::All(filter) => {
            let all = listing(permit, &filter, &[]).await?;
            all.page(permit.db(), MOST as i64, 0).await?
        }
    };
    let mut tx = permit.begin().await?;
    let marked = sql("update inbox_items set is_read = true where id in ?* and actor_id = ?")
        .bind(ids)
        .bind(permit.actor_id().unwrap_or(-1))
        .run(&mut tx)
        .await?;
    tx.commit().await?;
    match marked {
        0 => Err(nothing()),
        marked => Ok(marked),
    }
}
