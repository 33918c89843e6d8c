//! Bookmarks: how far a user has come in long tracks.
use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, ID, InputObject, SimpleObject};
use poem_openapi::Object;
use serde::Serialize;
use sqlx::FromRow;

use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::{
        ids::{Key, Kind, global},
        reference::{ById, identified},
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed, operations},
    load::{Entity, Loaders, entity, load, sole},
    resources::{
        catalogue::tracks::{self, Track, TrackBody, by_id},
        checks::shorter,
    },
    rest::{
        answer::{Answer, NoContent},
        page::ListQuery,
        params::{filter, ordering},
        standard::routes,
    },
    store::{
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
        text::clean,
    },
    time::Timestamp,
};

operations! {
    "bookmarks", "Bookmarks: how far you have come in long tracks.";
    /// Lists your bookmarks.
    ///
    /// Sorted by the time of the last change by default, newest first.
    list: List = read Listenings, anonymous = Never, throttle = List, graphql = "bookmarks", params = Query;
    /// Creates or changes your bookmark in a track.
    ///
    /// A track has one bookmark of yours at most. Unknown tracks and negative positions are answered
    /// with 400.
    save: Save = write Listenings, anonymous = Never, throttle = Update, graphql = "Mutation.saveBookmark";
    /// Deletes one of your bookmarks.
    ///
    /// Bookmarks of others, and unknown IDs, are answered with 404.
    delete: Delete = write Listenings, anonymous = Never, throttle = Destroy, graphql = "Mutation.deleteBookmark";
}

type Query = ListQuery<BookmarkFilter, BookmarkOrder>;

/// A bookmark: how far you have come in a track.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Bookmark {
    /// Numeric ID, unique among bookmarks.
    #[graphql(name = "databaseId")]
    pub id: i64,
    #[graphql(skip)]
    pub track_id: i64,
    /// Position in the track, in milliseconds.
    pub position: i64,
    /// Your comment; may be empty.
    pub comment: String,
    /// Time at which the bookmark was created.
    pub creation_date: Timestamp,
    /// Time of the last change.
    pub modification_date: Timestamp,
}

entity!(Bookmark in "bookmarks": "id, track_id, position, comment, creation_date, modification_date",
    upon [], weighs [comment]);

identified!(Bookmark in "bookmarks");

filter! {
    /// Filter for a list of bookmarks.
    pub struct BookmarkFilter {
        /// Only the one in this track.
        track: Option<ById<Track>>,
    }
}

ordering! {
    /// Sort options for bookmarks.
    pub struct BookmarkOrder by BookmarkOrderField {
        /// Time of the last change.
        ModificationDate = "modification_date",
    }
    others ignored
}

pub async fn listing(
    reader: &Reader,
    filter: &BookmarkFilter,
    order: &[BookmarkOrder],
) -> Result<Listing> {
    let own = sql("from bookmarks b where b.user_id = ?");
    let mut from = own.bind(reader.user()?.user_id);
    if let Some(track) = &filter.track {
        let track = track.resolve(reader, "track").await?;
        from = from.then(" and b.track_id = ?").bind(track);
    }
    let down = order
        .first()
        .is_none_or(|order| order.direction.is_descending());
    let date = SortKey::new(sql("b.modification_date"), KeyKind::Time, down);
    Ok(Listing::new(from, "b.id", [date]).oldest_first_if(!down))
}

load!(/// The position of the caller's bookmark in a track, in milliseconds.
    PositionIn: i64 = for_caller positions);

async fn positions(reader: &Reader, tracks: Vec<i64>) -> Result<HashMap<i64, i64>> {
    let own = sql("select track_id, position from bookmarks where track_id in ?* and user_id = ?");
    let own = own.bind(tracks).bind(reader.user()?.user_id);
    let own: Vec<(i64, i64)> = own.all(reader.db()).await?;
    Ok(own.into_iter().collect())
}

/// One of the caller's bookmarks.
pub async fn retrieve(permit: &Allowed<List>, key: Key) -> Result<Bookmark> {
    let found = Bookmark::select().then(" where id = ?").bind(key.number()?);
    let own = sql("user_id = ?").bind(permit.user()?.user_id);
    found.and(own).one(permit.db()).await
}

/// Maximum number of characters of a comment.
const COMMENT: usize = 1_000;

/// A bookmark to save.
#[derive(Debug, Object, InputObject)]
#[graphql(name = "SaveBookmarkInput")]
pub struct NewBookmark {
    /// The track.
    pub track: ById<Track>,
    /// Position in the track, in milliseconds.
    pub position: i64,
    /// Comment, up to 1,000 characters. Default: that of the bookmark that is there.
    pub comment: Option<String>,
}

pub async fn save(permit: &Allowed<Save>, new: NewBookmark) -> Result<Bookmark> {
    if new.position < 0 {
        let complaint = "Must be 0 or more.";
        return Err(Error::field("position", complaint));
    }
    let comment = new.comment.as_deref().map(clean);
    shorter("comment", comment.as_deref().unwrap_or_default(), COMMENT)?;
    let track = tracks::known(permit, "track", &new.track).await?;
    let now = permit.clock().now();
    let mut tx = permit.begin().await?;
    let saved = sql("insert into bookmarks (user_id, track_id, position, comment, creation_date, modification_date)
         values (?, ?, ?, coalesce(?, ''), ?, ?)
         on conflict (track_id, user_id) do update set position = excluded.position,
           comment = coalesce(?, bookmarks.comment), modification_date = excluded.modification_date
         returning id, track_id, position, comment, creation_date, modification_date")
    .bind(permit.user()?.user_id)
    .bind(track)
    .bind(new.position)
    .bind(comment.clone())
    .bind(now)
    .bind(now)
    .bind(comment);
    let bookmark = saved.one(&mut tx).await?;
    tx.commit().await?;
    Ok(bookmark)
}

pub async fn delete(permit: &Allowed<Delete>, key: Key) -> Result<i64> {
    delete_where(permit, "id = ?", key.number()?).await
}

/// Deletes the caller's bookmark in a track.
pub async fn delete_in(permit: &Allowed<Delete>, track: i64) -> Result<i64> {
    delete_where(permit, "track_id = ?", track).await
}

async fn delete_where(permit: &Allowed<Delete>, condition: &'static str, id: i64) -> Result<i64> {
    let gone = sql("delete from bookmarks where ").then(condition).bind(id);
    let own = sql("user_id = ?").bind(permit.user()?.user_id);
    let mut tx = permit.begin().await?;
    let id = gone.and(own).then(" returning id").number(&mut tx).await?;
    tx.commit().await?;
    Ok(id)
}

#[ComplexObject]
impl Bookmark {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Bookmark, self.id)
    }

    /// The track.
    async fn track(&self, ctx: &Context<'_>) -> Result<Option<Track>> {
        ctx.load::<tracks::Retrieve, Track>(self.track_id).await
    }
}

fields! {
    Queries as "BookmarksQueries";
    list bookmarks: List(BookmarkFilter, BookmarkOrder) -> Bookmark = listing;
}

mutations! {
    Mutations as "BookmarksMutations";
    delete delete_bookmark(DeleteBookmarkInput) -> DeleteBookmarkPayload = delete, of Kind::Bookmark;
    change save_bookmark(NewBookmark) -> SaveBookmarkPayload { bookmark: Bookmark, "The bookmark." } = save;
}

/// A bookmark: how far you have come in a track.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Bookmark")]
struct BookmarkBody {
    /// Numeric ID, unique among bookmarks.
    id: i64,
    /// The track.
    track: TrackBody,
    /// Position in the track, in milliseconds.
    position: i64,
    /// Your comment; may be empty.
    comment: String,
    /// Time at which the bookmark was created.
    creation_date: Timestamp,
    /// Time of the last change.
    modification_date: Timestamp,
}

async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<BookmarkBody>> {
    let bookmarks = loaders.owned::<Bookmark>(ids).await?;
    let tracks = bookmarks.iter().map(|bookmark| bookmark.track_id).collect();
    let tracks = by_id(loaders, reader, tracks).await?;
    let body = |bookmark: Bookmark| {
        Some(BookmarkBody {
            id: bookmark.id,
            track: tracks.get(&bookmark.track_id)?.clone(),
            position: bookmark.position,
            comment: bookmark.comment,
            creation_date: bookmark.creation_date,
            modification_date: bookmark.modification_date,
        })
    };
    Ok(bookmarks.into_iter().filter_map(body).collect())
}

async fn saved(permit: &Allowed<Save>, new: NewBookmark) -> Result<BookmarkBody> {
    let bookmark = save(permit, new).await?;
    sole(bodies(permit.loaders(), permit, &[bookmark.id]).await?)
}

routes! {
    "/api/v1/bookmarks" lists List(Query) -> BookmarkBody = listing => bodies;
    save: Save = put "/" {new: NewBookmark} -> Answer<BookmarkBody> => saved;
    delete: Delete = delete "/:id" [id: i64] -> NoContent;
}
