//! The resources of the API: a module for each, with its operations, domain logic, REST endpoints
//! and GraphQL fields.
pub mod actors;
pub mod albums;
pub mod applications;
pub mod artists;
pub mod attachments;
pub mod auth;
mod catalogue;
pub mod channels;
pub mod contents;
pub mod credits;
pub mod edits;
mod fetches;
pub mod grants;
pub mod instance;
pub mod libraries;
pub mod licenses;
mod listen;
pub mod node;
mod oembed;
mod rate_limit;
mod search;
pub mod sessions;
mod stream;
pub mod tags;
mod text;
pub mod tracks;
pub mod uploads;
pub mod users;
pub mod visibility;

use async_graphql::MergedObject;
use poem_openapi::OpenApi;

use crate::{
    guard::{Guarded, Info},
    oauth,
};

/// Every operation, in the order of `docs/OPERATIONS.md`.
pub fn operations() -> impl Iterator<Item = &'static Info> {
    let resources: [&[&Info]; 23] = [
        artists::OPERATIONS,
        albums::OPERATIONS,
        tracks::OPERATIONS,
        uploads::OPERATIONS,
        listen::OPERATIONS,
        stream::OPERATIONS,
        libraries::OPERATIONS,
        tags::OPERATIONS,
        licenses::OPERATIONS,
        attachments::OPERATIONS,
        edits::OPERATIONS,
        fetches::OPERATIONS,
        search::OPERATIONS,
        oembed::OPERATIONS,
        text::OPERATIONS,
        instance::OPERATIONS,
        rate_limit::OPERATIONS,
        users::OPERATIONS,
        auth::OPERATIONS,
        sessions::OPERATIONS,
        applications::OPERATIONS,
        grants::OPERATIONS,
        oauth::OPERATIONS,
    ];
    resources.into_iter().flatten().copied()
}

/// Finds an operation by its name, such as `artists.list`.
pub fn operation(name: &str) -> Option<&'static Info> {
    operations().find(|info| info.name == name)
}

/// The REST API.
pub fn rest() -> impl OpenApi + Send + Sync + 'static {
    let catalogue = (
        artists::Rest,
        albums::Rest,
        tracks::Rest,
        uploads::Rest,
        libraries::Rest,
        tags::Rest,
        licenses::Rest,
        attachments::Rest,
        edits::Rest,
        fetches::Rest,
    );
    let sound = (listen::Rest, stream::Rest);
    let rest = (
        search::Rest,
        oembed::Rest,
        text::Rest,
        instance::Rest,
        rate_limit::Rest,
    );
    let accounts = (
        users::Rest,
        auth::Rest,
        sessions::Rest,
        applications::Rest,
        grants::Rest,
        oauth::Rest,
        oauth::WellKnown,
    );
    Guarded((catalogue, sound, rest, accounts))
}

/// Root of all queries. Each field is an operation: it needs a scope and counts against a rate
/// limit, like its REST counterpart. OAuth itself (authorization, tokens, revocation,
/// introspection) is available over REST only, at the endpoints in the RFC 8414 metadata.
#[derive(Default, MergedObject)]
pub struct Query(
    artists::Queries,
    albums::Queries,
    tracks::Queries,
    uploads::Queries,
    libraries::Queries,
    tags::Queries,
    licenses::Queries,
    attachments::Queries,
    search::Queries,
    text::Queries,
    instance::Queries,
    rate_limit::Queries,
    users::Queries,
    sessions::Queries,
    applications::Queries,
    grants::Queries,
    node::Queries,
);

/// Root of all mutations. Each field is an operation, as in `Query`; fields run one after another.
#[derive(Default, MergedObject)]
pub struct Mutation(
    albums::Mutations,
    tracks::Mutations,
    attachments::Mutations,
    edits::Mutations,
    users::Mutations,
    auth::Mutations,
    sessions::Mutations,
    applications::Mutations,
    grants::Mutations,
);
