//! Starting sessions.
use async_graphql::InputObject;
use poem_openapi::Object;
use serde_json::json;

use super::{Create, LIFETIME, Owner, RadioSession, RadioType};
use crate::{
    error::{Error, Result},
    graphql::reference::ById,
    guard::Allowed,
    load::Entity,
    resources::listening::radios::{
        self, Radio,
        filters::{RadioFilter, checked},
    },
    store::{Tx, sql},
    time::Timestamp,
};

/// A session of a radio to start.
#[derive(Debug, Object, InputObject)]
#[graphql(name = "CreateRadioSessionInput")]
pub struct NewRadioSession {
    /// What the radio plays.
    radio_type: RadioType,
    /// The object that the radio is about, where its type needs one.
    related_object_id: Option<String>,
    /// The custom radio, for the type `custom`.
    custom_radio: Option<ById<Radio>>,
    /// Filters, for the type `custom_multiple`.
    config: Option<Vec<RadioFilter>>,
}

pub async fn create(permit: &Allowed<Create>, new: NewRadioSession) -> Result<RadioSession> {
    if new.radio_type.is_personal() && permit.user_id().is_none() {
        return Err(Error::Unauthenticated(None));
    }
    new.radio_type.may(permit)?;
    let given = new.related_object_id.as_deref();
    let object = new.radio_type.object(permit, given).await?;
    let radio = match new.radio_type {
        RadioType::Custom => Some(custom(permit, new.custom_radio.as_ref()).await?),
        _ => None,
    };
    let config = match new.radio_type {
        RadioType::CustomMultiple => {
            let missing = || Error::field("config", "This field is required.");
            let filters = checked(permit, "config", new.config.ok_or_else(missing)?).await?;
            Some(json!(filters))
        }
        _ => None,
    };
    let (user, key) = match Owner::of(permit) {
        Owner::User(id) => (Some(id), None),
        Owner::Stranger(key) => (None, Some(key)),
    };
    let now = permit.clock().now();
    let mut tx = permit.begin().await?;
    let id = sql(
        "insert into radio_sessions (user_id, session_key, radio_type, related_object_id, custom_radio_id,
           config, creation_date) values (?, ?, ?, ?, ?, ?, ?) returning id",
    )
    .bind(user)
    .bind(key.clone())
    .bind(new.radio_type)
    .bind(object)
    .bind(radio)
    .bind(config)
    .bind(now)
    .number(&mut tx)
    .await?;
    forget(&mut tx, user, key, now).await?;
    let session = RadioSession::select().then(" where id = ?").bind(id);
    let session = session.one(&mut tx).await?;
    tx.commit().await?;
    Ok(session)
}

async fn custom(permit: &Allowed<Create>, radio: Option<&ById<Radio>>) -> Result<i64> {
    let radio = radio.ok_or_else(|| Error::field("custom_radio", "This field is required."))?;
    match radios::retrieve(permit, radio.key("custom_radio")?.clone()).await {
        Err(Error::NotFound) => Err(radio.unknown("custom_radio")),
        found => found.map(|radio| radio.id),
    }
}

/// How many sessions an owner may have.
const SESSIONS: i64 = 100;

/// Deletes sessions that have ended, and the oldest ones of an owner who has too many.
async fn forget(tx: &mut Tx, user: Option<i64>, key: Option<String>, now: Timestamp) -> Result<()> {
    let ended = sql("delete from radio_sessions where creation_date < ?");
    ended
        .bind(now.plus_seconds(-LIFETIME))
        .run(&mut *tx)
        .await?;
    let owned = || match user {
        Some(id) => sql("user_id = ?").bind(id),
        None => sql("session_key = ?").bind(key.clone()),
    };
    sql("delete from radio_sessions where ")
        .append(owned())
        .then(" and id <= (select id from radio_sessions where ")
        .append(owned())
        .then(" order by id desc limit 1 offset ?)")
        .bind(SESSIONS)
        .run(tx)
        .await
        .map(|_| ())
}
