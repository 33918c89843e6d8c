//! Objects by global ID (GraphQL's global object identification).
use async_graphql::{Context, ID, Interface, Object};
use futures_util::future::try_join_all;

use crate::{
    context::Cx,
    error::{Error, Result},
    graphql::{
        connection::{answer, cost},
        ids::{Key, Kind, parse},
    },
    guard::{Allowed, Info, Operation},
    resources::{
        catalogue::{
            albums::{self, Album},
            artists::{self, Artist},
            tags::{self, Tag},
            tracks::{self, Track},
        },
        library::{
            attachments::{self, Attachment},
            libraries::{self, Library},
            uploads::{self, Upload},
        },
        people::actors::{self, Actor},
    },
};

/// An object with a global ID.
#[expect(
    clippy::large_enum_variant,
    reason = "a handful at once, and moved once"
)]
#[derive(Interface)]
#[graphql(field(
    name = "id",
    method = "global_id",
    ty = "ID",
    desc = "Global ID; opaque."
))]
pub enum Node {
    Artist(Artist),
    Album(Album),
    Track(Track),
    Upload(Upload),
    Library(Library),
    Tag(Tag),
    Attachment(Attachment),
    Actor(Actor),
}

/// Maximum number of IDs at once.
const MOST: usize = 50;

/// Finds an object. Counts against the same rate limit as the object's own root field.
async fn find(cx: &Cx, id: &ID) -> Result<Option<Node>> {
    let (kind, name) = parse(id)?;
    if kind == Kind::Actor {
        return actor(cx, &name).await;
    }
    let key = Key::named(&name)?;
    let found = match kind {
        Kind::Artist => artists::retrieve(&cx.allow().await?, key)
            .await
            .map(Node::Artist),
        Kind::Album => albums::retrieve(&cx.allow().await?, key)
            .await
            .map(Node::Album),
        Kind::Track => tracks::retrieve(&cx.allow().await?, key)
            .await
            .map(Node::Track),
        Kind::Upload => uploads::retrieve(&cx.allow().await?, key)
            .await
            .map(Node::Upload),
        Kind::Library => libraries::retrieve(&cx.allow().await?, key)
            .await
            .map(Node::Library),
        Kind::Tag => tags::by_key(&cx.allow().await?, key).await.map(Node::Tag),
        Kind::Attachment => attachments::named(&cx.allow().await?, key)
            .await
            .map(Node::Attachment),
        Kind::Actor | Kind::Channel => Err(Error::NotFound),
    };
    match found {
        Err(Error::NotFound) => Ok(None),
        found => found.map(Some),
    }
}

/// Finds an actor by name, as whoever has seen it knows it.
async fn actor(cx: &Cx, name: &str) -> Result<Option<Node>> {
    let permit: Allowed<artists::Retrieve> = cx.allow().await?;
    Ok(actors::named(&permit, name).await?.map(Node::Actor))
}

/// The operation that finds the object with this global ID.
pub fn operation_of(id: &ID) -> Option<&'static Info> {
    Some(match parse(id).ok()?.0 {
        Kind::Artist | Kind::Actor => artists::Retrieve::INFO,
        Kind::Album => albums::Retrieve::INFO,
        Kind::Track => tracks::Retrieve::INFO,
        Kind::Upload => uploads::Retrieve::INFO,
        Kind::Library => libraries::Retrieve::INFO,
        Kind::Tag => tags::Retrieve::INFO,
        Kind::Attachment => attachments::Retrieve::INFO,
        Kind::Channel => return None,
    })
}

async fn find_all(cx: &Cx, ids: &[ID]) -> Result<Vec<Option<Node>>> {
    if ids.len() > MOST {
        return Err(Error::field(
            "ids",
            format!("Must have at most {MOST} items."),
        ));
    }
    try_join_all(ids.iter().map(|id| find(cx, id))).await
}

#[derive(Default)]
pub struct Queries;

#[Object(name = "NodeQueries")]
impl Queries {
    /// Returns the object with this global ID; null if there is none that you can see. Counts
    /// against the same rate limit as the object's own root field.
    async fn node(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Node>> {
        find(ctx.data_unchecked::<Cx>(), &id).await
    }

    /// Returns the objects with these global IDs (at most 50), in the order of the IDs, with null
    /// for those that do not exist or that you cannot see. Each counts against the same rate limit
    /// as the object's own root field.
    #[graphql(complexity = "cost(ids.len(), child_complexity)")]
    async fn nodes(&self, ctx: &Context<'_>, ids: Vec<ID>) -> Option<Result<Vec<Option<Node>>>> {
        answer(find_all(ctx.data_unchecked::<Cx>(), &ids)).await
    }
}
