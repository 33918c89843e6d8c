//! The moderator who takes care of a report or a request.
use async_graphql::ID;
use poem_openapi::types::{Any, MaybeUndefined};
use serde_json::Value;

use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::ids::{Kind, named},
    store::sql,
};

/// How a request names a moderator: by the number of the actor, or by the username with or without the domain.
#[derive(Debug)]
pub enum Assignee {
    Nobody,
    Id(i64),
    Address(String),
}

const FIELD: &str = "assigned_to";

impl Assignee {
    /// As a field of a body names it, if it is given.
    pub fn of(given: MaybeUndefined<Any<Value>>) -> Result<Option<Self>> {
        match given {
            MaybeUndefined::Undefined => Ok(None),
            MaybeUndefined::Null => Ok(Some(Self::Nobody)),
            MaybeUndefined::Value(value) => Self::read(&value.0).map(Some),
        }
    }

    /// As an input of GraphQL names it, if it is given: the global ID of an actor, or a username.
    pub fn named(given: &async_graphql::MaybeUndefined<ID>) -> Result<Option<Self>> {
        match given.as_opt_ref() {
            None => Ok(None),
            Some(None) => Ok(Some(Self::Nobody)),
            Some(Some(id)) => {
                let name = named(Kind::Actor, id);
                Ok(Some(Self::Address(name.map_err(|_| unreadable())?)))
            }
        }
    }

    /// As JSON names it: a number, a username, or an actor as it is shown elsewhere.
    fn read(value: &Value) -> Result<Self> {
        match value {
            Value::Null => Ok(Self::Nobody),
            Value::Number(id) => id.as_i64().map(Self::Id).ok_or_else(unreadable),
            Value::String(text) if text.is_empty() => Ok(Self::Nobody),
            Value::String(text) => match text.parse() {
                Ok(id) => Ok(Self::Id(id)),
                Err(_) => Ok(Self::Address(text.clone())),
            },
            Value::Object(actor) => match (actor.get("id"), actor.get("full_username")) {
                (Some(Value::Number(id)), _) => id.as_i64().map(Self::Id).ok_or_else(unreadable),
                (_, Some(Value::String(address))) => Ok(Self::Address(address.clone())),
                _ => Err(unreadable()),
            },
            _ => Err(unreadable()),
        }
    }

    /// The actor's ID.
    ///
    /// # Errors
    /// `Invalid` under `assigned_to` if it is no moderator of this pod.
    pub async fn resolve(&self, reader: &Reader) -> Result<Option<i64>> {
        let named = match self {
            Self::Nobody => return Ok(None),
            Self::Id(id) => sql("u.actor_id = ?").bind(*id),
            Self::Address(address) => {
                let (name, host) = address.split_once('@').unzip();
                if host.is_some_and(|host| !reader.is_local_domain(host)) {
                    return Err(unknown());
                }
                crate::accounts::is_named(name.unwrap_or(address))
            }
        };
        let found = sql(
            "select u.actor_id, u.is_superuser or u.permission_moderation from users u
             where u.is_active = true and u.actor_id is not null and ",
        );
        let found: Option<(i64, bool)> = found.append(named).optional(reader.db()).await?;
        let everybody = reader.preferences().await?.default_permissions().moderation;
        let moderator = found.filter(|(_, moderates)| *moderates || everybody);
        moderator.map(|(id, _)| Some(id)).ok_or_else(unknown)
    }
}

fn unreadable() -> Error {
    Error::field(FIELD, "Expected the username of a moderator, or null.")
}

fn unknown() -> Error {
    Error::field(FIELD, "There is no moderator of this name.")
}
