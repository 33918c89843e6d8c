//! Channels as artists, albums and tracks show them.
use std::sync::Arc;

use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::Channel;
use crate::load::Found;

/// The channel of an artist.
#[derive(Clone, Debug, Serialize, Object)]
pub struct InlineChannel {
    /// UUID of the channel.
    uuid: Uuid,
    /// Actor of the channel.
    actor: InlineActor,
}

/// The actor of a channel.
#[derive(Clone, Debug, Serialize, Object)]
pub struct InlineActor {
    /// Username with the domain, such as `podcast@pod.example`.
    full_username: String,
    /// Username within the domain.
    preferred_username: String,
    /// Domain of the actor's pod.
    domain: String,
}

impl Channel {
    pub fn inline(&self) -> InlineChannel {
        InlineChannel {
            uuid: self.uuid,
            actor: InlineActor {
                full_username: format!("{}@{}", self.preferred_username, self.domain),
                preferred_username: self.preferred_username.clone(),
                domain: self.domain.clone(),
            },
        }
    }

    /// How Funkwhale represents a channel inside an album or a track.
    pub fn label(&self) -> String {
        format!("Channel object ({})", self.id)
    }
}

/// The channel of an artist, from the loaded ones.
pub fn channel_of(channels: &Found<Arc<Option<Channel>>>, artist: i64) -> Option<&Channel> {
    channels.get(&artist)?.as_ref().as_ref()
}
