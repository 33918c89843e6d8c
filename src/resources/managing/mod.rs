//! The catalogue of the whole pod and whose files it holds, for keepers with the permission `library`.
pub mod albums;
pub mod artists;
pub mod channels;
pub mod libraries;
pub mod shared;
pub mod tags;
pub mod tracks;
pub mod uploads;

use async_graphql::MergedObject;
use poem_openapi::OpenApi;

pub use self::shared::bulk::Removal;
use crate::guard::Info;

pub const OPERATIONS: &[&[&Info]] = &[
    artists::OPERATIONS,
    albums::OPERATIONS,
    tracks::OPERATIONS,
    libraries::OPERATIONS,
    uploads::OPERATIONS,
    channels::OPERATIONS,
    tags::OPERATIONS,
];

pub fn rest() -> impl OpenApi + Send + Sync + 'static {
    (
        artists::Rest,
        albums::Rest,
        tracks::Rest,
        libraries::Rest,
        uploads::Rest,
        channels::Rest,
        tags::Rest,
    )
}

#[derive(Default, MergedObject)]
#[graphql(name = "ManagingQueries")]
pub struct Queries(
    artists::Queries,
    albums::Queries,
    tracks::Queries,
    libraries::Queries,
    uploads::Queries,
    channels::Queries,
);

#[derive(Default, MergedObject)]
#[graphql(name = "ManagingMutations")]
pub struct Mutations(
    artists::Mutations,
    albums::Mutations,
    tracks::Mutations,
    libraries::Mutations,
    uploads::Mutations,
    channels::Mutations,
    tags::Mutations,
);
