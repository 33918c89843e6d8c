//! Channels: artists that publish on this pod with an actor of their own, such as podcasts.
use std::{collections::HashMap, sync::Arc};

use async_graphql::{ComplexObject, Context, ID, SimpleObject};
use poem_openapi::Object;
use serde::Serialize;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::{
        ids::{Key, Kind, global},
        reference::identified,
    },
    guard::AllowExt,
    load::{Found, load, weigh},
    resources::{catalogue::artists, people::actors::Actor},
    store::{Reads, sql},
    time::Timestamp,
};

/// A channel: an artist that publishes with an actor of its own, such as a podcast.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Channel {
    /// Numeric ID, unique among channels.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// UUID of the channel.
    pub uuid: Uuid,
    #[graphql(skip)]
    pub artist_id: i64,
    #[graphql(skip)]
    pub actor_id: i64,
    #[graphql(skip)]
    pub preferred_username: String,
    #[graphql(skip)]
    pub domain: String,
    /// URL of the RSS feed that the channel mirrors; null if it mirrors none.
    pub rss_url: Option<String>,
    /// Time at which the channel was created.
    pub creation_date: Timestamp,
}

#[ComplexObject]
impl Channel {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Channel, self.uuid)
    }

    /// Actor of the channel.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        ctx.load::<artists::Retrieve, Actor>(self.actor_id).await
    }
}

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

load!(/// The channel of an artist, if there is one.
    ChannelOf: Option<Channel> = kept of_artists, upon [ChannelArtist]);

identified!(Channel in "channels");

weigh!(Channel: preferred_username, domain, rss_url);

const SELECT: &str = "select c.id, c.uuid, c.artist_id, c.actor_id, c.rss_url, c.creation_date,
    o.preferred_username, o.domain from channels c join actors o on o.id = c.actor_id where ";

/// Finds a channel by UUID. Numbers, which can be counted, find none.
pub async fn retrieve(reader: &Reader, key: Key) -> Result<Channel> {
    let Key::Uuid(uuid) = key else {
        return Err(Error::NotFound);
    };
    let found = sql(SELECT).then("c.uuid = ?").bind(uuid);
    found.one(reader.db()).await
}

async fn of_artists(db: &Reads, ids: Vec<i64>) -> Result<HashMap<i64, Option<Channel>>> {
    let found = sql(SELECT).then("c.artist_id in ?*").bind(ids);
    let rows: Vec<Channel> = found.all(db).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.artist_id, Some(row)))
        .collect())
}
