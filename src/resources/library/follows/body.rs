//! Follows of libraries as REST shows them.
use poem_openapi::{Object, param::Path};
use serde::Serialize;
use uuid::Uuid;

use super::{
    Accept, All, Create, Delete, Followers, LibraryFollow, LibraryFollowFilter, List, NOT_REFUSED,
    Query, Reject, Retrieve, listing, received, retrieve,
    write::{NewFollow, accept, create, delete, reject},
};
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::ids::Key,
    guard::Allowed,
    load::{Loaders, sole},
    resources::{
        library::libraries::{HolderBody, holders},
        people::actors::{Actor, ActorBody},
    },
    rest::{
        answer::{Answer, Created, NoContent},
        page::{Page, PageQuery, PageRequest},
        standard::routes,
    },
    store::sql,
    time::Timestamp,
};

/// A follow of a library.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "LibraryFollow")]
struct FollowBody {
    /// Time at which access was asked for.
    creation_date: Timestamp,
    /// Who follows.
    actor: Option<ActorBody>,
    /// UUID of the follow.
    uuid: Uuid,
    /// The library.
    target: Option<HolderBody>,
    /// Whether the owner of the library accepted; null until the owner decides.
    approved: Option<bool>,
}

async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<FollowBody>> {
    let follows = loaders.owned::<LibraryFollow>(ids).await?;
    let libraries: Vec<i64> = follows
        .iter()
        .map(|follow| follow.target_library_id)
        .collect();
    let libraries = holders(loaders, reader, &libraries).await?;
    let actors = follows.iter().map(|follow| follow.actor_id);
    let actors = loaders.many::<Actor>(actors).await?;
    let body = |follow: LibraryFollow| FollowBody {
        creation_date: follow.creation_date,
        actor: actors.get(&follow.actor_id).map(|actor| actor.body(reader)),
        uuid: follow.uuid,
        target: libraries.get(&follow.target_library_id).cloned(),
        approved: follow.approved,
    };
    Ok(follows.into_iter().map(body).collect())
}

async fn detail(permit: &Allowed<Retrieve>, key: Key) -> Result<FollowBody> {
    let follow = retrieve(permit, key).await?;
    sole(bodies(permit.loaders(), permit, &[follow.id]).await?)
}

async fn created(permit: &Allowed<Create>, new: NewFollow) -> Result<FollowBody> {
    let follow = create(permit, new).await?;
    sole(bodies(permit.loaders(), permit, &[follow.id]).await?)
}

/// A follow, in short.
#[derive(Debug, Serialize, Object)]
struct BriefFollow {
    /// UUID of the follow.
    uuid: Uuid,
    /// UUID of the library.
    library: Uuid,
    /// Whether the owner of the library accepted; null until the owner decides.
    approved: Option<bool>,
}

/// All libraries that you follow.
#[derive(Debug, Serialize, Object)]
struct AllFollows {
    /// The follows, oldest first.
    results: Vec<BriefFollow>,
    /// Number of follows.
    count: usize,
}

async fn all(permit: &Allowed<All>) -> Result<AllFollows> {
    let own = sql("select f.uuid, l.uuid, f.approved from library_follows f
         join libraries l on l.id = f.target_library_id where f.actor_id = ?")
    .then(NOT_REFUSED)
    .then(" order by f.id");
    let own: Vec<(Uuid, Uuid, Option<bool>)> = own
        .bind(permit.actor_id().unwrap_or(-1))
        .all(permit.db())
        .await?;
    let brief = |(uuid, library, approved)| BriefFollow {
        uuid,
        library,
        approved,
    };
    let results: Vec<_> = own.into_iter().map(brief).collect();
    Ok(AllFollows {
        count: results.len(),
        results,
    })
}

async fn accepted(permit: &Allowed<Accept>, key: Key) -> Result<()> {
    accept(permit, key).await.map(|_| ())
}

async fn rejected(permit: &Allowed<Reject>, key: Key) -> Result<()> {
    reject(permit, key).await.map(|_| ())
}

/// The followers of one of the caller's libraries.
async fn followers(
    permit: &Allowed<Followers>,
    library: Uuid,
    page: &PageRequest,
) -> Result<Page<FollowBody>> {
    let own = sql("select id from libraries where uuid = ? and actor_id = ?");
    own.bind(library)
        .bind(permit.actor_id().unwrap_or(-1))
        .optional::<(i64,)>(permit.db())
        .await?
        .ok_or(Error::NotFound)?;
    let filter = LibraryFollowFilter {
        target: Some(library.into()),
        ..LibraryFollowFilter::default()
    };
    let listing = received(permit, &filter, &[]).await?;
    let (frame, ids) = page.read_ids(permit, &listing).await?;
    Ok(frame.around(bodies(permit.loaders(), permit, &ids).await?))
}

routes! {
    "/api/v1/federation/follows/library" lists List(Query) -> FollowBody = listing => bodies;
    all: All = get "/all" -> Answer<AllFollows>;
    retrieve: Retrieve = get "/:uuid" [uuid: Uuid] -> Answer<FollowBody> => detail;
    create: Create = post "/" {new: NewFollow} -> Created<FollowBody> => created;
    delete: Delete = delete "/:uuid" [uuid: Uuid] -> NoContent;
    accept: Accept = post "/:uuid/accept" [uuid: Uuid] -> NoContent => accepted;
    reject: Reject = post "/:uuid/reject" [uuid: Uuid] -> NoContent => rejected;
}

/// The followers of a library.
pub struct FollowersRest;

#[poem_openapi::OpenApi(prefix_path = "/api/v1/libraries")]
impl FollowersRest {
    #[oai(path = "/:uuid/follows", method = "get")]
    async fn followers(
        &self,
        permit: Allowed<Followers>,
        uuid: Path<Uuid>,
        page: PageQuery,
    ) -> Result<Answer<Page<FollowBody>>> {
        followers(&permit, uuid.0, &page.0).await.map(Answer)
    }
}
