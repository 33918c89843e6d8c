//! Follows of libraries: people ask for access to them, and their owners decide (contract section 10).
mod body;
pub mod graphql;
mod write;

use async_graphql::SimpleObject;
use sqlx::FromRow;
use uuid::Uuid;

pub use self::{
    body::{FollowersRest, Rest},
    graphql::{FollowOfCaller, FollowsOfLibrary},
};
use super::libraries::Library;
use crate::{
    context::Reader,
    error::Result,
    graphql::{ids::Key, reference::ByUuid},
    guard::{Allowed, operations},
    load::{Entity, entity},
    rest::{
        page::ListQuery,
        params::{filter, ordering},
    },
    store::{
        Sql,
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
    },
    time::Timestamp,
};

operations! {
    "library_follows", "Follows of libraries: access that people asked for.";
    /// Lists the libraries that you follow, or asked to follow.
    ///
    /// Those that were refused are left out, unless you ask for `approved=false`. Sorted newest first by default.
    list: List = read Follows, anonymous = Never, throttle = List, graphql = "libraryFollows", params = Query;
    /// Lists all libraries that you follow, or asked to follow, in short.
    ///
    /// Those that were refused are left out. The list is not cut into pages.
    all: All = read Follows, anonymous = Never, throttle = Wildcard,
        graphql = "(REST only: `Library.follow` tells it for each library)", reads = many;
    /// Returns a follow of yours, or of one of your libraries.
    ///
    /// Other follows, and unknown UUIDs, are answered with 404.
    retrieve: Retrieve = read Follows, anonymous = Never, throttle = Retrieve, graphql = "libraryFollow";
    /// Asks for access to a library.
    ///
    /// `target` is the UUID of the library. Public libraries, and those that their owners share with your pod, are
    /// followed at once; the owners of others have to accept. Your own libraries, those that you follow
    /// already, and unknown ones are answered with 400.
    create: Create = write Follows, anonymous = Never, throttle = Create, graphql = "Mutation.followLibrary";
    /// Unfollows a library, or takes back the question.
    ///
    /// Follows of others, and unknown UUIDs, are answered with 404.
    delete: Delete = write Follows, anonymous = Never, throttle = Destroy, graphql = "Mutation.deleteLibraryFollow";
    /// Gives the follower access to your library.
    ///
    /// Follows of libraries of others, and unknown UUIDs, are answered with 404.
    accept: Accept = write Follows, anonymous = Never, throttle = Wildcard, graphql = "Mutation.acceptLibraryFollow";
    /// Refuses or withdraws the follower's access to your library.
    ///
    /// Follows of libraries of others, and unknown UUIDs, are answered with 404.
    reject: Reject = write Follows, anonymous = Never, throttle = Wildcard, graphql = "Mutation.rejectLibraryFollow";
    /// Lists the followers of one of your libraries, and those who asked.
    ///
    /// Sorted newest first. Libraries of others, and unknown UUIDs, are answered with 404.
    followers: Followers = read Libraries, anonymous = Never, throttle = Wildcard, graphql = "Library.followers", reads = many;
}

pub type Query = ListQuery<LibraryFollowFilter, LibraryFollowOrder>;

/// A follow: somebody has, or asked for, access to a library.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct LibraryFollow {
    /// Numeric ID, unique among follows of libraries.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// UUID of the follow.
    pub uuid: Uuid,
    #[graphql(skip)]
    pub actor_id: i64,
    #[graphql(skip)]
    pub target_library_id: i64,
    /// Whether the owner of the library accepted; null until the owner decides.
    pub approved: Option<bool>,
    /// Time at which access was asked for.
    pub creation_date: Timestamp,
}

entity!(LibraryFollow in "library_follows": "id, uuid, actor_id, target_library_id, approved, creation_date",
    upon [], weighs []);

filter! {
    /// Filter for a list of follows of libraries. A follow must match all conditions.
    pub struct LibraryFollowFilter {
        /// `true`: those that owners accepted. `false`: those that they refused, which your own lists leave out by
        /// default.
        approved: Option<bool>,
        /// Only follows of this library.
        target: Option<ByUuid<Library>>,
    }
}

ordering! {
    /// Sort options for follows of libraries.
    pub struct LibraryFollowOrder by LibraryFollowOrderField {
        /// Time at which access was asked for.
        CreationDate = "creation_date",
    }
    others ignored
}

/// The caller's own follows.
async fn listing(
    reader: &Reader,
    filter: &LibraryFollowFilter,
    order: &[LibraryFollowOrder],
) -> Result<Listing> {
    let own = sql("from library_follows f where f.actor_id = ?");
    let mut own = own.bind(reader.actor_id().unwrap_or(-1));
    if filter.approved.is_none() {
        own = own.then(NOT_REFUSED);
    }
    narrowed(reader, own, filter, order).await
}

const NOT_REFUSED: &str = " and (f.approved is null or f.approved = true)";

/// The follows of the caller's libraries.
async fn received(
    reader: &Reader,
    filter: &LibraryFollowFilter,
    order: &[LibraryFollowOrder],
) -> Result<Listing> {
    let from = sql("from library_follows f where ").append(owned(reader));
    narrowed(reader, from, filter, order).await
}

async fn narrowed(
    reader: &Reader,
    mut from: Sql,
    filter: &LibraryFollowFilter,
    order: &[LibraryFollowOrder],
) -> Result<Listing> {
    if let Some(approved) = filter.approved {
        from = from.then(" and f.approved = ?").bind(approved);
    }
    if let Some(target) = &filter.target {
        let target = target.resolve(reader, "target").await?;
        let there = "f.target_library_id = (select l.id from libraries l where l.uuid = ?)";
        from = from.and(sql(there).bind(target));
    }
    let down = order
        .first()
        .is_none_or(|order| order.direction.is_descending());
    let date = SortKey::new(sql("f.creation_date"), KeyKind::Time, down);
    Ok(Listing::new(from, "f.id", [date]).oldest_first_if(!down))
}

/// Condition on a follow `f`: its library is the caller's.
fn owned(reader: &Reader) -> Sql {
    sql("f.target_library_id in (select l.id from libraries l where l.actor_id = ?)")
        .bind(reader.actor_id().unwrap_or(-1))
}

/// A follow of the caller, or of one of the caller's libraries.
pub async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<LibraryFollow> {
    LibraryFollow::select()
        .then(" f where f.")
        .append(key.condition())
        .then(" and (f.actor_id = ?")
        .bind(permit.actor_id().unwrap_or(-1))
        .then(" or ")
        .append(owned(permit))
        .then(")")
        .one(permit.db())
        .await
}
