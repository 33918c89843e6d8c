//! Content filters: artists that a user has hidden (contract section 10).
use async_graphql::{ComplexObject, Context, ID, InputObject, SimpleObject};
use poem_openapi::Object;
use serde::Serialize;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::{
        ids::{Key, Kind, global},
        reference::ById,
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed, operations},
    load::{Entity, Loaders, entity, sole},
    resources::catalogue::artists::{self, Artist},
    rest::{
        answer::{Answer, Created, NoContent},
        page::ListQuery,
        params::{choices, filter, ordering},
        standard::routes,
    },
    store::{
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
    },
    time::Timestamp,
};

operations! {
    "content_filters", "Content filters: artists that you have hidden.";
    /// Lists your content filters.
    ///
    /// Sorted newest first by default.
    list: List = read Filters, anonymous = Never, throttle = List, graphql = "contentFilters", params = Query;
    /// Returns one of your content filters.
    ///
    /// Content filters of others, and unknown UUIDs, are answered with 404.
    retrieve: Retrieve = read Filters, anonymous = Never, throttle = Retrieve, graphql = "contentFilter";
    /// Hides an artist.
    ///
    /// What an artist is credited on is left out of your lists and radios from then on; it stays
    /// available by ID. Unknown artists, and those that you have hidden, are answered with 400.
    create: Create = write Filters, anonymous = Never, throttle = Create, graphql = "Mutation.createContentFilter";
    /// Deletes one of your content filters.
    ///
    /// The artist is shown to you again. Content filters of others, and unknown UUIDs, are answered
    /// with 404.
    delete: Delete = write Filters, anonymous = Never, throttle = Destroy, graphql = "Mutation.deleteContentFilter";
}

type Query = ListQuery<ContentFilterFilter, ContentFilterOrder>;

/// A content filter: an artist that you have hidden.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct ContentFilter {
    /// Numeric ID, unique among content filters.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// UUID of the content filter.
    pub uuid: Uuid,
    #[graphql(skip)]
    pub target_artist_id: i64,
    /// Time at which the artist was hidden.
    pub creation_date: Timestamp,
}

entity!(ContentFilter in "content_filters": "id, uuid, target_artist_id, creation_date", upon [], weighs []);

filter! {
    /// Filter for a list of content filters.
    pub struct ContentFilterFilter {
        /// Only the one that hides this artist.
        artist: Option<ById<Artist>>,
    }
}

ordering! {
    /// Sort options for content filters.
    pub struct ContentFilterOrder by ContentFilterOrderField {
        /// Time at which the artist was hidden.
        CreationDate = "creation_date",
    }
    others ignored
}

async fn listing(
    reader: &Reader,
    filter: &ContentFilterFilter,
    order: &[ContentFilterOrder],
) -> Result<Listing> {
    let own = sql("from content_filters c where c.user_id = ?");
    let mut from = own.bind(reader.user()?.user_id);
    if let Some(artist) = &filter.artist {
        let artist = artist.resolve(reader, "artist").await?;
        from = from.then(" and c.target_artist_id = ?").bind(artist);
    }
    let down = order
        .first()
        .is_none_or(|order| order.direction.is_descending());
    let date = SortKey::new(sql("c.creation_date"), KeyKind::Time, down);
    Ok(Listing::new(from, "c.id", [date]).oldest_first_if(!down))
}

pub async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<ContentFilter> {
    let found = ContentFilter::select()
        .then(" where ")
        .append(key.condition());
    let own = sql("user_id = ?").bind(permit.user()?.user_id);
    found.and(own).one(permit.db()).await
}

/// An artist to hide.
#[derive(Debug, InputObject)]
#[graphql(name = "CreateContentFilterInput")]
struct NewContentFilter {
    /// The artist.
    artist: ById<Artist>,
}

async fn create(permit: &Allowed<Create>, new: NewContentFilter) -> Result<ContentFilter> {
    hide(permit, "artist", &new.artist).await
}

async fn hide(
    permit: &Allowed<Create>,
    field: &str,
    artist: &ById<Artist>,
) -> Result<ContentFilter> {
    let id = artist.resolve(permit, field).await?;
    let known = permit.loaders().one::<Artist>(id).await?;
    known.ok_or_else(|| artist.unknown(field))?;
    let mut tx = permit.begin().await?;
    let added = sql(
        "insert into content_filters (uuid, user_id, target_artist_id, creation_date) values (?, ?, ?, ?)
         on conflict (user_id, target_artist_id) do nothing
         returning id, uuid, target_artist_id, creation_date",
    )
    .bind(crate::random::uuid())
    .bind(permit.user()?.user_id)
    .bind(id)
    .bind(permit.clock().now());
    let filter = added.optional(&mut tx).await?.ok_or_else(|| {
        Error::Refused("A content filter already exists for this object".to_owned())
    })?;
    tx.commit().await?;
    Ok(filter)
}

async fn delete(permit: &Allowed<Delete>, key: Key) -> Result<i64> {
    let gone = sql("delete from content_filters where ").append(key.condition());
    let own = sql("user_id = ?").bind(permit.user()?.user_id);
    let mut tx = permit.begin().await?;
    let id = gone.and(own).then(" returning id").number(&mut tx).await?;
    tx.commit().await?;
    Ok(id)
}

#[ComplexObject]
impl ContentFilter {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::ContentFilter, self.id)
    }

    /// The artist that is hidden.
    async fn artist(&self, ctx: &Context<'_>) -> Result<Option<Artist>> {
        ctx.load::<artists::Retrieve, Artist>(self.target_artist_id)
            .await
    }
}

fields! {
    Queries as "ContentFiltersQueries";
    list content_filters: List(ContentFilterFilter, ContentFilterOrder) -> ContentFilter = listing;
    one content_filter(Kind::ContentFilter) -> ContentFilter = retrieve;
}

mutations! {
    Mutations as "ContentFiltersMutations";
    delete delete_content_filter(DeleteContentFilterInput) -> DeleteContentFilterPayload = delete, of Kind::ContentFilter;
    change create_content_filter(NewContentFilter) -> CreateContentFilterPayload { content_filter: ContentFilter, "The new content filter." } = create;
}

choices! {
    /// Type of what is hidden.
    pub enum HiddenType {
        /// An artist.
        Artist = "artist",
    }
}

/// What to hide.
#[derive(Debug, Object)]
struct NewTarget {
    /// Type of the object; always `artist`.
    #[oai(rename = "type")]
    kind: HiddenType,
    /// Numeric ID of the artist.
    id: ById<Artist>,
}

/// A content filter to create.
#[derive(Debug, Object)]
struct NewFilterBody {
    /// What to hide.
    target: NewTarget,
}

/// What is hidden.
#[derive(Debug, Serialize, Object)]
struct HiddenTarget {
    /// Numeric ID of the artist.
    id: i64,
    /// Name of the artist.
    name: String,
    /// Type of the object; always `artist`.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: HiddenType,
}

/// A content filter: an artist that you have hidden.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ContentFilter")]
struct FilterBody {
    /// UUID of the content filter.
    uuid: Uuid,
    /// What is hidden.
    target: HiddenTarget,
    /// Time at which it was hidden.
    creation_date: Timestamp,
}

async fn bodies(loaders: &Loaders, _: &Reader, ids: &[i64]) -> Result<Vec<FilterBody>> {
    let filters = loaders.owned::<ContentFilter>(ids).await?;
    let artists: Vec<i64> = filters
        .iter()
        .map(|filter| filter.target_artist_id)
        .collect();
    let artists = loaders.many::<Artist>(artists).await?;
    let body = |filter: ContentFilter| {
        let artist = artists.get(&filter.target_artist_id)?;
        let target = HiddenTarget {
            id: artist.id,
            name: artist.name.clone(),
            kind: HiddenType::Artist,
        };
        let (uuid, creation_date) = (filter.uuid, filter.creation_date);
        Some(FilterBody {
            uuid,
            target,
            creation_date,
        })
    };
    Ok(filters.into_iter().filter_map(body).collect())
}

async fn detail(permit: &Allowed<Retrieve>, key: Key) -> Result<FilterBody> {
    let filter = retrieve(permit, key).await?;
    sole(bodies(permit.loaders(), permit, &[filter.id]).await?)
}

async fn created(permit: &Allowed<Create>, new: NewFilterBody) -> Result<FilterBody> {
    let filter = hide(permit, "target", &new.target.id).await?;
    sole(bodies(permit.loaders(), permit, &[filter.id]).await?)
}

routes! {
    "/api/v1/moderation/content-filters" lists List(Query) -> FilterBody = listing => bodies;
    retrieve: Retrieve = get "/:uuid" [uuid: Uuid] -> Answer<FilterBody> => detail;
    create: Create = post "/" {new: NewFilterBody} -> Created<FilterBody> => created;
    delete: Delete = delete "/:uuid" [uuid: Uuid] -> NoContent;
}
