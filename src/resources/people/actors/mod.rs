//! Actors: accounts of this pod and of others, as ActivityPub knows them.
mod graphql;
mod managed;

use async_graphql::SimpleObject;
use poem_openapi::Object;
use serde::Serialize;
use sqlx::FromRow;

pub use self::managed::ManagedActor;
use crate::{
    context::Reader,
    error::{Error, Result},
    load::{Entity, entity},
    time::Timestamp,
};

/// An ActivityPub actor: an account or channel of this pod or of another.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Actor {
    /// Numeric ID, unique among actors.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// ActivityPub ID (URI) of the actor.
    pub fid: String,
    /// URL of the actor's page.
    pub url: Option<String>,
    /// Time at which this pod first knew the actor.
    pub creation_date: Timestamp,
    /// The actor's description of itself.
    pub summary: Option<String>,
    /// Username within the domain.
    pub preferred_username: String,
    /// Display name.
    pub name: Option<String>,
    /// Time at which the actor was last fetched from its pod.
    pub last_fetch_date: Option<Timestamp>,
    /// Domain of the actor's pod.
    pub domain: String,
    /// ActivityStreams type, such as `Person`.
    #[sqlx(rename = "type")]
    #[graphql(name = "type")]
    pub kind: String,
    /// Whether the actor approves follow requests by hand.
    pub manually_approves_followers: Option<bool>,
    /// URL that other pods send activities to.
    pub inbox_url: Option<String>,
    /// URL of the actor's public activities.
    pub outbox_url: Option<String>,
    #[graphql(skip)]
    pub shared_inbox_url: Option<String>,
}

entity!(Actor in "actors": "id, fid, url, creation_date, summary, preferred_username, name, last_fetch_date,
    domain, type, manually_approves_followers, inbox_url, outbox_url, shared_inbox_url", upon [ActorId],
    weighs [fid, url, summary, preferred_username, name, domain, kind, inbox_url, outbox_url, shared_inbox_url]);

/// Finds an actor by its username with the domain.
pub async fn named(reader: &Reader, address: &str) -> Result<Actor> {
    let (name, domain) = address.split_once('@').ok_or(Error::NotFound)?;
    Actor::select()
        .then(" where preferred_username = ? and domain = ?")
        .bind(name)
        .bind(domain)
        .one(reader.db())
        .await
}

impl Actor {
    pub fn address(&self) -> String {
        format!("{}@{}", self.preferred_username, self.domain)
    }

    /// URL that other pods send activities to which concern several actors of the pod.
    fn shared_inbox(&self, reader: &Reader) -> Option<String> {
        match reader.is_local_domain(&self.domain) {
            true => Some(format!(
                "{}/federation/shared/inbox",
                reader.config().public_url()
            )),
            false => self.shared_inbox_url.clone(),
        }
    }

    pub fn body(&self, reader: &Reader) -> ActorBody {
        ActorBody {
            fid: self.fid.clone(),
            url: self.url.clone(),
            creation_date: self.creation_date,
            summary: self.summary.clone(),
            preferred_username: self.preferred_username.clone(),
            name: self.name.clone(),
            last_fetch_date: self.last_fetch_date,
            domain: self.domain.clone(),
            kind: self.kind.clone(),
            manually_approves_followers: self.manually_approves_followers,
            full_username: self.address(),
            is_local: reader.is_local_domain(&self.domain),
        }
    }
}

/// An ActivityPub actor: an account or channel of this pod or of another.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Actor")]
pub struct ActorBody {
    /// ActivityPub ID (URI) of the actor.
    fid: String,
    /// URL of the actor's page.
    url: Option<String>,
    /// Time at which this pod first knew the actor.
    creation_date: Timestamp,
    /// The actor's description of itself.
    summary: Option<String>,
    /// Username within the domain.
    preferred_username: String,
    /// Display name.
    name: Option<String>,
    /// Time at which the actor was last fetched from its pod.
    last_fetch_date: Option<Timestamp>,
    /// Domain of the actor's pod.
    domain: String,
    /// ActivityStreams type, such as `Person`.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: String,
    /// Whether the actor approves follow requests by hand.
    manually_approves_followers: Option<bool>,
    /// Username with the domain, such as `alice@pod.example`.
    full_username: String,
    /// Whether the actor belongs to this pod.
    is_local: bool,
}
