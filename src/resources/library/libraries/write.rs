//! Creating, changing and deleting libraries.
use async_graphql::InputObject;
use poem_openapi::Object;
use uuid::Uuid;

use super::{Create, Delete, Library, PrivacyLevel, Update};
use crate::{
    app::App,
    error::{Error, Result},
    graphql::{ids::Key, reference::ByUuid},
    guard::{Allowed, Operation},
    jobs::{self, FolderScan},
    resources::{
        checks::{not_blank, shorter},
        library::uploads::release,
    },
    store::{
        On, Tx, sql,
        text::{clean, folded},
    },
    time::Timestamp,
};

/// Maximum number of characters of a name, and of a description.
const NAME: usize = 100;
const DESCRIPTION: usize = 5_000;

/// A library to create.
#[derive(Debug, Object, InputObject)]
#[graphql(name = "CreateLibraryInput")]
pub struct NewLibrary {
    /// Name, 1 to 100 characters.
    name: String,
    /// Description, at most 5,000 characters.
    description: Option<String>,
    /// Who has access to the library. Default: `me`.
    privacy_level: Option<PrivacyLevel>,
}

/// What to change of a library. Fields that are not given keep their values.
#[derive(Debug, Default, Object)]
pub struct LibraryChanges {
    /// Name, 1 to 100 characters.
    pub name: Option<String>,
    /// Description, at most 5,000 characters. An empty text deletes it.
    pub description: Option<String>,
    /// Who has access to the library.
    pub privacy_level: Option<PrivacyLevel>,
}

/// A library to insert.
pub struct New<'a> {
    pub name: &'a str,
    pub description: Option<&'a str>,
    pub privacy_level: PrivacyLevel,
    pub actor_id: i64,
}

/// Inserts a library; returns its ID.
pub async fn insert(tx: &mut Tx, app: &App, new: &New<'_>) -> Result<i64> {
    let uuid = crate::random::uuid();
    let root = app.config().public_url();
    let fid = format!("{root}/federation/music/libraries/{uuid}");
    sql(
        "insert into libraries (uuid, fid, name, name_folded, description, privacy_level, actor_id,
           followers_url, creation_date) values (?, ?, ?, ?, ?, ?, ?, ?, ?) returning id",
    )
    .bind(uuid)
    .bind(fid.as_str())
    .bind(new.name)
    .bind(folded(new.name))
    .bind(new.description.map(str::to_owned))
    .bind(new.privacy_level)
    .bind(new.actor_id)
    .bind(format!("{fid}/followers"))
    .bind(app.clock().now())
    .number(tx)
    .await
}

pub async fn create(permit: &Allowed<Create>, new: NewLibrary) -> Result<Library> {
    let changes = LibraryChanges {
        name: Some(new.name),
        description: new.description,
        privacy_level: new.privacy_level,
    };
    changes.check()?;
    let name = tidy(changes.name.as_deref().unwrap_or_default());
    let library = New {
        name: &name,
        description: changes
            .description
            .as_deref()
            .filter(|text| !text.trim().is_empty()),
        privacy_level: changes.privacy_level.unwrap_or(PrivacyLevel::Me),
        actor_id: permit.actor_id().ok_or(Error::Forbidden)?,
    };
    let mut tx = permit.begin().await?;
    let id = insert(&mut tx, permit.app(), &library).await?;
    tx.commit().await?;
    loaded(permit, id).await
}

pub async fn update(
    permit: &Allowed<Update>,
    key: Key,
    changes: LibraryChanges,
) -> Result<Library> {
    changes.check()?;
    let mut tx = permit.begin().await?;
    let id = own(permit, &mut tx, &key).await?;
    apply(&mut tx, id, &changes).await?;
    tx.commit().await?;
    loaded(permit, id).await
}

/// Changes a library by what was checked before.
pub async fn apply(tx: &mut Tx, id: i64, changes: &LibraryChanges) -> Result<()> {
    let name = changes.name.as_deref().map(tidy);
    let description = changes.description.as_deref().map(str::trim);
    sql(
        "update libraries set name = coalesce(?, name), name_folded = coalesce(?, name_folded),
           description = case when ? then nullif(?, '') else description end,
           privacy_level = coalesce(?, privacy_level) where id = ?",
    )
    .bind(name.clone())
    .bind(name.as_deref().map(folded))
    .bind(changes.description.is_some())
    .bind(description.map(str::to_owned))
    .bind(changes.privacy_level.map(|level| level.word().to_owned()))
    .bind(id)
    .run(tx)
    .await
    .map(|_| ())
}

pub async fn delete(permit: &Allowed<Delete>, key: Key) -> Result<i64> {
    let mut tx = permit.begin().await?;
    let id = own(permit, &mut tx, &key).await?;
    remove(&mut tx, vec![id], permit.clock().now()).await?;
    tx.commit().await?;
    permit.app().add_jobs();
    Ok(id)
}

/// Deletes libraries with their uploads, and stops an import into one of them.
pub async fn remove(tx: &mut Tx, ids: Vec<i64>, now: Timestamp) -> Result<()> {
    if let Some(import) = jobs::latest::<FolderScan>(&mut *tx).await?
        && ids.iter().any(|id| import.task["library_id"] == *id)
    {
        jobs::cancel(tx, import.id, now).await?;
    }
    let going = sql("select id from uploads where library_id in ?*").bind(ids.clone());
    release(tx, &going, now).await?;
    sql("delete from libraries where id in ?*")
        .bind(ids)
        .run(tx)
        .await
        .map(|_| ())
}

/// A name as it is stored.
fn tidy(name: &str) -> String {
    clean(name).trim().to_owned()
}

impl LibraryChanges {
    pub fn check(&self) -> Result<()> {
        if let Some(name) = &self.name {
            not_blank("name", name, NAME)?;
        }
        shorter(
            "description",
            self.description.as_deref().unwrap_or_default(),
            DESCRIPTION,
        )
    }
}

/// The ID of one of the caller's libraries that is no channel's.
async fn own<O: Operation>(permit: &Allowed<O>, tx: &mut Tx, key: &Key) -> Result<i64> {
    let found = of_actor(tx, permit.actor_id(), key).await?;
    found.map(|(id, _)| id).ok_or(Error::NotFound)
}

/// The ID and UUID of a library that is the actor's own, and no channel's.
///
/// # Errors
/// `Invalid`, by the name of the field, if the actor has no such library.
pub async fn named_own(
    on: impl On,
    actor: Option<i64>,
    (field, library): (&str, &ByUuid<Library>),
) -> Result<(i64, Uuid)> {
    let key = library.key(field)?;
    let missing = || Error::field(field, format!("Object with {key} does not exist."));
    of_actor(on, actor, key).await?.ok_or_else(missing)
}

async fn of_actor(on: impl On, actor: Option<i64>, key: &Key) -> Result<Option<(i64, Uuid)>> {
    sql("select id, uuid from libraries where ")
        .append(key.condition())
        .then(" and actor_id = ? and not exists (select 1 from channels c where c.library_id = libraries.id)")
        .bind(actor.unwrap_or(-1))
        .optional(on)
        .await
}

async fn loaded<O: Operation>(permit: &Allowed<O>, id: i64) -> Result<Library> {
    permit
        .loaders()
        .one::<Library>(id)
        .await?
        .ok_or(Error::NotFound)
}
