//! Libraries: collections of uploads with an owner and a privacy level.
mod body;
pub mod graphql;
mod nested;
mod sql;
mod write;

use std::collections::HashMap;

use async_graphql::SimpleObject;
use sqlx::FromRow;
use uuid::Uuid;

use self::sql::listing;
pub use self::{
    body::{HolderBody, LibraryBody, Rest, bodies, holder_page, holders},
    nested::LibrariesOfActor,
    sql::{AlbumLibraries, ArtistLibraries, LibraryHoldings, TrackLibraries},
    write::{LibraryChanges, New, NewLibrary, apply, insert, named_own, remove},
};
use super::visibility::viewable_libraries;
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::ids::Key,
    guard::{Allowed, operations},
    load::{Entity, load},
    rest::{
        page::ListQuery,
        params::{choices, filter, ordering},
    },
    time::Timestamp,
};

operations! {
    "libraries", "Libraries: collections of uploads with a privacy level.";
    /// Lists the libraries that you have access to.
    ///
    /// Listed are public libraries, your own, those that you follow with the owner's approval, and
    /// those that their owner shares with your pod. Anonymous callers see public libraries only.
    /// Libraries of channels are not listed. Sorted newest first by default. Invalid filter values
    /// are answered with 400.
    list: List = read Libraries, anonymous = Setting, throttle = List, graphql = "libraries", params = Query;
    /// Returns a library.
    ///
    /// By UUID, every library is visible, also a private one: people share its UUID so that others
    /// can ask for access. By ID, only libraries that you have access to are visible. The tracks in
    /// a private library stay inaccessible. Other libraries are answered with 404.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "library";
    /// Creates a library of your own.
    ///
    /// Invalid values are answered with 400.
    create: Create = write Libraries, anonymous = Never, throttle = Create, graphql = "Mutation.createLibrary";
    /// Changes one of your libraries.
    ///
    /// Fields that are not sent keep their values. Libraries of others and of channels, and unknown
    /// UUIDs, are answered with 404, invalid values with 400.
    update: Update = write Libraries, anonymous = Never, throttle = Update, graphql = "Mutation.updateLibrary";
    /// Deletes one of your libraries, with its uploads.
    ///
    /// The tracks stay in the catalogue; they can be played if another library has them. Libraries
    /// of others and of channels, and unknown UUIDs, are answered with 404.
    delete: Delete = write Libraries, anonymous = Never, throttle = Destroy, graphql = "Mutation.deleteLibrary";
}

pub type Query = ListQuery<LibraryFilter, LibraryOrder>;

choices! {
    /// Who has access to a library.
    pub enum PrivacyLevel {
        /// The owner, and followers that the owner has approved.
        Me = "me",
        /// Everyone on the owner's pod, and approved followers.
        Instance = "instance",
        /// Everyone, also anonymous callers.
        Everyone = "everyone",
    }
}

/// A library: uploads of one owner, shared with the same people.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Library {
    /// Numeric ID, unique among libraries.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// UUID of the library.
    pub uuid: Uuid,
    /// ActivityPub ID (URI) of the library.
    pub fid: String,
    /// Name of the library.
    pub name: String,
    /// Description by the owner.
    pub description: Option<String>,
    /// Who has access to the library.
    pub privacy_level: PrivacyLevel,
    /// Time at which the library was created.
    pub creation_date: Timestamp,
    #[graphql(skip)]
    pub actor_id: i64,
}

/// Number and size of a library's uploads.
#[derive(Clone, Copy, Debug, Default, FromRow)]
pub struct LibraryStats {
    pub uploads_count: i64,
    /// Bytes.
    pub size: i64,
}

filter! {
    /// Filter for a list of libraries. A library must match all conditions.
    pub struct LibraryFilter {
        /// Who has access to the library.
        privacy_level: Option<PrivacyLevel>,
        /// Words, which must all be part of the name (not case-sensitive).
        q: Option<String>,
        /// Only these libraries: `me` (your own), `subscribed` (those you follow), `all`,
        /// `actor:name@domain` or `domain:name`. Several are separated by commas; any of them may
        /// match.
        scope: Option<String>,
    }
}

ordering! {
    /// Sort options for libraries.
    pub struct LibraryOrder by LibraryOrderField {
        /// Time at which the library was created.
        CreationDate = "creation_date",
        /// Name.
        Name = "name",
    }
    others ignored
}

/// Own libraries that are told of at most, where pages let people choose.
const OWN: i64 = 100;

/// The caller's own libraries, the newest first.
pub async fn own(permit: &Allowed<List>) -> Result<Vec<Library>> {
    let filter = LibraryFilter {
        scope: Some("me".to_owned()),
        ..LibraryFilter::default()
    };
    let ids = listing(permit, &filter, &[]).await?;
    let ids = ids.page(permit.db(), OWN, 0).await?;
    permit.loaders().owned::<Library>(&ids).await
}

pub async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<Library> {
    match key {
        Key::Id(id) => permit
            .loaders()
            .one::<ViewableLibrary>(id)
            .await?
            .ok_or(Error::NotFound),
        Key::Uuid(uuid) => {
            Library::select()
                .then(" l where uuid = ?")
                .bind(uuid)
                .one(permit.db())
                .await
        }
    }
}

load!(/// A library that the caller has access to.
    ViewableLibrary: Library = for_caller viewable_by_ids);

/// Only libraries that the caller has access to, because numeric IDs can be guessed.
async fn viewable_by_ids(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Library>> {
    let found = Library::select()
        .then(" l where id in ?* and l.id in (")
        .bind(ids);
    let found = found.append(viewable_libraries(reader)).then(")");
    let rows: Vec<Library> = found.all(reader.db()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}
