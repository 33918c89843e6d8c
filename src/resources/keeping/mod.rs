//! The pod itself: its settings, limits and connections to other pods.
pub mod fetches;
pub mod instance;
pub mod rate_limit;

use async_graphql::{MergedObject, MergedSubscription};
use poem_openapi::OpenApi;

use crate::guard::Info;

pub const OPERATIONS: &[&[&Info]] = &[
    instance::OPERATIONS,
    rate_limit::OPERATIONS,
    fetches::OPERATIONS,
];

pub fn rest() -> impl OpenApi + Send + Sync + 'static {
    (instance::Rest, rate_limit::Rest, fetches::Rest)
}

#[derive(Default, MergedObject)]
#[graphql(name = "KeepingQueries")]
pub struct Queries(instance::Queries, rate_limit::Queries);

#[derive(Default, MergedSubscription)]
#[graphql(name = "KeepingSubscriptions")]
pub struct Subscriptions(rate_limit::Subscriptions);
