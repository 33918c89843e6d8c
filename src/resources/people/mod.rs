//! Accounts, and what acts for them: sessions, applications and grants.
pub mod actors;
pub mod applications;
pub mod audience;
pub mod auth;
pub mod grants;
pub mod notifications;
pub mod oauth;
pub mod plugins;
pub mod sessions;
pub mod users;

use async_graphql::{MergedObject, MergedSubscription};
use poem_openapi::OpenApi;

use crate::guard::Info;

pub const OPERATIONS: &[&[&Info]] = &[
    users::OPERATIONS,
    auth::OPERATIONS,
    sessions::OPERATIONS,
    applications::OPERATIONS,
    grants::OPERATIONS,
    notifications::OPERATIONS,
    plugins::OPERATIONS,
    oauth::OPERATIONS,
];

pub fn rest() -> impl OpenApi + Send + Sync + 'static {
    (
        users::Rest,
        auth::Rest,
        sessions::Rest,
        applications::Rest,
        grants::Rest,
        notifications::Rest,
        plugins::Rest,
        oauth::Rest,
        oauth::WellKnown,
    )
}

#[derive(Default, MergedObject)]
#[graphql(name = "PeopleQueries")]
pub struct Queries(
    users::graphql::Queries,
    sessions::Queries,
    applications::Queries,
    grants::Queries,
    notifications::graphql::Queries,
    plugins::Queries,
);

#[derive(Default, MergedObject)]
#[graphql(name = "PeopleMutations")]
pub struct Mutations(
    users::graphql::Mutations,
    auth::Mutations,
    sessions::Mutations,
    applications::Mutations,
    grants::Mutations,
    notifications::graphql::Mutations,
    plugins::Mutations,
);

#[derive(Default, MergedSubscription)]
#[graphql(name = "PeopleSubscriptions")]
pub struct Subscriptions(
    sessions::Subscriptions,
    grants::Subscriptions,
    notifications::graphql::Subscriptions,
);
