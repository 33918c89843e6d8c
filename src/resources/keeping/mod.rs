//! The pod itself: its settings, accounts, limits and connections to other pods.
pub mod audit;
pub mod fetches;
pub mod instance;
pub mod invitations;
pub mod jobs;
pub mod rate_limit;
pub mod refusals;
pub mod settings;
pub mod storage;
pub mod user_accounts;

use async_graphql::{MergedObject, MergedSubscription};
use poem_openapi::OpenApi;

use crate::guard::Info;

pub const OPERATIONS: &[&[&Info]] = &[
    instance::OPERATIONS,
    rate_limit::OPERATIONS,
    fetches::OPERATIONS,
    settings::OPERATIONS,
    user_accounts::OPERATIONS,
    invitations::OPERATIONS,
    audit::OPERATIONS,
    jobs::OPERATIONS,
    refusals::OPERATIONS,
    storage::OPERATIONS,
];

pub fn rest() -> impl OpenApi + Send + Sync + 'static {
    (
        instance::Rest,
        rate_limit::Rest,
        fetches::Rest,
        settings::Rest,
        user_accounts::Rest,
        invitations::Rest,
        audit::Rest,
        jobs::Rest,
        refusals::Rest,
        storage::Rest,
    )
}

#[derive(Default, MergedObject)]
#[graphql(name = "KeepingQueries")]
pub struct Queries(
    instance::Queries,
    rate_limit::Queries,
    settings::graphql::Queries,
    user_accounts::graphql::Queries,
    invitations::graphql::Queries,
    audit::Queries,
    jobs::Queries,
    refusals::Queries,
    storage::Queries,
);

#[derive(Default, MergedObject)]
#[graphql(name = "KeepingMutations")]
pub struct Mutations(
    settings::graphql::Mutations,
    user_accounts::graphql::Mutations,
    invitations::graphql::Mutations,
);

#[derive(Default, MergedSubscription)]
#[graphql(name = "KeepingSubscriptions")]
pub struct Subscriptions(rate_limit::Subscriptions);
