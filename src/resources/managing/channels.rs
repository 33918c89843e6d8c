//! The pod's channels, for keepers of the catalogue.
use std::collections::HashMap;

use poem_openapi::{Object, types::Any};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    artists::{self, ManagedArtist},
    shared::{
        bulk::{removals, remove_chosen},
        search::named,
        stats::{ContentStats, ManagedStats, of_tracks},
    },
};
use crate::{
    context::Reader,
    error::Result,
    graphql::{
        ids::{Key, Kind},
        standard::{fields, mutations},
    },
    guard::{Allowed, operations},
    load::{Entity, Loaders, sole},
    resources::{
        people::actors::{Actor, ManagedActor},
        publishing::channels::{self, Channel},
        smart,
    },
    rest::{
        action::Chosen,
        answer::{Answer, NoContent},
        page::ListQuery,
        params::{filter, ordering},
        standard::routes,
    },
    store::{
        Sql,
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
    },
    time::Timestamp,
};

operations! {
    "managed_channels", "The pod's channels, for keepers of the catalogue.";
    /// Lists all channels of the pod.
    ///
    /// Newest first by default.
    list: List = read InstanceLibraries, anonymous = Never, throttle = List, graphql = "managedChannels", params = Query;
    /// Returns a channel.
    ///
    /// By UUID, username, or username with the domain. Unknown ones are answered with 404.
    retrieve: Retrieve = read InstanceLibraries, anonymous = Never, throttle = Retrieve, graphql = "(see `channel`)";
    /// Tells what hangs on a channel.
    ///
    /// With which it would go. Unknown channels are answered with 404.
    stats: Stats = read InstanceLibraries, anonymous = Never, throttle = Wildcard, graphql = "channelStats";
    /// Removes a channel.
    ///
    /// With what it has published. Its username stays taken. Unknown channels are answered with 404.
    delete: Delete = write InstanceLibraries, anonymous = Never, throttle = Destroy, graphql = "Mutation.removeChannels";
}

pub type Query = ListQuery<ManagedChannelFilter, ManagedChannelOrder>;

filter! {
    /// Filter for a list of channels. A channel must match all conditions.
    pub struct ManagedChannelFilter {
        /// Terms, all of which must hold: `name:word`, `username:alice`, `account:alice` (the owner),
        /// `domain:example.org`, `category:podcast`, or words that the name must contain.
        q: Option<String>,
    }
}

ordering! {
    /// Sort options for channels.
    pub struct ManagedChannelOrder by ManagedChannelOrderField {
        /// Numeric ID.
        Id = "id",
        /// Time at which the channel was created.
        CreationDate = "creation_date",
    }
    others ignored
}

impl ManagedChannelOrder {
    fn key(self) -> SortKey {
        let (column, kind) = match self.field {
            ManagedChannelOrderField::Id => ("c.id", KeyKind::Int),
            ManagedChannelOrderField::CreationDate => ("c.creation_date", KeyKind::Time),
        };
        SortKey::new(sql(column), kind, self.direction.is_descending())
    }
}

async fn listing(
    _: &Reader,
    filter: &ManagedChannelFilter,
    order: &[ManagedChannelOrder],
) -> Result<Listing> {
    let mut from = sql("from channels c where true");
    for term in smart::conditions(filter.q.as_deref().unwrap_or_default(), condition)? {
        from = from.and(term);
    }
    let keys = order.iter().map(|order| order.key());
    Ok(Listing::new(from, "c.id", keys))
}

fn condition(key: &str, value: &str) -> Option<Sql> {
    let of_artist = |condition: Sql| {
        sql("c.artist_id in (select a.id from artists a where ")
            .append(condition)
            .then(")")
    };
    Some(match key {
        "" | "name" => of_artist(named("a.name_folded", value)),
        "category" => of_artist(sql("a.content_category = ?").bind(value)),
        "username" => smart::actor("c.actor_id", value),
        "account" => smart::actor("c.attributed_to_id", value),
        "domain" => smart::domain("c.actor_id", value),
        _ => return None,
    })
}

/// A channel, as a keeper sees it.
#[derive(Debug, Serialize, Object)]
struct ManagedChannel {
    /// Numeric ID, unique among channels.
    id: i64,
    /// UUID of the channel.
    uuid: Uuid,
    /// Time at which the channel was created.
    creation_date: Timestamp,
    /// The artist of the channel.
    artist: ManagedArtist,
    /// Owner of the channel.
    attributed_to: Option<ManagedActor>,
    /// Actor of the channel.
    actor: Option<ManagedActor>,
    /// Address of the channel's feed.
    rss_url: String,
    /// What directories of podcasts are told.
    metadata: Any<Value>,
}

async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<ManagedChannel>> {
    let channels = loaders.owned::<Channel>(ids).await?;
    let artists: Vec<i64> = channels.iter().map(|channel| channel.artist_id).collect();
    let artists = artists::bodies(loaders, reader, &artists).await?;
    let mut artists: HashMap<i64, ManagedArtist> = artists
        .into_iter()
        .map(|artist| (artist.id, artist))
        .collect();
    let actors = channels
        .iter()
        .flat_map(|channel| [channel.actor_id, channel.attributed_to_id]);
    let actors = loaders.many::<Actor>(actors.collect::<Vec<_>>()).await?;
    let actor = |id: i64| actors.get(&id).map(|actor| actor.managed(reader));
    // What goes meanwhile is left out.
    let bodies = channels.into_iter().filter_map(|channel| {
        Some(ManagedChannel {
            artist: artists.remove(&channel.artist_id)?,
            attributed_to: actor(channel.attributed_to_id),
            actor: actor(channel.actor_id),
            rss_url: channel
                .feed
                .clone()
                .unwrap_or_else(|| channel.rss_url(reader)),
            id: channel.id,
            uuid: channel.uuid,
            creation_date: channel.creation_date,
            metadata: Any(channel.metadata),
        })
    });
    Ok(bodies.collect())
}

async fn detail(permit: &Allowed<Retrieve>, name: &str) -> Result<ManagedChannel> {
    let channel = channels::named(permit, name).await?;
    sole(bodies(permit.loaders(), permit, &[channel.id]).await?)
}

async fn figures(permit: &Allowed<Stats>, channel: &Channel) -> Result<ContentStats> {
    let tracks = sql("select h.track_id as id from track_artists h where h.artist_id = ?");
    let tracks = tracks.bind(channel.artist_id);
    of_tracks(permit, tracks, (None, "channel", channel.id)).await
}

async fn named_figures(permit: &Allowed<Stats>, name: &str) -> Result<ContentStats> {
    let channel = channels::named(permit, name).await?;
    figures(permit, &channel).await
}

async fn stats(permit: &Allowed<Stats>, key: Key) -> Result<ManagedStats> {
    let found = Channel::select().then(" where ").append(key.condition());
    let channel: Channel = found.one(permit.db()).await?;
    figures(permit, &channel).await.map(ManagedStats::from)
}

async fn delete(permit: &Allowed<Delete>, name: &str) -> Result<()> {
    let channel = channels::named(permit, name).await?;
    let chosen = Chosen::Numbered(vec![channel.id]);
    remove_chosen::<Channels, Delete>(permit, chosen)
        .await
        .map(|_| ())
}

removals!(Channels of Channel = Channels, filter ManagedChannelFilter = listing, input RemoveChannelsInput -> RemoveChannelsPayload by Delete);

fields! {
    Queries as "ManagedChannelsQueries";
    list managed_channels: List(ManagedChannelFilter, ManagedChannelOrder) -> Channel = listing;
    one channel_stats(Kind::Channel) -> ManagedStats = stats;
}

mutations! {
    Mutations as "ManagedChannelsMutations";
    act remove_channels(RemoveChannelsInput) -> RemoveChannelsPayload = removed;
}

routes! {
    "/api/v1/manage/channels" lists List(Query) -> ManagedChannel = listing => bodies;
    retrieve: Retrieve = get "/:name" <name> -> Answer<ManagedChannel> => detail;
    delete: Delete = delete "/:name" <name> -> NoContent;
    stats: Stats = get "/:name/stats" <name> -> Answer<ContentStats> => named_figures;
}
