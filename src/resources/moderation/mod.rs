//! Moderation: what people report, who may join, what moderators note, and whom the pod does not take anything from.
pub mod accounts;
mod assignee;
pub mod domains;
pub mod notes;
pub mod policies;
pub mod reports;
pub mod user_requests;

use async_graphql::{MergedObject, MergedSubscription};
use poem_openapi::OpenApi;

use crate::guard::Info;

pub const OPERATIONS: &[&[&Info]] = &[
    reports::OPERATIONS,
    user_requests::OPERATIONS,
    notes::OPERATIONS,
    policies::OPERATIONS,
    accounts::OPERATIONS,
    domains::OPERATIONS,
];

pub fn rest() -> impl OpenApi + Send + Sync + 'static {
    (
        reports::Rest,
        reports::ReporterRest,
        user_requests::Rest,
        notes::Rest,
        policies::body::Rest,
        accounts::Rest,
        domains::Rest,
    )
}

#[derive(Default, MergedObject)]
#[graphql(name = "ModerationQueries")]
pub struct Queries(
    reports::graphql::Queries,
    user_requests::graphql::Queries,
    notes::graphql::Queries,
    policies::graphql::Queries,
    accounts::Queries,
    domains::Queries,
);

#[derive(Default, MergedObject)]
#[graphql(name = "ModerationMutations")]
pub struct Mutations(
    reports::graphql::Mutations,
    user_requests::graphql::Mutations,
    notes::graphql::Mutations,
    policies::graphql::Mutations,
    accounts::Mutations,
    domains::Mutations,
);

#[derive(Default, MergedSubscription)]
#[graphql(name = "ModerationSubscriptions")]
pub struct Subscriptions(
    reports::graphql::Subscriptions,
    user_requests::graphql::Subscriptions,
);
