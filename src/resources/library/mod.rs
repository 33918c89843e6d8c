//! Libraries and what is in them: uploads, pictures, texts and edits.
pub mod attachments;
pub mod contents;
pub mod edits;
pub mod folder_imports;
pub mod follows;
pub mod libraries;
pub mod reviews;
pub mod scanned_folders;
pub mod text;
pub mod uploads;
pub mod visibility;

use async_graphql::{MergedObject, MergedSubscription};
use poem_openapi::OpenApi;

use crate::guard::Info;

pub const OPERATIONS: &[&[&Info]] = &[
    libraries::OPERATIONS,
    follows::OPERATIONS,
    folder_imports::OPERATIONS,
    uploads::OPERATIONS,
    attachments::OPERATIONS,
    edits::OPERATIONS,
    reviews::OPERATIONS,
    text::OPERATIONS,
];

pub fn rest() -> impl OpenApi + Send + Sync + 'static {
    (
        folder_imports::Rest,
        libraries::Rest,
        follows::Rest,
        follows::FollowersRest,
        uploads::Rest,
        attachments::Rest,
        edits::Rest,
        reviews::Rest,
        text::Rest,
    )
}

#[derive(Default, MergedObject)]
#[graphql(name = "LibraryQueries")]
pub struct Queries(
    libraries::graphql::Queries,
    follows::graphql::Queries,
    folder_imports::Queries,
    uploads::graphql::Queries,
    attachments::Queries,
    reviews::graphql::Queries,
    text::Queries,
);

#[derive(Default, MergedObject)]
#[graphql(name = "LibraryMutations")]
pub struct Mutations(
    attachments::Mutations,
    folder_imports::Mutations,
    libraries::graphql::Mutations,
    follows::graphql::Mutations,
    uploads::graphql::Mutations,
    reviews::graphql::Mutations,
);

#[derive(Default, MergedSubscription)]
#[graphql(name = "LibrarySubscriptions")]
pub struct Subscriptions(uploads::graphql::Subscriptions);
