//! Listening to audio, and what users keep of it.
mod activity;
mod acts;
pub mod bookmarks;
pub mod content_filters;
pub mod favorites;
pub mod history;
pub mod listen;
pub mod marks;
pub mod play_queue;
pub mod playlists;
pub mod radio_sessions;
pub mod radios;
pub mod stream;

use async_graphql::{MergedObject, MergedSubscription};
use poem_openapi::OpenApi;

pub use self::activity::CHANNEL;
use crate::guard::Info;

pub const OPERATIONS: &[&[&Info]] = &[
    listen::OPERATIONS,
    stream::OPERATIONS,
    favorites::OPERATIONS,
    history::OPERATIONS,
    playlists::OPERATIONS,
    radios::OPERATIONS,
    radio_sessions::OPERATIONS,
    content_filters::OPERATIONS,
    marks::OPERATIONS,
    bookmarks::OPERATIONS,
    play_queue::OPERATIONS,
    activity::OPERATIONS,
];

pub fn rest() -> impl OpenApi + Send + Sync + 'static {
    (
        listen::Rest,
        stream::Rest,
        favorites::Rest,
        history::Rest,
        playlists::Rest,
        radios::Rest,
        radio_sessions::Rest,
        content_filters::Rest,
        marks::Rest,
        bookmarks::Rest,
        play_queue::Rest,
        activity::Rest,
    )
}

#[derive(Default, MergedObject)]
#[graphql(name = "ListeningQueries")]
pub struct Queries(
    favorites::graphql::Queries,
    history::graphql::Queries,
    playlists::graphql::Queries,
    radios::graphql::Queries,
    radio_sessions::graphql::Queries,
    content_filters::Queries,
    marks::graphql::Queries,
    bookmarks::Queries,
    play_queue::Queries,
    activity::Queries,
);

#[derive(Default, MergedObject)]
#[graphql(name = "ListeningMutations")]
pub struct Mutations(
    favorites::graphql::Mutations,
    history::graphql::Mutations,
    playlists::graphql::Mutations,
    radios::graphql::Mutations,
    radio_sessions::graphql::Mutations,
    content_filters::Mutations,
    marks::graphql::Mutations,
    bookmarks::Mutations,
    play_queue::Mutations,
);

#[derive(Default, MergedSubscription)]
#[graphql(name = "ListeningSubscriptions")]
pub struct Subscriptions(activity::Subscriptions);
