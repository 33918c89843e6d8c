//! Subscriptions as REST shows them.
use std::collections::HashMap;

use poem_openapi::{Object, param::Path};
use serde::Serialize;
use uuid::Uuid;

use super::{
    All, ChannelSubscription, List, Query, Retrieve, Subscribe, Unsubscribe, brief, listing,
    retrieve,
    write::{subscribe, unsubscribe},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::{Allowed, Operation},
    load::{Loaders, sole},
    resources::publishing::channels::{
        Channel,
        body::{self, ChannelBody},
        named, open,
    },
    rest::{
        answer::{Answer, Created, NoContent},
        standard::routes,
    },
    time::Timestamp,
};

/// A subscription to a channel.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ChannelSubscription")]
pub struct SubscriptionBody {
    /// Whether the channel's pod confirmed it; null until it answers.
    approved: Option<bool>,
    /// ActivityPub ID (URI) of the subscription.
    fid: Option<String>,
    /// UUID of the subscription.
    uuid: Uuid,
    /// Time at which it began.
    creation_date: Timestamp,
    /// The channel.
    channel: ChannelBody,
}

async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<SubscriptionBody>> {
    let rows = loaders.owned::<ChannelSubscription>(ids).await?;
    shown(loaders, reader, rows).await
}

async fn shown(
    loaders: &Loaders,
    reader: &Reader,
    rows: Vec<ChannelSubscription>,
) -> Result<Vec<SubscriptionBody>> {
    let ids: Vec<i64> = rows.iter().map(|row| row.channel_id).collect();
    let named = loaders.many::<Channel>(ids.iter().copied()).await?;
    let channels = body::bodies(loaders, reader, &ids).await?;
    let mut channels: HashMap<Uuid, ChannelBody> = channels
        .into_iter()
        .map(|channel| (channel.uuid, channel))
        .collect();
    // What goes meanwhile is left out.
    let shown = rows.into_iter().filter_map(|row| {
        let channel = named.get(&row.channel_id)?.uuid;
        Some(SubscriptionBody {
            approved: row.approved,
            fid: row.fid,
            uuid: row.uuid,
            creation_date: row.creation_date,
            channel: channels.remove(&channel)?,
        })
    });
    Ok(shown.collect())
}

pub async fn one<O: Operation>(
    permit: &Allowed<O>,
    row: ChannelSubscription,
) -> Result<SubscriptionBody> {
    sole(shown(permit.loaders(), permit, vec![row]).await?)
}

async fn detail(permit: &Allowed<Retrieve>, key: Key) -> Result<SubscriptionBody> {
    let row = retrieve(permit, key).await?;
    one(permit, row).await
}

/// A subscription, in short.
#[derive(Debug, Serialize, Object)]
struct BriefSubscription {
    /// UUID of the subscription.
    uuid: Uuid,
    /// UUID of the channel.
    channel: Uuid,
}

/// All of your subscriptions.
#[derive(Debug, Serialize, Object)]
struct AllSubscriptions {
    /// The subscriptions, newest first.
    results: Vec<BriefSubscription>,
    /// Number of subscriptions.
    count: usize,
}

async fn all(permit: &Allowed<All>) -> Result<AllSubscriptions> {
    open(permit).await?;
    let own = brief(permit).await?;
    let shown = |(uuid, channel)| BriefSubscription { uuid, channel };
    let results: Vec<_> = own.into_iter().map(shown).collect();
    Ok(AllSubscriptions {
        count: results.len(),
        results,
    })
}

routes! {
    "/api/v1/subscriptions" lists List(Query) -> SubscriptionBody = listing => bodies;
    all: All = get "/all" -> Answer<AllSubscriptions>;
    retrieve: Retrieve = get "/:uuid" [uuid: Uuid] -> Answer<SubscriptionBody> => detail;
}

/// Subscribing, at the addresses of channels.
pub struct ChannelRest;

#[poem_openapi::OpenApi(prefix_path = "/api/v1/channels")]
impl ChannelRest {
    #[oai(path = "/:name/subscribe", method = "post")]
    async fn subscribe(
        &self,
        permit: Allowed<Subscribe>,
        name: Path<String>,
    ) -> Result<Created<SubscriptionBody>> {
        let channel = named(&permit, &name.0).await?;
        let row = subscribe(&permit, &channel).await?;
        one(&permit, row).await.map(Created)
    }

    #[oai(path = "/:name/unsubscribe", method = "post")]
    async fn unsubscribe(
        &self,
        permit: Allowed<Unsubscribe>,
        name: Path<String>,
    ) -> Result<NoContent> {
        let channel = named(&permit, &name.0).await?;
        unsubscribe(&permit, &channel).await.map(|()| NoContent)
    }

    #[oai(path = "/:name/unsubscribe", method = "delete")]
    async fn unsubscribe_too(
        &self,
        permit: Allowed<Unsubscribe>,
        name: Path<String>,
    ) -> Result<NoContent> {
        self.unsubscribe(permit, name).await
    }
}
