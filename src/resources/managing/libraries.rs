//! The pod's libraries, for keepers of the catalogue.
use std::collections::HashMap;

use async_graphql::{ID, InputObject};
use poem_openapi::Object;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::shared::{
    bulk::{removals, remove_one},
    parts::domain,
    removal::Removable,
    search::{named, of_domain},
    stats::{LibraryFigures, ManagedStats, of_library},
};
use crate::{
    audit::given,
    context::Reader,
    error::Result,
    graphql::{
        ids::{Key, Kind},
        standard::{fields, mutations},
    },
    guard::{Allowed, Operation, operations},
    load::{Entity, Loaders, load, sole},
    resources::{
        library::libraries::{Library, LibraryChanges, LibraryHoldings, PrivacyLevel, apply},
        people::actors::{Actor, ManagedActor},
        smart,
    },
    rest::{
        action::{ActionBody, ActionRequest},
        answer::{Answer, NoContent},
        page::ListQuery,
        params::{filter, ordering},
        standard::routes,
    },
    store::{
        Sql,
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
    },
    time::Timestamp,
};

operations! {
    "managed_libraries", "The pod's libraries, for keepers of the catalogue.";
    /// Lists all libraries of the pod.
    ///
    /// Whatever their privacy level, but not those of channels. Newest first by default.
    list: List = read InstanceLibraries, anonymous = Never, throttle = List, graphql = "managedLibraries", params = Query;
    /// Returns a library.
    ///
    /// Unknown UUIDs are answered with 404.
    retrieve: Retrieve = read InstanceLibraries, anonymous = Never, throttle = Retrieve, graphql = "managedLibrary";
    /// Changes a library.
    ///
    /// Its name, description and privacy level. Fields that are not sent keep their values. Unknown UUIDs are answered
    /// with 404.
    update: Update = write InstanceLibraries, anonymous = Never, throttle = Update, graphql = "Mutation.updateManagedLibrary";
    /// Tells what hangs on a library.
    ///
    /// With which it would go. Unknown UUIDs are answered with 404.
    stats: Stats = read InstanceLibraries, anonymous = Never, throttle = Wildcard, graphql = "libraryStats";
    /// Removes a library.
    ///
    /// With its uploads. Tracks stay in the catalogue, as do files in music folders. Unknown UUIDs are answered with
    /// 404.
    delete: Delete = write InstanceLibraries, anonymous = Never, throttle = Destroy, graphql = "(see `removeLibraries`)";
    /// Removes several libraries.
    ///
    /// The action is `delete`. `objects` are UUIDs, or `"all"`. More than 100 are removed in the background.
    act: Act = write InstanceLibraries, anonymous = Never, throttle = Wildcard, graphql = "Mutation.removeLibraries";
}

pub type Query = ListQuery<ManagedLibraryFilter, ManagedLibraryOrder>;

filter! {
    /// Filter for a list of libraries. A library must match all conditions.
    pub struct ManagedLibraryFilter {
        /// Terms, all of which must hold: `name:word`, `account:alice@pod.example`, `privacy_level:me`,
        /// `domain:example.org`, or words that the name must contain.
        q: Option<String>,
        /// Exact name (case-sensitive).
        name: Option<String>,
        /// ActivityPub ID (URI).
        fid: Option<String>,
        /// Domain of the owner.
        domain: Option<String>,
        /// Who has access to the library.
        privacy_level: Option<PrivacyLevel>,
    }
}

ordering! {
    /// Sort options for libraries.
    pub struct ManagedLibraryOrder by ManagedLibraryOrderField {
        /// Numeric ID.
        Id = "id",
        /// Name (not case-sensitive).
        Name = "name",
        /// Time at which the library was created.
        CreationDate = "creation_date",
        /// Number of followers.
        FollowersCount = "followers_count",
        /// Number of uploads.
        UploadsCount = "uploads_count",
    }
    others ignored
}

impl ManagedLibraryOrder {
    fn key(self) -> SortKey {
        let (column, kind) = match self.field {
            ManagedLibraryOrderField::Id => ("l.id", KeyKind::Int),
            ManagedLibraryOrderField::Name => ("l.name_folded", KeyKind::Text),
            ManagedLibraryOrderField::CreationDate => ("l.creation_date", KeyKind::Time),
            ManagedLibraryOrderField::FollowersCount => (
                "(select count(*) from library_follows f where f.target_library_id = l.id and f.approved = true)",
                KeyKind::Int,
            ),
            ManagedLibraryOrderField::UploadsCount => (
                "(select count(*) from uploads u where u.library_id = l.id)",
                KeyKind::Int,
            ),
        };
        SortKey::new(sql(column), kind, self.direction.is_descending())
    }
}

const FROM: &str =
    "from libraries l where not exists (select 1 from channels c where c.library_id = l.id)";

async fn listing(
    reader: &Reader,
    filter: &ManagedLibraryFilter,
    order: &[ManagedLibraryOrder],
) -> Result<Listing> {
    let mut from = sql(FROM)
        .equal("l.name", filter.name.as_deref())
        .equal("l.fid", filter.fid.as_deref())
        .equal(
            "l.privacy_level",
            filter.privacy_level.map(PrivacyLevel::word),
        );
    if let Some(domain) = &filter.domain {
        from = from.and(smart::domain("l.actor_id", domain));
    }
    let q = filter.q.as_deref().unwrap_or_default();
    for term in smart::conditions(q, |key, value| condition(reader, key, value))? {
        from = from.and(term);
    }
    let keys = order.iter().map(|order| order.key());
    Ok(Listing::new(from, "l.id", keys))
}

fn condition(reader: &Reader, key: &str, value: &str) -> Option<Sql> {
    Some(match key {
        "" | "name" => named("l.name_folded", value),
        "account" => smart::actor("l.actor_id", value),
        "privacy_level" => sql("l.privacy_level = ?").bind(value),
        "domain" => of_domain(reader, "l.fid", value),
        _ => return None,
    })
}

load!(/// Number of a library's followers.
    FollowersCount: i64 = for_caller followers_counts);

async fn followers_counts(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, i64>> {
    let counted = sql("select target_library_id, count(*) from library_follows
         where approved = true and target_library_id in ?* group by target_library_id");
    let counted: Vec<(i64, i64)> = counted.bind(ids).all(reader.db()).await?;
    Ok(counted.into_iter().collect())
}

/// A library, as a keeper sees it.
#[derive(Debug, Serialize, Object)]
struct ManagedLibrary {
    #[serde(flatten)]
    #[oai(flatten)]
    library: ManagedLibraryRef,
    /// Number of uploads, of any import status.
    uploads_count: i64,
    /// Number of followers.
    followers_count: i64,
}

/// A library, as part of what a keeper manages.
#[derive(Clone, Debug, Serialize, Object)]
pub struct ManagedLibraryRef {
    /// Numeric ID, unique among libraries.
    id: i64,
    /// UUID of the library.
    uuid: Uuid,
    /// ActivityPub ID (URI) of the library.
    fid: String,
    /// URL of the library's page; always null.
    url: Option<String>,
    /// Name of the library.
    name: String,
    /// Description by the owner.
    description: Option<String>,
    /// Domain of the library's pod.
    domain: String,
    /// Whether the library belongs to this pod.
    is_local: bool,
    /// Time at which the library was created.
    creation_date: Timestamp,
    /// Who has access to the library.
    privacy_level: PrivacyLevel,
    /// URL of the list of followers.
    followers_url: String,
    /// Owner of the library.
    actor: Option<ManagedActor>,
}

/// Libraries in short, by their IDs.
pub async fn briefs(
    loaders: &Loaders,
    reader: &Reader,
    ids: impl IntoIterator<Item = i64> + Send,
) -> Result<HashMap<i64, ManagedLibraryRef>> {
    let libraries = loaders.many::<Library>(ids).await?;
    let owners: Vec<i64> = libraries.values().map(|library| library.actor_id).collect();
    let owners = loaders.many::<Actor>(owners).await?;
    let body = |library: &Library| ManagedLibraryRef {
        id: library.id,
        uuid: library.uuid,
        fid: library.fid.clone(),
        url: None,
        name: library.name.clone(),
        description: library.description.clone(),
        domain: domain(reader, Some(&library.fid)),
        is_local: reader.is_local(Some(&library.fid)),
        creation_date: library.creation_date,
        privacy_level: library.privacy_level,
        followers_url: format!("{}/followers", library.fid),
        actor: owners
            .get(&library.actor_id)
            .map(|actor| actor.managed(reader)),
    };
    let bodies = libraries
        .values()
        .map(|library| (library.id, body(library)));
    Ok(bodies.collect())
}

async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<ManagedLibrary>> {
    let mut libraries = briefs(loaders, reader, ids.iter().copied()).await?;
    let holdings = loaders.many::<LibraryHoldings>(ids.iter().copied()).await?;
    let followers = loaders.many::<FollowersCount>(ids.iter().copied()).await?;
    // What goes meanwhile is left out.
    let bodies = ids.iter().filter_map(|id| {
        Some(ManagedLibrary {
            library: libraries.remove(id)?,
            uploads_count: holdings.get(id).map_or(0, |stats| stats.uploads_count),
            followers_count: followers.get(id).map_or(0, |count| **count),
        })
    });
    Ok(bodies.collect())
}

async fn found<O: Operation>(permit: &Allowed<O>, key: &Key) -> Result<Library> {
    let found = Library::select()
        .then(" where ")
        .append(key.condition())
        .then(Removable::Libraries.listed());
    found.one(permit.db()).await
}

async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<Library> {
    found(permit, &key).await
}

async fn detail(permit: &Allowed<Retrieve>, key: Key) -> Result<ManagedLibrary> {
    let library = found(permit, &key).await?;
    sole(bodies(permit.loaders(), permit, &[library.id]).await?)
}

async fn update(permit: &Allowed<Update>, key: Key, changes: LibraryChanges) -> Result<Library> {
    changes.check()?;
    let library = found(permit, &key).await?;
    let told = given([
        ("name", changes.name.as_ref().map(|name| json!(name))),
        (
            "description",
            changes.description.as_ref().map(|text| json!(text)),
        ),
        (
            "privacy_level",
            changes.privacy_level.map(|level| json!(level)),
        ),
    ]);
    if told == Value::Null {
        return Ok(library);
    }
    let target = format!("library {}", library.uuid);
    let mut tx = permit.begin_deed(&target, told).await?;
    apply(&mut tx, library.id, &changes).await?;
    tx.commit().await?;
    found(permit, &Key::Id(library.id)).await
}

async fn updated(
    permit: &Allowed<Update>,
    key: Key,
    changes: LibraryChanges,
) -> Result<ManagedLibrary> {
    let library = update(permit, key, changes).await?;
    sole(bodies(permit.loaders(), permit, &[library.id]).await?)
}

async fn figures(permit: &Allowed<Stats>, key: Key) -> Result<LibraryFigures> {
    let library = found(permit, &key).await?;
    of_library(permit, library.id).await
}

async fn stats(permit: &Allowed<Stats>, key: Key) -> Result<ManagedStats> {
    figures(permit, key).await.map(ManagedStats::from)
}

removals!(Libraries of Library = Libraries by named, filter ManagedLibraryFilter = listing, input RemoveLibrariesInput -> RemoveLibrariesPayload);

fields! {
    Queries as "ManagedLibrariesQueries";
    list managed_libraries: List(ManagedLibraryFilter, ManagedLibraryOrder) -> Library = listing;
    one managed_library(Kind::Library) -> Library = retrieve;
    one library_stats(Kind::Library) -> ManagedStats = stats;
}

/// What to change of a library. Fields that are not given keep their values.
#[derive(Debug, InputObject)]
struct UpdateManagedLibraryInput {
    /// Global ID of the library; its UUID and its numeric ID are accepted too.
    id: ID,
    /// Name, 1 to 100 characters.
    name: Option<String>,
    /// Description, at most 5,000 characters. An empty text deletes it.
    description: Option<String>,
    /// Who has access to the library.
    privacy_level: Option<PrivacyLevel>,
}

async fn changed(permit: &Allowed<Update>, input: UpdateManagedLibraryInput) -> Result<Library> {
    let key = Key::of(Kind::Library, Some(input.id), None, None)?;
    let changes = LibraryChanges {
        name: input.name,
        description: input.description,
        privacy_level: input.privacy_level,
    };
    update(permit, key, changes).await
}

mutations! {
    Mutations as "ManagedLibrariesMutations";
    change update_managed_library(UpdateManagedLibraryInput) -> UpdateManagedLibraryPayload { library: Library, "The library after the change." } = changed;
    act remove_libraries(RemoveLibrariesInput) -> RemoveLibrariesPayload = removed;
}

routes! {
    "/api/v1/manage/library/libraries" lists List(Query) -> ManagedLibrary = listing => bodies;
    act: Act = post "/action" {request: ActionRequest} -> Answer<ActionBody> => acted;
    retrieve: Retrieve = get "/:uuid" [uuid: Uuid] -> Answer<ManagedLibrary> => detail;
    update: Update = patch "/:uuid" [uuid: Uuid] {changes: LibraryChanges} -> Answer<ManagedLibrary> => updated;
    replace: Update = put "/:uuid" [uuid: Uuid] {changes: LibraryChanges} -> Answer<ManagedLibrary> => updated;
    delete: Delete = delete "/:uuid" [uuid: Uuid] -> NoContent => remove_one::<Libraries, Delete>;
    stats: Stats = get "/:uuid/stats" [uuid: Uuid] -> Answer<LibraryFigures> => figures;
}
