//! Channels, and what other sites show of this pod.
pub mod channels;
pub mod mirrors;
pub mod oembed;
pub mod subscriptions;

use async_graphql::MergedObject;
use poem_openapi::OpenApi;

use crate::guard::Info;

pub const OPERATIONS: &[&[&Info]] = &[
    channels::OPERATIONS,
    subscriptions::OPERATIONS,
    mirrors::OPERATIONS,
    oembed::OPERATIONS,
];

pub fn rest() -> impl OpenApi + Send + Sync + 'static {
    (
        channels::body::Rest,
        mirrors::Rest,
        subscriptions::ChannelRest,
        subscriptions::Rest,
        oembed::Rest,
    )
}

#[derive(Default, MergedObject)]
#[graphql(name = "PublishingQueries")]
pub struct Queries(channels::graphql::Queries, subscriptions::Queries);

#[derive(Default, MergedObject)]
#[graphql(name = "PublishingMutations")]
pub struct Mutations(
    channels::graphql::Mutations,
    subscriptions::Mutations,
    mirrors::Mutations,
);
