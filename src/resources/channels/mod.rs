//! Channels: artists that publish here by themselves, such as podcasts.
use std::{collections::HashMap, sync::Arc};

use async_graphql::{ComplexObject, Context, ID, SimpleObject};
use poem_openapi::Object;
use serde::Serialize;
use sqlx::FromRow;
use uuid::Uuid;

use super::actors::Actor;
use crate::{
    error::Result,
    graphql::ids::{Kind, global},
    guard::AllowExt,
    load::{Found, load, weigh},
    store::{Reads, sql},
    time::Timestamp,
};

/// A channel: an artist that publishes here, with an account of its own.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Channel {
    /// The number of the row, unique among channels.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// Its UUID.
    pub uuid: Uuid,
    #[graphql(skip)]
    pub artist_id: i64,
    #[graphql(skip)]
    pub actor_id: i64,
    #[graphql(skip)]
    pub preferred_username: String,
    #[graphql(skip)]
    pub domain: String,
    /// The feed that it mirrors, when it is of elsewhere.
    pub rss_url: Option<String>,
    /// When it was made.
    pub creation_date: Timestamp,
}

#[ComplexObject]
impl Channel {
    /// The global identifier, opaque to clients.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Channel, self.id)
    }

    /// The channel's account.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        ctx.load::<super::artists::Retrieve, Actor>(self.actor_id)
            .await
    }
}

/// The channel that an artist is.
#[derive(Clone, Debug, Serialize, Object)]
pub struct InlineChannel {
    /// Its UUID.
    uuid: Uuid,
    /// Its account.
    actor: InlineActor,
}

/// The account of a channel.
#[derive(Clone, Debug, Serialize, Object)]
pub struct InlineActor {
    /// Its name with its domain.
    full_username: String,
    /// Its name within its domain.
    preferred_username: String,
    /// The domain it belongs to.
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

    /// How the original spells a channel inside an album or a track.
    pub fn label(&self) -> String {
        format!("Channel object ({})", self.id)
    }
}

/// The channel of an artist among those that were loaded.
pub fn channel_of(channels: &Found<Arc<Option<Channel>>>, artist: i64) -> Option<&Channel> {
    channels.get(&artist)?.as_ref().as_ref()
}

load!(/// The channel that an artist is, if it is one.
    ChannelOf: Option<Channel> = kept of_artists, upon [ChannelArtist]);

weigh!(Channel: preferred_username, domain, rss_url);

async fn of_artists(db: &Reads, ids: Vec<i64>) -> Result<HashMap<i64, Option<Channel>>> {
    let rows: Vec<Channel> = sql("select c.id, c.uuid, c.artist_id, c.actor_id, c.rss_url,
           c.creation_date, o.preferred_username, o.domain
         from channels c join actors o on o.id = c.actor_id where c.artist_id in ?*")
    .bind(ids)
    .all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.artist_id, Some(row)))
        .collect())
}
