//! Marks: a user's stars and ratings of artists, albums and tracks. The stars of tracks are favorites.
mod body;
pub mod graphql;
mod subject;
mod write;

use std::collections::HashMap;

use async_graphql::{Context, SimpleObject};
use sqlx::FromRow;

pub use self::{
    body::Rest,
    subject::{Subject, SubjectType},
    write::{Opinion, change, star},
};
use crate::{
    context::{Cx, Reader},
    error::Result,
    graphql::{ids::Key, reference::identified},
    guard::{AllowExt, Allowed, operations},
    load::{Entity, Load, entity, load, weigh},
    rest::{
        page::ListQuery,
        params::{filter, ordering},
    },
    store::{
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
    },
    time::Timestamp,
};

operations! {
    "marks", "Marks: your stars and ratings of artists, albums and tracks.";
    /// Lists your marks.
    ///
    /// Sorted by the time of the last change by default, newest first.
    list: List = read Favorites, anonymous = Never, throttle = List, graphql = "marks", params = Query;
    /// Changes your mark of an artist, an album or a track.
    ///
    /// What is not sent keeps its value; a rating of 0 removes the rating, and a mark without a star
    /// and a rating ends. Unknown objects, ratings other than 0 to 5, and stars of tracks, which are
    /// favorites, are answered with 400.
    update: Update = write Favorites, anonymous = Never, throttle = Update, graphql = "Mutation.updateMark";
}

type Query = ListQuery<MarkFilter, MarkOrder>;

/// Your mark of an artist, an album or a track: a star, a rating or both.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Mark {
    /// Numeric ID, unique among marks.
    #[graphql(name = "databaseId")]
    pub id: i64,
    #[graphql(skip)]
    pub artist_id: Option<i64>,
    #[graphql(skip)]
    pub album_id: Option<i64>,
    #[graphql(skip)]
    pub track_id: Option<i64>,
    /// Rating, from 1 to 5; null if there is none.
    pub rating: Option<i64>,
    /// Time at which the star was given; null if there is none.
    pub starred_date: Option<Timestamp>,
    /// Time of the last change.
    pub modification_date: Timestamp,
}

entity!(Mark in "marks": "id, artist_id, album_id, track_id, rating, starred_date, modification_date",
    upon [], weighs []);

identified!(Mark in "marks");

filter! {
    /// Filter for a list of marks. A mark must match all conditions.
    pub struct MarkFilter {
        /// Only marks of this type of object.
        kind: Option<SubjectType> = "type",
        /// `true`: only marks with a star. `false`: only marks without one.
        is_starred: Option<bool>,
        /// Only marks with at least this rating.
        rating_from: Option<i64> = "rating__gte",
    }
}

ordering! {
    /// Sort options for marks.
    pub struct MarkOrder by MarkOrderField {
        /// Time of the last change.
        ModificationDate = "modification_date",
    }
    others ignored
}

async fn listing(reader: &Reader, filter: &MarkFilter, order: &[MarkOrder]) -> Result<Listing> {
    let own = sql("from marks m where m.user_id = ?");
    let mut from = own.bind(reader.user()?.user_id);
    if let Some(kind) = filter.kind {
        from = from
            .then(" and m.")
            .then(kind.column())
            .then(" is not null");
    }
    if let Some(is_starred) = filter.is_starred {
        let not = if is_starred { " not" } else { "" };
        from = from.then(" and m.starred_date is").then(not).then(" null");
    }
    if let Some(rating) = filter.rating_from {
        from = from.then(" and m.rating >= ?").bind(rating);
    }
    let down = order
        .first()
        .is_none_or(|order| order.direction.is_descending());
    let date = SortKey::new(sql("m.modification_date"), KeyKind::Time, down);
    Ok(Listing::new(from, "m.id", [date]).oldest_first_if(!down))
}

/// One of the caller's marks.
pub async fn retrieve(permit: &Allowed<List>, key: Key) -> Result<Mark> {
    let found = Mark::select().then(" where id = ?").bind(key.number()?);
    let own = sql("user_id = ?").bind(permit.user()?.user_id);
    found.and(own).one(permit.db()).await
}

/// The objects of a type that the caller has starred, the newest star first.
pub async fn starred(permit: &Allowed<List>, kind: SubjectType, most: i64) -> Result<Vec<i64>> {
    let of_caller = sql("select ")
        .then(kind.column())
        .then(" from marks where user_id = ? and starred_date is not null and ")
        .then(kind.column())
        .then(" is not null order by starred_date desc, id desc limit ?");
    let of_caller = of_caller.bind(permit.user()?.user_id).bind(most);
    of_caller.ids(permit.db()).await
}

/// What the caller thinks of an object.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct View {
    of: i64,
    pub rating: Option<i64>,
    pub starred_date: Option<Timestamp>,
}

weigh!(View:);

macro_rules! views {
    ($($(#[doc = $doc:literal])+ $name:ident, $read:ident, $kind:ident;)+) => { $(
        load!($(#[doc = $doc])+ $name: View = for_caller $read);

        async fn $read(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, View>> {
            views(reader, SubjectType::$kind, ids).await
        }
    )+ };
}

views! {
    /// What the caller thinks of an artist.
    ViewOfArtist, of_artists, Artist;
    /// What the caller thinks of an album.
    ViewOfAlbum, of_albums, Album;
    /// What the caller thinks of a track.
    ViewOfTrack, of_tracks, Track;
}

async fn views(reader: &Reader, kind: SubjectType, ids: Vec<i64>) -> Result<HashMap<i64, View>> {
    let of_caller = sql("select ")
        .then(kind.column())
        .then(" as of, rating, starred_date from marks where ")
        .then(kind.column())
        .then(" in ?* and user_id = ?");
    let of_caller = of_caller.bind(ids).bind(reader.user()?.user_id);
    let views: Vec<View> = of_caller.all(reader.db()).await?;
    Ok(views.into_iter().map(|view| (view.of, view)).collect())
}

/// What the caller thinks of an object; nothing for anonymous callers.
pub async fn view<L: Load<Value = View>>(ctx: &Context<'_>, id: i64) -> Result<Option<View>> {
    let cx = ctx.data_unchecked::<Cx>();
    if cx.reader().user_id().is_none() {
        return Ok(None);
    }
    let permit: Allowed<List> = ctx.reach().await?;
    permit.loaders().one::<L>(id).await
}
