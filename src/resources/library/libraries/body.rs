use std::collections::HashMap;

use std::sync::Arc;

use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::{
    Create, Delete, Library, LibraryChanges, LibraryHoldings, LibraryStats, List, NewLibrary,
    PrivacyLevel, Query, Retrieve, Update, retrieve,
    sql::listing,
    write::{create, delete, update},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::Allowed,
    load::{Loaders, sole},
    resources::people::actors::{Actor, ActorBody},
    rest::{
        answer::{Answer, Created, NoContent},
        page::{Page, PageRequest},
        standard::routes,
    },
    time::Timestamp,
};

/// A library: uploads of one owner, shared with the same people.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Library")]
pub struct LibraryBody {
    /// UUID of the library.
    uuid: Uuid,
    /// ActivityPub ID (URI) of the library.
    fid: String,
    /// Name of the library.
    name: String,
    /// Description by the owner.
    description: Option<String>,
    /// Who has access to the library.
    privacy_level: PrivacyLevel,
    /// Number of uploads, of any import status.
    uploads_count: i64,
    /// Total size of the uploads in bytes.
    size: i64,
    /// Time at which the library was created.
    creation_date: Timestamp,
    /// Owner of the library.
    actor: Option<ActorBody>,
}

pub async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<LibraryBody>> {
    let stats = loaders.many::<LibraryHoldings>(ids.iter().copied()).await?;
    let libraries = loaders.list::<Library>(ids).await?;
    let owners = libraries.iter().map(|library| library.actor_id);
    let owners = loaders.many::<Actor>(owners).await?;
    let body = |library: &Arc<Library>| {
        let stats = stats
            .get(&library.id)
            .map_or_else(LibraryStats::default, |stats| **stats);
        let actor = owners
            .get(&library.actor_id)
            .map(|actor| actor.body(reader));
        library.body(stats, actor)
    };
    Ok(libraries.iter().map(body).collect())
}

impl Library {
    /// Whether everyone has access.
    pub fn is_public(&self) -> bool {
        self.privacy_level == PrivacyLevel::Everyone
    }

    pub fn body(&self, stats: LibraryStats, actor: Option<ActorBody>) -> LibraryBody {
        LibraryBody {
            uuid: self.uuid,
            fid: self.fid.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
            privacy_level: self.privacy_level,
            uploads_count: stats.uploads_count,
            size: stats.size,
            creation_date: self.creation_date,
            actor,
        }
    }
}

/// A library, as those see it who do not own it.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "HoldingLibrary")]
pub struct HolderBody {
    /// ActivityPub ID (URI) of the library.
    fid: String,
    /// UUID of the library.
    uuid: Uuid,
    /// Owner of the library.
    actor: Option<ActorBody>,
    /// Name of the library.
    name: String,
    /// Description by the owner.
    description: Option<String>,
    /// Time at which the library was created.
    creation_date: Timestamp,
    /// Number of uploads, of any import status.
    uploads_count: i64,
    /// Who has access to the library.
    privacy_level: PrivacyLevel,
    /// Always null; `federation/libraries` shows whether you follow a library.
    follow: Option<String>,
    /// Always null; `federation/libraries` shows the last scan of a library on another pod.
    latest_scan: Option<String>,
}

impl From<LibraryBody> for HolderBody {
    fn from(library: LibraryBody) -> Self {
        Self {
            fid: library.fid,
            uuid: library.uuid,
            actor: library.actor,
            name: library.name,
            description: library.description,
            creation_date: library.creation_date,
            uploads_count: library.uploads_count,
            privacy_level: library.privacy_level,
            follow: None,
            latest_scan: None,
        }
    }
}

/// Libraries as others show them, by ID.
pub async fn holders(
    loaders: &Loaders,
    reader: &Reader,
    ids: &[i64],
) -> Result<HashMap<i64, HolderBody>> {
    let libraries = loaders.many::<Library>(ids.iter().copied()).await?;
    let bodies = bodies(loaders, reader, ids).await?;
    let mut bodies: HashMap<Uuid, LibraryBody> =
        bodies.into_iter().map(|body| (body.uuid, body)).collect();
    let held = libraries
        .values()
        .filter_map(|library| Some((library.id, bodies.remove(&library.uuid)?.into())));
    Ok(held.collect())
}

/// Cuts a page out of a complete list of libraries.
pub async fn holder_page(
    loaders: &Loaders,
    reader: &Reader,
    page: &PageRequest,
    ids: Vec<i64>,
) -> Result<Page<HolderBody>> {
    let (frame, ids) = page.cut(ids)?;
    let libraries = bodies(loaders, reader, &ids).await?;
    Ok(frame.around(libraries.into_iter().map(HolderBody::from).collect()))
}

async fn detail(permit: &Allowed<Retrieve>, uuid: Uuid) -> Result<LibraryBody> {
    let library = retrieve(permit, Key::Uuid(uuid)).await?;
    sole(bodies(permit.loaders(), permit, &[library.id]).await?)
}

async fn created(permit: &Allowed<Create>, new: NewLibrary) -> Result<LibraryBody> {
    let library = create(permit, new).await?;
    sole(bodies(permit.loaders(), permit, &[library.id]).await?)
}

async fn updated(
    permit: &Allowed<Update>,
    key: Key,
    changes: LibraryChanges,
) -> Result<LibraryBody> {
    let library = update(permit, key, changes).await?;
    sole(bodies(permit.loaders(), permit, &[library.id]).await?)
}

routes! {
    "/api/v1/libraries" lists List(Query) -> LibraryBody = listing => bodies;
    retrieve: Retrieve = get "/:uuid" [uuid: Uuid] -> Answer<LibraryBody> => detail;
    create: Create = post "/" {new: NewLibrary} -> Created<LibraryBody> => created;
    update: Update = patch "/:uuid" [uuid: Uuid] {changes: LibraryChanges} -> Answer<LibraryBody> => updated;
    replace: Update = put "/:uuid" [uuid: Uuid] {changes: LibraryChanges} -> Answer<LibraryBody> => updated;
    delete: Delete = delete "/:uuid" [uuid: Uuid] -> NoContent;
}
