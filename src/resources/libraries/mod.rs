//! Libraries: whose uploads, and who may hear them.
mod body;
mod graphql;
mod sql;
mod write;

use std::collections::HashMap;

use async_graphql::SimpleObject;
use sqlx::FromRow;
use uuid::Uuid;

pub use self::{
    body::{LibraryBody, Rest, bodies, library_page},
    graphql::Queries,
    sql::{AlbumLibraries, ArtistLibraries, LibraryHoldings, TrackLibraries},
    write::{New, insert},
};
use super::visibility::viewable_libraries;
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::{
        connection::{Connection, connect},
        ids::Key,
    },
    guard::{Allowed, operations},
    load::{Entity, load},
    rest::{
        page::{ListQuery, Page},
        params::{choices, filter, ordering},
    },
    store::listing::Window,
    time::Timestamp,
};

use self::sql::listing;

operations! {
    "libraries";
    /// Lists the libraries that the caller may look into; newest first unless it says otherwise.
    list: List = read Libraries, anonymous = Setting, throttle = List, graphql = "libraries", params = Query;
    /// Shows one library. Whoever knows its UUID may, so that a private one can be asked for.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "library";
}

pub type Query = ListQuery<LibraryFilter, LibraryOrder>;

choices! {
    /// Who may look into a library.
    pub enum PrivacyLevel {
        /// Its owner, and those the owner has let in.
        Me = "me",
        /// Everybody of the owner's pod.
        Instance = "instance",
        /// Everybody.
        Everyone = "everyone",
    }
}

/// Somebody's uploads that are shared with the same people.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Library {
    /// The number of the row, unique among libraries.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// Its UUID.
    pub uuid: Uuid,
    /// Its ActivityPub identifier.
    pub fid: String,
    /// Its name.
    pub name: String,
    /// What its owner says of it.
    pub description: Option<String>,
    /// Who may look into it.
    pub privacy_level: PrivacyLevel,
    /// When it was made.
    pub creation_date: Timestamp,
    #[graphql(skip)]
    pub actor_id: i64,
}

/// What a library holds.
#[derive(Clone, Copy, Debug, Default, FromRow)]
pub struct LibraryStats {
    pub uploads_count: i64,
    /// Bytes.
    pub size: i64,
}

filter! {
    /// Narrows a list of libraries.
    pub struct LibraryFilter {
        /// Who may look into it.
        privacy_level: Option<PrivacyLevel>,
        /// The name contains each of these words, without regard to case.
        q: Option<String>,
        /// Whose: `me`, `subscribed`, `all`, `actor:name@domain`, `domain:name`, or several with commas.
        scope: Option<String>,
    }
}

ordering! {
    /// What libraries can be sorted by.
    pub struct LibraryOrder by LibraryOrderField {
        /// When it was made.
        CreationDate = "creation_date",
        /// The name.
        Name = "name",
    }
    others ignored
}

async fn list(permit: &Allowed<List>, query: &Query) -> Result<Page<LibraryBody>> {
    let listing = listing(permit, &query.filter, &query.order);
    let (frame, ids) = query.page.read_ids(permit, &listing).await?;
    Ok(frame.around(bodies(permit.loaders(), permit, &ids).await?))
}

async fn browse(
    permit: &Allowed<List>,
    filter: &LibraryFilter,
    order: &[LibraryOrder],
    window: Window,
) -> Result<Connection<Library>> {
    connect(permit, listing(permit, filter, order), window).await
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

load!(/// A library, where the caller may look into it.
    ViewableLibrary: Library = for_caller viewable_by_ids);

/// Numbers can be guessed: by its number only what the caller may look into is shown.
async fn viewable_by_ids(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Library>> {
    let found = Library::select()
        .then(" l where id in ?* and l.id in (")
        .bind(ids);
    let found = found.append(viewable_libraries(reader)).then(")");
    let rows: Vec<Library> = found.all(reader.db()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}
