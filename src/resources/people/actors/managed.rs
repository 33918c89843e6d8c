//! Actors as moderators and administrators see them.
use poem_openapi::Object;
use serde::Serialize;

use super::Actor;
use crate::{context::Reader, time::Timestamp};

/// An ActivityPub actor, with the addresses at which it is reached.
#[derive(Clone, Debug, Serialize, Object)]
pub struct ManagedActor {
    /// Numeric ID, unique among actors.
    id: i64,
    /// URL of the actor's page.
    url: Option<String>,
    /// ActivityPub ID (URI) of the actor.
    fid: String,
    /// Username within the domain.
    preferred_username: String,
    /// Username with the domain, such as `alice@pod.example`.
    full_username: String,
    /// Domain of the actor's pod.
    domain: String,
    /// Display name.
    name: Option<String>,
    /// The actor's description of itself.
    summary: Option<String>,
    /// ActivityStreams type, such as `Person`.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: String,
    /// Time at which this pod first knew the actor.
    creation_date: Timestamp,
    /// Time at which the actor was last fetched from its pod.
    last_fetch_date: Option<Timestamp>,
    /// URL that other pods send activities to.
    inbox_url: Option<String>,
    /// URL of the actor's public activities.
    outbox_url: Option<String>,
    /// URL that other pods send activities to which concern several actors of the pod.
    shared_inbox_url: Option<String>,
    /// Whether the actor approves follow requests by hand.
    manually_approves_followers: Option<bool>,
    /// Whether the actor belongs to this pod.
    is_local: bool,
}

impl Actor {
    pub fn managed(&self, reader: &Reader) -> ManagedActor {
        ManagedActor {
            id: self.id,
            url: self.url.clone(),
            fid: self.fid.clone(),
            preferred_username: self.preferred_username.clone(),
            full_username: self.address(),
            domain: self.domain.clone(),
            name: self.name.clone(),
            summary: self.summary.clone(),
            kind: self.kind.clone(),
            creation_date: self.creation_date,
            last_fetch_date: self.last_fetch_date,
            inbox_url: self.inbox_url.clone(),
            outbox_url: self.outbox_url.clone(),
            shared_inbox_url: self.shared_inbox(reader),
            manually_approves_followers: self.manually_approves_followers,
            is_local: reader.is_local_domain(&self.domain),
        }
    }
}
