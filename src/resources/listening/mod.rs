//! Listening to audio, and what users keep of it.
mod acts;
pub mod favorites;
pub mod history;
pub mod listen;
pub mod playlists;
pub mod stream;

use async_graphql::MergedObject;
use poem_openapi::OpenApi;

use crate::guard::Info;

pub const OPERATIONS: &[&[&Info]] = &[
    listen::OPERATIONS,
    stream::OPERATIONS,
    favorites::OPERATIONS,
    history::OPERATIONS,
    playlists::OPERATIONS,
];

pub fn rest() -> impl OpenApi + Send + Sync + 'static {
    (
        listen::Rest,
        stream::Rest,
        favorites::Rest,
        history::Rest,
        playlists::Rest,
    )
}

#[derive(Default, MergedObject)]
#[graphql(name = "ListeningQueries")]
pub struct Queries(
    favorites::graphql::Queries,
    history::graphql::Queries,
    playlists::graphql::Queries,
);

#[derive(Default, MergedObject)]
#[graphql(name = "ListeningMutations")]
pub struct Mutations(
    favorites::graphql::Mutations,
    history::graphql::Mutations,
    playlists::graphql::Mutations,
);
