//! The pod's tags, for keepers of the catalogue.
use async_graphql::InputObject;
use poem_openapi::Object;
use serde::Serialize;

use super::shared::{
    bulk::{removals, remove_chosen},
    search::named,
};
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::{reference::identified, standard::mutations},
    guard::{Allowed, operations},
    load::{Loaders, sole},
    resources::catalogue::tags::{self, Tag, UsesOf},
    rest::{
        action::{ActionBody, ActionRequest, Chosen},
        answer::{Answer, Created, NoContent},
        page::ListQuery,
        params::{filter, ordering},
        standard::routes,
    },
    store::{
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
        text::{WORDS, folded},
    },
    time::Timestamp,
};

operations! {
    "managed_tags", "The pod's tags, for keepers of the catalogue.";
    /// Lists all tags of the pod, and how often each is used.
    ///
    /// Newest first by default.
    list: List = read InstanceLibraries, anonymous = Never, throttle = List, graphql = "(see `tags`)", params = Query;
    /// Returns a tag, and how often it is used.
    ///
    /// The name is not case-sensitive. Unknown names are answered with 404.
    retrieve: Retrieve = read InstanceLibraries, anonymous = Never, throttle = Retrieve, graphql = "(see `tag`)";
    /// Creates a tag.
    ///
    /// A name that is taken (not case-sensitive), or is not 1 to 100 letters, digits and underscores, is answered with
    /// 400.
    create: Create = write InstanceLibraries, anonymous = Never, throttle = Create, graphql = "Mutation.createTag";
    /// Removes a tag.
    ///
    /// From everything that has it. The name is not case-sensitive. Unknown names are answered with 404.
    delete: Delete = write InstanceLibraries, anonymous = Never, throttle = Destroy, graphql = "(see `removeTags`)";
    /// Removes several tags.
    ///
    /// The action is `delete`. `objects` are names, or `"all"`. More than 100 are removed in the background.
    act: Act = write InstanceLibraries, anonymous = Never, throttle = Wildcard, graphql = "Mutation.removeTags";
}

pub type Query = ListQuery<ManagedTagFilter, ManagedTagOrder>;

identified!(Tag in "tags");

filter! {
    /// Filter for a list of tags. A tag must match all conditions.
    pub struct ManagedTagFilter {
        /// Words that the name must contain.
        q: Option<String>,
    }
}

ordering! {
    /// Sort options for tags.
    pub struct ManagedTagOrder by ManagedTagOrderField {
        /// Numeric ID.
        Id = "id",
        /// Name (not case-sensitive).
        Name = "name",
        /// Time at which the tag was first used.
        CreationDate = "creation_date",
        /// Length of the name in characters.
        Length = "length",
    }
    others ignored
}

impl ManagedTagOrder {
    fn key(self) -> SortKey {
        let (column, kind) = match self.field {
            ManagedTagOrderField::Id => ("g.id", KeyKind::Int),
            ManagedTagOrderField::Name => ("g.name_folded", KeyKind::Text),
            ManagedTagOrderField::CreationDate => ("g.creation_date", KeyKind::Time),
            ManagedTagOrderField::Length => ("length(g.name)", KeyKind::Int),
        };
        SortKey::new(sql(column), kind, self.direction.is_descending())
    }
}

async fn listing(
    _: &Reader,
    filter: &ManagedTagFilter,
    order: &[ManagedTagOrder],
) -> Result<Listing> {
    let mut from = sql("from tags g where true");
    let words = filter.q.iter().flat_map(|q| q.split_whitespace());
    for word in words.take(WORDS) {
        from = from.and(named("g.name_folded", word));
    }
    let keys = order.iter().map(|order| order.key());
    Ok(Listing::new(from, "g.id", keys))
}

/// A tag, and how often it is used.
#[derive(Debug, Serialize, Object)]
struct ManagedTag {
    /// Numeric ID, unique among tags.
    id: i64,
    /// Name of the tag, unique (not case-sensitive).
    name: String,
    /// Time at which the tag was first used.
    creation_date: Timestamp,
    /// Number of tracks that have it.
    tracks_count: i64,
    /// Number of albums that have it.
    albums_count: i64,
    /// Number of artists that have it.
    artists_count: i64,
}

async fn bodies(loaders: &Loaders, _: &Reader, ids: &[i64]) -> Result<Vec<ManagedTag>> {
    let tags = loaders.owned::<Tag>(ids).await?;
    let uses = loaders.many::<UsesOf>(ids.iter().copied()).await?;
    let body = |tag: Tag| {
        let uses = uses.get(&tag.id).map(|uses| **uses).unwrap_or_default();
        ManagedTag {
            id: tag.id,
            name: tag.name,
            creation_date: tag.creation_date,
            tracks_count: uses.tracks,
            albums_count: uses.albums,
            artists_count: uses.artists,
        }
    };
    Ok(tags.into_iter().map(body).collect())
}

async fn number(reader: &Reader, name: &str) -> Result<i64> {
    let found = sql("select id from tags where name_folded = ?").bind(folded(name));
    found.number(reader.db()).await
}

async fn detail(permit: &Allowed<Retrieve>, name: &str) -> Result<ManagedTag> {
    let id = number(permit, name).await?;
    sole(bodies(permit.loaders(), permit, &[id]).await?)
}

/// A tag to create.
#[derive(Debug, Object, InputObject)]
#[graphql(name = "CreateTagInput")]
struct NewTag {
    /// Name of the tag: 1 to 100 letters, digits and underscores.
    name: String,
}

async fn create(permit: &Allowed<Create>, new: NewTag) -> Result<Tag> {
    let target = format!("tag {}", new.name);
    let mut tx = permit.begin_deed(&target, serde_json::Value::Null).await?;
    let known = sql("select id from tags where name_folded = ?").bind(folded(&new.name));
    if known.optional::<(i64,)>(&mut tx).await?.is_some() {
        return Err(Error::field("name", "There is a tag of this name already."));
    }
    let made = tags::ensure(&mut tx, &[new.name], permit.clock().now()).await;
    let made = made.map_err(|error| match error {
        Error::Invalid(complaints) => {
            let complaints = complaints.into_values().flatten();
            Error::field("name", complaints.last().unwrap_or_default())
        }
        error => error,
    })?;
    tx.commit().await?;
    sole(permit.loaders().owned::<Tag>(&made).await?)
}

async fn created(permit: &Allowed<Create>, new: NewTag) -> Result<ManagedTag> {
    let tag = create(permit, new).await?;
    sole(bodies(permit.loaders(), permit, &[tag.id]).await?)
}

async fn delete(permit: &Allowed<Delete>, name: &str) -> Result<()> {
    let id = number(permit, name).await?;
    let chosen = Chosen::Numbered(vec![id]);
    remove_chosen::<Tags, Delete>(permit, chosen)
        .await
        .map(|_| ())
}

removals!(Tags of Tag = Tags by called, filter ManagedTagFilter = listing, input RemoveTagsInput -> RemoveTagsPayload);

mutations! {
    Mutations as "ManagedTagsMutations";
    change create_tag(NewTag) -> CreateTagPayload { tag: Tag, "The new tag." } = create;
    act remove_tags(RemoveTagsInput) -> RemoveTagsPayload = removed;
}

routes! {
    "/api/v1/manage/tags" lists List(Query) -> ManagedTag = listing => bodies;
    create: Create = post "/" {new: NewTag} -> Created<ManagedTag> => created;
    act: Act = post "/action" {request: ActionRequest} -> Answer<ActionBody> => acted;
    retrieve: Retrieve = get "/:name" <name> -> Answer<ManagedTag> => detail;
    delete: Delete = delete "/:name" <name> -> NoContent;
}
