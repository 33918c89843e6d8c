//! The GraphQL fields of subscriptions.
use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, ID, InputObject};

use super::{
    ChannelSubscription, List, Retrieve, Subscribe, SubscriptionFilter, SubscriptionOrder,
    Unsubscribe, listing, own, retrieve, write,
};
use crate::{
    context::Reader,
    error::Result,
    graphql::{
        ids::{Kind, global},
        reference::ByUuid,
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed, Operation},
    load::{Entity, load},
    resources::publishing::channels::{self, Channel},
};

load!(/// The caller's subscription to a channel.
    SubscriptionOfCaller: ChannelSubscription = for_caller of_caller);

async fn of_caller(
    reader: &Reader,
    channels: Vec<i64>,
) -> Result<HashMap<i64, ChannelSubscription>> {
    let own = own(reader, ChannelSubscription::select());
    let own =
        own.then(" and target_actor_id in (select c.actor_id from channels c where c.id in ?*)");
    let rows: Vec<ChannelSubscription> = own.bind(channels).all(reader.db()).await?;
    Ok(rows.into_iter().map(|row| (row.channel_id, row)).collect())
}

#[ComplexObject]
impl ChannelSubscription {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::ChannelSubscription, self.uuid)
    }

    /// The channel.
    async fn channel(&self, ctx: &Context<'_>) -> Result<Option<Channel>> {
        ctx.load::<Retrieve, Channel>(self.channel_id).await
    }
}

fields! {
    Queries as "SubscriptionsQueries";
    list channel_subscriptions: List(SubscriptionFilter, SubscriptionOrder) -> ChannelSubscription = listing;
    one channel_subscription(Kind::ChannelSubscription) -> ChannelSubscription = retrieve;
}

/// A channel to subscribe to.
#[derive(Debug, InputObject)]
struct SubscribeToChannelInput {
    /// The channel.
    channel: ByUuid<Channel>,
}

/// A channel to unsubscribe from.
#[derive(Debug, InputObject)]
struct UnsubscribeFromChannelInput {
    /// The channel.
    channel: ByUuid<Channel>,
}

async fn chosen<O: Operation>(permit: &Allowed<O>, channel: &ByUuid<Channel>) -> Result<Channel> {
    channels::retrieve(permit, channel.key("channel")?.clone()).await
}

async fn subscribe(
    permit: &Allowed<Subscribe>,
    input: SubscribeToChannelInput,
) -> Result<ChannelSubscription> {
    let channel = chosen(permit, &input.channel).await?;
    write::subscribe(permit, &channel).await
}

async fn unsubscribe(
    permit: &Allowed<Unsubscribe>,
    input: UnsubscribeFromChannelInput,
) -> Result<Channel> {
    let channel = chosen(permit, &input.channel).await?;
    write::unsubscribe(permit, &channel).await?;
    Ok(channel)
}

mutations! {
    Mutations as "SubscriptionsMutations";
    change subscribe_to_channel(SubscribeToChannelInput) -> SubscribeToChannelPayload { subscription: ChannelSubscription, "The subscription." } = subscribe;
    change unsubscribe_from_channel(UnsubscribeFromChannelInput) -> UnsubscribeFromChannelPayload { channel: Channel, "The channel." } = unsubscribe;
}
