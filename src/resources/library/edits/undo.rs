//! Giving the object of an edit back what it had before.
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use sqlx::types::Json;

use super::{
    Changes, Edit, apply,
    apply::lock,
    changes::Pictures,
    sql::{self, New},
};
use crate::{
    error::{Error, Result},
    guard::{Allowed, Writes},
    store::{
        Tx, sql as statement,
        text::{clean, folded},
    },
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
    let value = |(field, held): (&String, &Value)| (field.clone(), value(held));
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
    let aim = edit.aim();
    lock(tx, aim).await?;
    let now = permit.clock().now();
    let given = given(tx, edit).await?;
    let before = apply(tx, aim, changes, now).await?;
    let is_other = |(field, held): &(&String, &Value)| {
        let now = before.get(field.as_str()).map(value);
        now.is_none_or(|now| normal(&now) != normal(held))
    };
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

/// A value as it was before an edit. Funkwhale keeps tags, descriptions and covers bare, and more of some.
fn value(held: &Value) -> Value {
    let held = held.get("value").unwrap_or(held);
    match held.get("text") {
        Some(text) => json!({ "text": text, "content_type": held["content_type"] }),
        None => held.clone(),
    }
}

/// A value without what storing it changes: blanks around a text, and the order and the case of tags.
fn normal(value: &Value) -> Value {
    match value {
        Value::String(text) => match clean(text.trim()) {
            text if text.is_empty() => Value::Null,
            text => text.into(),
        },
        Value::Array(words) => {
            let words = words.iter().filter_map(Value::as_str).map(folded);
            words.collect::<BTreeSet<String>>().into_iter().collect()
        }
        Value::Object(parts) => {
            let parts = parts.iter();
            parts
                .map(|(name, part)| (name.clone(), normal(part)))
                .collect()
        }
        value => value.clone(),
    }
}

/// What an edit made of its fields: as the next edit of each has found it, otherwise as it was given.
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
            given.entry(field).or_insert_with(|| value(&held));
        }
    }
    for (field, new) in edit.payload.as_object().into_iter().flatten() {
        given.entry(field.clone()).or_insert_with(|| value(new));
    }
    Ok(given)
}
