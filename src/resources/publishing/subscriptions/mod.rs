//! Subscriptions: channels that people follow.
mod body;
mod graphql;
mod write;

use async_graphql::SimpleObject;
use sqlx::FromRow;
use uuid::Uuid;

pub use self::{
    body::{ChannelRest, Rest, SubscriptionBody, one},
    graphql::{Mutations, Queries, SubscriptionOfCaller},
    write::{follow, join, subscriber, unsubscribe},
};
use super::channels::open;
use crate::{
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::{Allowed, operations},
    load::{Entity, entity},
    rest::{
        page::ListQuery,
        params::{filter, ordering},
    },
    store::{
        Sql,
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
    },
    time::Timestamp,
};

operations! {
    "subscriptions", "Subscriptions: channels that you follow.";
    /// Lists your subscriptions.
    ///
    /// Sorted newest first by default.
    list: List = read Libraries, anonymous = Never, throttle = List, graphql = "channelSubscriptions", params = Query;
    /// Lists all of your subscriptions, in short.
    ///
    /// Sorted newest first. The list is not cut into pages.
    all: All = read Libraries, anonymous = Never, throttle = Wildcard,
        graphql = "(REST only: `Channel.subscription` tells it for each channel)", reads = many;
    /// Returns one of your subscriptions.
    ///
    /// Those of others, and unknown UUIDs, are answered with 404.
    retrieve: Retrieve = read Libraries, anonymous = Never, throttle = Retrieve, graphql = "channelSubscription";
    /// Subscribes to a channel.
    ///
    /// Whoever is subscribed already gets the subscription that there is. Podcasts from elsewhere are subscribed to by
    /// their feeds, unless they are open to you: 403. Unknown channels are answered with 404.
    subscribe: Subscribe = write Follows, anonymous = Never, throttle = Wildcard, graphql = "Mutation.subscribeToChannel";
    /// Ends your subscription to a channel.
    ///
    /// Without a subscription, nothing happens. Unknown channels are answered with 404.
    unsubscribe: Unsubscribe = write Follows, anonymous = Never, throttle = Wildcard, graphql = "Mutation.unsubscribeFromChannel";
}

pub type Query = ListQuery<SubscriptionFilter, SubscriptionOrder>;

/// A subscription: somebody follows a channel.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct ChannelSubscription {
    /// Numeric ID, unique among subscriptions.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// UUID of the subscription.
    pub uuid: Uuid,
    /// ActivityPub ID (URI) of the subscription.
    pub fid: Option<String>,
    #[graphql(skip)]
    pub channel_id: i64,
    /// Whether the channel's pod confirmed it; null until it answers.
    pub approved: Option<bool>,
    /// Time at which it began.
    pub creation_date: Timestamp,
}

entity!(ChannelSubscription in "follows": "id, uuid, fid,
    (select c.id from channels c where c.actor_id = target_actor_id) as channel_id, approved, creation_date",
    upon [], weighs [fid]);

filter! {
    /// Filter for a list of subscriptions.
    pub struct SubscriptionFilter {
        /// `true`: only those that the channel's pod confirmed. `false`: only others.
        approved: Option<bool>,
    }
}

ordering! {
    /// Sort options for subscriptions.
    pub struct SubscriptionOrder by SubscriptionOrderField {
        /// Time at which they began.
        CreationDate = "creation_date",
    }
    others ignored
}

/// Those of the selected follows with which the caller follows a channel.
fn own(reader: &Reader, select: Sql) -> Sql {
    let own = select
        .then(" where actor_id = ? and target_actor_id in (select c.actor_id from channels c)");
    own.bind(reader.actor_id().unwrap_or(-1))
}

async fn listing(
    permit: &Allowed<List>,
    filter: &SubscriptionFilter,
    order: &[SubscriptionOrder],
) -> Result<Listing> {
    open(permit).await?;
    let mut from = own(permit, sql("from follows f"));
    if let Some(approved) = filter.approved {
        from = from
            .then(" and coalesce(f.approved, false) = ?")
            .bind(approved);
    }
    let newest = order.first();
    let newest = newest.is_none_or(|order| order.direction.is_descending());
    let date = SortKey::new(sql("f.creation_date"), KeyKind::Time, newest);
    Ok(Listing::new(from, "f.id", [date]))
}

/// All subscriptions of the caller's, newest first: their UUIDs and those of the channels.
async fn brief(reader: &Reader) -> Result<Vec<(Uuid, Uuid)>> {
    let select = sql(
        "select uuid, (select c.uuid from channels c where c.actor_id = target_actor_id) from follows",
    );
    let own = own(reader, select).then(" order by creation_date desc, id desc");
    own.all(reader.db()).await
}

/// A subscription of the caller's.
pub async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<ChannelSubscription> {
    open(permit).await?;
    let found = own(permit, ChannelSubscription::select()).and(key.condition());
    found.one(permit.db()).await
}
