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
        keeping::{
            audit::{self, AuditEntry},
            invitations::{self, Invitation},
            jobs::{self, Job},
            user_accounts::{self, UserAccount},
        },
        library::{
            attachments::{self, Attachment},
            edits::{self, Edit},
            follows::{self, LibraryFollow},
            libraries::{self, Library},
            uploads::{self, Upload},
        },
        listening::{
            bookmarks::{self, Bookmark},
            content_filters::{self, ContentFilter},
            favorites::{self, Favorite},
            history::{self, Listening},
            marks::{self, Mark},
            playlists::{self, Playlist, PlaylistTrack},
            radio_sessions::{self, RadioSession, RadioSessionTrack},
            radios::{self, Radio},
        },
        moderation::{
            domains::{self, Domain},
            notes::{self, ModerationNote},
            policies::{self, InstancePolicy},
            reports::{self, Report},
            user_requests::{self, UserRequest},
        },
        people::{
            actors::{self, Actor},
            applications::{self, OauthApplication},
            grants::{self, Grant},
            notifications::{self, Notification},
            sessions,
            users::{self, User},
        },
        publishing::{
            channels::{self, Channel},
            subscriptions::{self, ChannelSubscription},
        },
    },
};

/// Declares the objects with a global ID: what finds each, by `key` (a number or a UUID) or by `name`, and the
/// operation that this counts as.
macro_rules! nodes {
    ($($kind:ident by $form:ident = $retrieve:path, as $operation:ty;)+) => {
        /// An object with a global ID.
        #[derive(Interface)]
        #[graphql(field(
            name = "id",
            method = "global_id",
            ty = "ID",
            desc = "Global ID; opaque."
        ))]
        pub enum Node {
            $($kind($kind),)+
        }

        async fn retrieve(cx: &Cx, id: &ID) -> Result<Node> {
            let (kind, name) = parse(id)?;
            match kind {
                $(Kind::$kind => {
                    let permit: Allowed<$operation> = cx.allow().await?;
                    let found = $retrieve(&permit, nodes!(@$form kind, id, name)).await;
                    found.map(Node::$kind)
                })+
            }
        }

        /// The operation that finds the object with this global ID.
        pub fn operation_of(id: &ID) -> Option<&'static Info> {
            Some(match parse(id).ok()?.0 {
                $(Kind::$kind => <$operation>::INFO,)+
            })
        }
    };
    (@key $kind:ident, $id:ident, $name:ident) => { Key::of($kind, Some($id.clone()), None, None)? };
    (@name $kind:ident, $id:ident, $name:ident) => { &$name };
}

nodes! {
    Artist by key = artists::retrieve, as artists::Retrieve;
    Album by key = albums::retrieve, as albums::Retrieve;
    Track by key = tracks::retrieve, as tracks::Retrieve;
    Upload by key = uploads::retrieve, as uploads::Retrieve;
    Library by key = libraries::retrieve, as libraries::Retrieve;
    Tag by key = tags::by_key, as tags::Retrieve;
    Attachment by key = attachments::named, as attachments::Retrieve;
    Actor by name = actors::named, as artists::Retrieve;
    Channel by key = channels::retrieve, as artists::Retrieve;
    ChannelSubscription by key = subscriptions::retrieve, as subscriptions::Retrieve;
    License by name = licenses::retrieve, as licenses::Retrieve;
    Edit by key = edits::retrieve, as edits::OfArtist;
    User by name = users::retrieve, as users::Retrieve;
    Session by name = sessions::retrieve, as sessions::List;
    OauthApplication by name = applications::retrieve, as applications::Retrieve;
    Grant by name = grants::retrieve, as grants::Retrieve;
    Favorite by key = favorites::retrieve, as favorites::List;
    Notification by key = notifications::retrieve, as notifications::Retrieve;
    LibraryFollow by key = follows::retrieve, as follows::Retrieve;
    Listening by key = history::retrieve, as history::Retrieve;
    Playlist by key = playlists::retrieve, as playlists::Retrieve;
    PlaylistTrack by key = playlists::entry, as playlists::Tracks;
    Radio by key = radios::retrieve, as radios::Retrieve;
    RadioSession by key = radio_sessions::retrieve, as radio_sessions::Retrieve;
    RadioSessionTrack by key = radio_sessions::drawn, as radio_sessions::Retrieve;
    ContentFilter by key = content_filters::retrieve, as content_filters::Retrieve;
    Mark by key = marks::retrieve, as marks::List;
    Bookmark by key = bookmarks::retrieve, as bookmarks::List;
    Report by key = reports::retrieve, as reports::Retrieve;
    UserRequest by key = user_requests::retrieve, as user_requests::Retrieve;
    ModerationNote by key = notes::retrieve, as notes::Retrieve;
    InstancePolicy by key = policies::retrieve, as policies::Retrieve;
    Domain by key = domains::retrieve, as domains::Retrieve;
    UserAccount by key = user_accounts::retrieve, as user_accounts::Retrieve;
    Invitation by key = invitations::retrieve, as invitations::Retrieve;
    AuditEntry by key = audit::retrieve, as audit::List;
    Job by key = jobs::retrieve, as jobs::Retrieve;
}

/// Maximum number of IDs at once.
const MOST: usize = 50;

/// Finds an object. Counts against the same rate limit as the object's own root field.
async fn find(cx: &Cx, id: &ID) -> Result<Option<Node>> {
    match retrieve(cx, id).await {
        Err(Error::NotFound) => Ok(None),
        found => found.map(Some),
    }
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
