//! Giving the object of an edit back what it had before.
use serde_json::{Map, Value, json};
use sqlx::types::Json;

use super::{
    Changes, Edit, Kind, apply,
    changes::Pictures,
    sql::{self, New},
};
use crate::{
    error::{Error, Result},
    guard::{Allowed, Writes},
    store::{Tx, sql as statement},
};

/// What an applied edit replaced: the values of its fields before.
///
/// # Errors
/// `Refused` if it was not applied, `Invalid` by field if a value cannot be had any more.
pub async fn replaced<O: Writes>(permit: &Allowed<O>, edit: &Edit) -> Result<Changes> {
    let before = edit.previous_state.as_ref().and_then(Value::as_object);
    let Some(before) = before.filter(|_| edit.is_applied == Some(true)) else {
        return Err(Error::Refused("This edit was not applied.".to_owned()));
    };
    let value = |(field, held): (&String, &Value)| (field.clone(), held["value"].clone());
    let payload: Map<String, Value> = before.iter().map(value).collect();
    let (kind, _) = edit.aim();
    Changes::read((permit, Pictures::All), kind, &Value::Object(payload)).await
}

/// Undoes an edit by one that is applied at once.
///
/// # Errors
/// `Refused` if a field has another value by now than the edit gave it.
pub async fn undo<O: Writes>(
    permit: &Allowed<O>,
    tx: &mut Tx,
    (edit, changes): (&Edit, &Changes),
) -> Result<Edit> {
    let (aim, now) = (edit.aim(), permit.clock().now());
    lock(tx, aim).await?;
    let given = given(tx, edit).await?;
    let before = apply(tx, aim, changes, now).await?;
    let is_other = |(field, held): &(&String, &Value)| before.get(field.as_str()) != Some(*held);
    if let Some((field, _)) = given.iter().find(is_other) {
        let why = format!("`{field}` has been changed since.");
        return Err(Error::Refused(why));
    }
    let uuid = crate::random::uuid();
    let root = permit.config().public_url();
    let new = New {
        uuid,
        fid: format!("{root}/federation/edits/{uuid}"),
        aim,
        actor: permit.actor_id().ok_or(Error::Forbidden)?,
        is_approved: Some(true),
        now,
        summary: Some(format!("Undoes the edit {}.", edit.uuid)),
        payload: json!(changes.payload()),
        previous_state: Some(before),
    };
    sql::insert(tx, new).await
}

async fn lock(tx: &mut Tx, (kind, id): (Kind, i64)) -> Result<()> {
    let object = statement(match kind {
        Kind::Artist => "select id from artists where id = ?",
        Kind::Album => "select id from albums where id = ?",
        Kind::Track => "select id from tracks where id = ?",
    });
    tx.lock(object.bind(id)).await
}

/// What an edit made of its fields, as the next edit of each has found it.
async fn given(tx: &mut Tx, edit: &Edit) -> Result<Map<String, Value>> {
    let (kind, id) = edit.aim();
    let later = statement("select m.previous_state ")
        .append(sql::of(kind, id))
        .then(
            " and m.is_applied = true and m.previous_state is not null and (m.applied_date > ?
                 or (m.applied_date = ? and m.id > ?)) order by m.applied_date, m.id",
        )
        .bind(edit.applied_date)
        .bind(edit.applied_date)
        .bind(edit.id);
    let later: Vec<(Json<Map<String, Value>>,)> = later.all(tx).await?;
    let mut given = Map::new();
    for (field, held) in later.into_iter().flat_map(|(Json(held),)| held) {
        if edit.payload.get(&field).is_some() {
            given.entry(field).or_insert(held);
        }
    }
    Ok(given)
}
