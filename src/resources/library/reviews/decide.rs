//! Deciding about edits.
use serde_json::Value;
use uuid::Uuid;

use super::{Approve, Delete, Reject, Undo, retrieve};
use crate::{
    error::{Error, Result},
    graphql::ids::Key,
    guard::{Allowed, Writes},
    resources::library::edits::{self, Changes, Edit, Pictures, apply, decides, replaced, target},
    store::{Tx, sql},
};

/// Approves an edit, and changes its object.
pub async fn approve(permit: &Allowed<Approve>, key: Key) -> Result<Edit> {
    let edit = decidable(permit, key).await?;
    let (kind, id) = edit.aim();
    // A cover is an attachment of whoever proposed it.
    let changes = Changes::read(
        (permit, Pictures::Of(edit.created_by_id)),
        kind,
        &edit.payload,
    )
    .await?;
    let now = permit.clock().now();
    let mut tx = begin(permit, &edit).await?;
    claim(&mut tx, &edit).await?;
    let before = apply(&mut tx, (kind, id), &changes, now).await?;
    let decided = sql(
        "update mutations set is_approved = true, approved_by_id = ?, is_applied = true, applied_date = ?,
           previous_state = ? where id = ?",
    );
    decided
        .bind(permit.actor_id())
        .bind(now)
        .bind(before)
        .bind(edit.id)
        .run(&mut tx)
        .await?;
    tx.commit().await?;
    retrieve(permit, key_of(&edit)).await
}

/// Rejects an edit.
pub async fn reject(permit: &Allowed<Reject>, key: Key) -> Result<Edit> {
    let edit = decidable(permit, key).await?;
    let mut tx = begin(permit, &edit).await?;
    claim(&mut tx, &edit).await?;
    let decided = sql("update mutations set is_approved = false, approved_by_id = ? where id = ?");
    decided
        .bind(permit.actor_id())
        .bind(edit.id)
        .run(&mut tx)
        .await?;
    tx.commit().await?;
    retrieve(permit, key_of(&edit)).await
}

/// Undoes an edit that was applied; returns the edit that does so.
pub async fn undo(permit: &Allowed<Undo>, key: Key) -> Result<Edit> {
    let edit = decidable(permit, key).await?;
    let changes = replaced(permit, &edit).await?;
    let mut tx = begin(permit, &edit).await?;
    let undone = edits::undo(permit, &mut tx, (&edit, &changes)).await?;
    tx.commit().await?;
    Ok(undone)
}

/// Deletes an edit; returns its UUID.
pub async fn delete(permit: &Allowed<Delete>, key: Key) -> Result<Uuid> {
    let edit = retrieve(permit, key).await?;
    if edit.created_by_id != permit.actor_id() && !may_decide(permit, &edit).await? {
        return Err(Error::Forbidden);
    }
    let mut tx = begin(permit, &edit).await?;
    claim(&mut tx, &edit).await?;
    sql("delete from mutations where id = ?")
        .bind(edit.id)
        .run(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(edit.uuid)
}

fn key_of(edit: &Edit) -> Key {
    Key::Uuid(edit.uuid)
}

/// An edit that the caller may decide about.
async fn decidable<O: Writes>(permit: &Allowed<O>, key: Key) -> Result<Edit> {
    let edit = retrieve(permit, key).await?;
    match may_decide(permit, &edit).await? {
        true => Ok(edit),
        false => Err(Error::Forbidden),
    }
}

async fn may_decide<O: Writes>(permit: &Allowed<O>, edit: &Edit) -> Result<bool> {
    let (kind, id) = edit.aim();
    let target = target(permit, kind, id).await?;
    Ok(decides(permit, target.attributed_to_id))
}

/// What keepers of the catalogue decide is entered in the audit log; owners decide about what is theirs.
async fn begin<O: Writes>(permit: &Allowed<O>, edit: &Edit) -> Result<Tx> {
    if !permit.user()?.permissions.library {
        return permit.begin().await;
    }
    let target = format!("edit {}", edit.uuid);
    permit.begin_deed(&target, Value::Null).await
}

/// Locks an edit that was not applied: of several who decide at once, one applies it.
async fn claim(tx: &mut Tx, edit: &Edit) -> Result<()> {
    tx.lock(sql("select id from mutations where id = ?").bind(edit.id))
        .await?;
    let waiting = sql("select id from mutations where id = ? and is_applied is null").bind(edit.id);
    match waiting.optional::<(i64,)>(tx).await? {
        Some(_) => Ok(()),
        None => Err(Error::Denied("This edit was already applied.".to_owned())),
    }
}
