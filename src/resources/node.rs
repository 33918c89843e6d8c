//! Objects by global ID (GraphQL's global object identification).
use async_graphql::{Context, ID, Interface, Object};
use futures_util::future::try_join_all;

use crate::{
    accounts::sessions::Session,
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
            licenses::{self, License},
            tags::{self, Tag},
            tracks::{self, Track},
        },
        library::{
            attachments::{self, Attachment},
            edits::{self, Edit},
            libraries::{self, Library},
            uploads::{self, Upload},
        },
        people::{
            actors::{self, Actor},
            applications::{self, OauthApplication},
            grants::{self, Grant},
            sessions,
            users::{self, User},
        },
        publishing::channels::{self, Channel},
    },
};

/// An object with a global ID.
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
    Channel(Channel),
    License(License),
    Edit(Edit),
    User(User),
    Session(Session),
    OauthApplication(OauthApplication),
    Grant(Grant),
}

/// Maximum number of IDs at once.
const MOST: usize = 50;

/// Finds an object. Counts against the same rate limit as the object's own root field.
async fn find(cx: &Cx, id: &ID) -> Result<Option<Node>> {
    let found = match parse(id)? {
        (Kind::Actor, name) => return actor(cx, &name).await,
        (Kind::User, name) => users::retrieve(&cx.allow().await?, &name)
            .await
            .map(Node::User),
        (Kind::License, code) => licenses::retrieve(&cx.allow().await?, &code)
            .await
            .map(Node::License),
        (Kind::Session, id) => sessions::retrieve(&cx.allow().await?, &id)
            .await
            .map(Node::Session),
        (Kind::OauthApplication, client) => applications::retrieve(&cx.allow().await?, &client)
            .await
            .map(Node::OauthApplication),
        (Kind::Grant, client) => grants::retrieve(&cx.allow().await?, &client)
            .await
            .map(Node::Grant),
        (kind, _) => by_key(cx, kind, id).await,
    };
    match found {
        Err(Error::NotFound) => Ok(None),
        found => found.map(Some),
    }
}

/// Finds an object that has a number or a UUID.
async fn by_key(cx: &Cx, kind: Kind, id: &ID) -> Result<Node> {
    let key = Key::of(kind, Some(id.clone()), None, None)?;
    match (kind, key) {
        (Kind::Artist, key) => artists::retrieve(&cx.allow().await?, key)
            .await
            .map(Node::Artist),
        (Kind::Album, key) => albums::retrieve(&cx.allow().await?, key)
            .await
            .map(Node::Album),
        (Kind::Track, key) => tracks::retrieve(&cx.allow().await?, key)
            .await
            .map(Node::Track),
        (Kind::Upload, key) => uploads::retrieve(&cx.allow().await?, key)
            .await
            .map(Node::Upload),
        (Kind::Library, key) => libraries::retrieve(&cx.allow().await?, key)
            .await
            .map(Node::Library),
        (Kind::Tag, key) => tags::by_key(&cx.allow().await?, key).await.map(Node::Tag),
        (Kind::Attachment, key) => attachments::named(&cx.allow().await?, key)
            .await
            .map(Node::Attachment),
        (Kind::Edit, Key::Uuid(uuid)) => edits::retrieve(&cx.allow().await?, uuid)
            .await
            .map(Node::Edit),
        (Kind::Channel, Key::Uuid(uuid)) => {
            let permit: Allowed<artists::Retrieve> = cx.allow().await?;
            channels::by_uuid(&permit, uuid).await.map(Node::Channel)
        }
        _ => Err(Error::NotFound),
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
        Kind::Artist | Kind::Actor | Kind::Channel => artists::Retrieve::INFO,
        Kind::Album => albums::Retrieve::INFO,
        Kind::Track => tracks::Retrieve::INFO,
        Kind::Upload => uploads::Retrieve::INFO,
        Kind::Library => libraries::Retrieve::INFO,
        Kind::Tag => tags::Retrieve::INFO,
        Kind::Attachment => attachments::Retrieve::INFO,
        Kind::License => licenses::Retrieve::INFO,
        Kind::Edit => edits::OfArtist::INFO,
        Kind::User => users::Retrieve::INFO,
        Kind::Session => sessions::List::INFO,
        Kind::OauthApplication => applications::Retrieve::INFO,
        Kind::Grant => grants::Retrieve::INFO,
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
