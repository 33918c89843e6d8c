//! The GraphQL fields of follows of libraries.
use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, ID, InputObject};

use super::{
    Accept, Followers, LibraryFollow, LibraryFollowFilter, LibraryFollowOrder, List, Reject,
    Retrieve, listing, received, retrieve,
    write::{self, NewFollow, create, delete},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::{
        ids::{Key, Kind, global},
        nested::nested,
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed},
    load::{Entity, load},
    resources::{library::libraries::Library, people::actors::Actor},
};

nested! {
    /// Follows of a library of the caller's.
    FollowsOfLibrary: Followers(LibraryFollowFilter, LibraryFollowOrder) -> LibraryFollow = received,
        where "f.target_library_id = ?";
}

load!(/// The caller's follow of a library.
    FollowOfCaller: LibraryFollow = for_caller of_caller);

async fn of_caller(reader: &Reader, libraries: Vec<i64>) -> Result<HashMap<i64, LibraryFollow>> {
    let own = LibraryFollow::select().then(" where target_library_id in ?* and actor_id = ?");
    let own = own.bind(libraries).bind(reader.actor_id().unwrap_or(-1));
    let rows: Vec<LibraryFollow> = own.all(reader.db()).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.target_library_id, row))
        .collect())
}

#[ComplexObject]
impl LibraryFollow {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::LibraryFollow, self.id)
    }

    /// Who follows.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        ctx.load::<Retrieve, Actor>(self.actor_id).await
    }

    /// The library.
    async fn target(&self, ctx: &Context<'_>) -> Result<Option<Library>> {
        ctx.load::<Retrieve, Library>(self.target_library_id).await
    }
}

fields! {
    Queries as "LibraryFollowsQueries";
    list library_follows: List(LibraryFollowFilter, LibraryFollowOrder) -> LibraryFollow = listing;
    one library_follow(Kind::LibraryFollow) -> LibraryFollow = retrieve;
}

/// A follow of one of your libraries.
#[derive(Debug, InputObject)]
struct AcceptLibraryFollowInput {
    /// Global ID of the follow; its UUID and its numeric ID are accepted too.
    id: ID,
}

/// A follow of one of your libraries.
#[derive(Debug, InputObject)]
struct RejectLibraryFollowInput {
    /// Global ID of the follow; its UUID and its numeric ID are accepted too.
    id: ID,
}

fn key(id: ID) -> Result<Key> {
    Key::of(Kind::LibraryFollow, Some(id), None, None)
}

async fn accepted(
    permit: &Allowed<Accept>,
    input: AcceptLibraryFollowInput,
) -> Result<LibraryFollow> {
    write::accept(permit, key(input.id)?).await
}

async fn rejected(
    permit: &Allowed<Reject>,
    input: RejectLibraryFollowInput,
) -> Result<LibraryFollow> {
    write::reject(permit, key(input.id)?).await
}

mutations! {
    Mutations as "LibraryFollowsMutations";
    delete delete_library_follow(DeleteLibraryFollowInput) -> DeleteLibraryFollowPayload = delete, of Kind::LibraryFollow;
    change follow_library(NewFollow) -> FollowLibraryPayload { follow: LibraryFollow, "The new follow." } = create;
    change accept_library_follow(AcceptLibraryFollowInput) -> AcceptLibraryFollowPayload { follow: LibraryFollow, "The follow after the change." } = accepted;
    change reject_library_follow(RejectLibraryFollowInput) -> RejectLibraryFollowPayload { follow: LibraryFollow, "The follow after the change." } = rejected;
}
