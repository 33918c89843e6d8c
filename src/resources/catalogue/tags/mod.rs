//! Tags: genres and moods of artists, albums and tracks.
pub mod graphql;
mod uses;

use std::{collections::HashMap, sync::Arc};

use async_graphql::SimpleObject;
use serde::Serialize;
use sqlx::FromRow;
use uuid::Uuid;

pub use self::uses::UsesOf;
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::ids::Key,
    guard::{Allowed, operations},
    load::{Entity, Loaders, entity, grouped, load},
    rest::{
        answer::Answer,
        page::ListQuery,
        params::{filter, ordering},
        standard::routes,
    },
    store::{
        Reads, Tx,
        listing::{Direction, Kind as KeyKind, Listing, SortKey},
        sql,
        text::{WORDS, containing, folded, starting},
    },
    time::Timestamp,
};

operations! {
    "tags", "Tags: genres and moods.";
    /// Lists tags.
    ///
    /// Sorted by name by default. Invalid filter values are answered with 400.
    list: List = read Libraries, anonymous = Setting, throttle = List, graphql = "tags", params = Query;
    /// Returns a tag.
    ///
    /// The name is not case-sensitive. Unknown names are answered with 404.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "tag";
}

type Query = ListQuery<TagFilter, TagOrder>;

/// A tag: a genre or mood.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Tag {
    /// Numeric ID, unique among tags.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// Name of the tag, unique (not case-sensitive).
    pub name: String,
    /// MusicBrainz ID of the genre.
    pub mbid: Option<Uuid>,
    /// Time at which the tag was first used.
    pub creation_date: Timestamp,
}

/// A tag: a genre or mood.
#[derive(Clone, Debug, Serialize, poem_openapi::Object)]
#[oai(rename = "Tag")]
pub struct TagBody {
    /// Name of the tag, unique (not case-sensitive).
    name: String,
    /// Time at which the tag was first used.
    creation_date: Timestamp,
}

impl From<Tag> for TagBody {
    fn from(tag: Tag) -> Self {
        Self {
            name: tag.name,
            creation_date: tag.creation_date,
        }
    }
}

filter! {
    /// Filter for a list of tags. A tag must match all conditions.
    pub struct TagFilter {
        /// Words, which must all be part of the name (not case-sensitive).
        q: Option<String>,
        /// Exact name (case-sensitive).
        name: Option<String>,
        /// Name starts with (case-sensitive).
        name_starts_with: Option<String> = "name__startswith",
    }
}

ordering! {
    /// Sort options for tags.
    pub struct TagOrder by TagOrderField {
        /// Name (not case-sensitive).
        Name = "name",
        /// Time at which the tag was first used.
        CreationDate = "creation_date",
        /// Length of the name in characters.
        Length = "length",
    }
}

async fn listing(_: &Reader, filter: &TagFilter, order: &[TagOrder]) -> Result<Listing> {
    let mut from = sql("from tags g where true");
    for word in filter
        .q
        .iter()
        .flat_map(|q| q.split_whitespace().take(WORDS))
    {
        from = from
            .then(" and g.name_folded like ? escape '\\'")
            .bind(containing(word));
    }
    if let Some(name) = &filter.name {
        from = from.then(" and g.name = ?").bind(name.as_str());
    }
    if let Some(start) = &filter.name_starts_with {
        from = from.and(starting("g.name", start));
    }
    let default = [TagOrder {
        field: TagOrderField::Name,
        direction: Direction::Asc.into(),
    }];
    let order = if order.is_empty() { &default } else { order };
    Ok(Listing::new(from, "g.id", order.iter().map(TagOrder::key)))
}

impl TagOrder {
    fn key(&self) -> SortKey {
        let down = self.direction.is_descending();
        match self.field {
            TagOrderField::Name => SortKey::new(sql("g.name_folded"), KeyKind::Text, down),
            TagOrderField::CreationDate => {
                SortKey::new(sql("g.creation_date"), KeyKind::Time, down)
            }
            TagOrderField::Length => SortKey::new(sql("length(g.name)"), KeyKind::Int, down),
        }
    }
}

entity!(Tag in "tags": "id, name, mbid, creation_date", upon [TagId], weighs [name]);

/// The tags that are in use, by name, with the numbers of their tracks and of their albums.
pub async fn in_use(permit: &Allowed<List>) -> Result<Vec<(Tag, i64, i64)>> {
    let counted = sql("select g.id, (select count(*) from track_tags x where x.tag_id = g.id),
        (select count(*) from album_tags x where x.tag_id = g.id) from tags g order by g.name_folded, g.id");
    let counts = counted.kept::<(i64, i64, i64)>(permit.db()).await?;
    let used = counts
        .iter()
        .filter(|(_, tracks, albums)| tracks + albums > 0);
    let ids = used.clone().map(|(id, ..)| *id);
    let tags = permit.loaders().many::<Tag>(ids).await?;
    let named = used.filter_map(|(id, tracks, albums)| {
        let tag = tags.get(id)?;
        Some((Tag::clone(tag), *tracks, *albums))
    });
    Ok(named.collect())
}

/// Tags whose name contains `word`, shortest first.
pub fn search_listing(word: &str) -> Listing {
    let from = sql("from tags g where g.name_folded like ? escape '\\'").bind(containing(word));
    let length = SortKey::new(sql("length(g.name)"), KeyKind::Int, false);
    Listing::new(from, "g.id", [length]).oldest_first_if(true)
}

/// IDs of tags by name. Creates the tags that do not exist yet.
pub async fn ensure(tx: &mut Tx, words: &[String], now: Timestamp) -> Result<Vec<i64>> {
    let mut ids = Vec::with_capacity(words.len());
    for (index, word) in words.iter().enumerate() {
        if !is_valid(word) {
            return Err(Error::field(format!("tags.{index}"), invalid(word)));
        }
        // The update changes nothing, but makes an existing row return its ID.
        let id = sql(
            "insert into tags (name, name_folded, creation_date) values (?, ?, ?)
             on conflict (name_folded) do update set name = tags.name returning id",
        )
        .bind(word.as_str())
        .bind(folded(word))
        .bind(now)
        .number(&mut *tx)
        .await?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// Whether a word can be a tag: 1 to 100 letters, digits and underscores.
pub fn is_valid(word: &str) -> bool {
    let fits = |char: char| char.is_alphanumeric() || char == '_';
    (1..=100).contains(&word.chars().count()) && word.chars().all(fits)
}

/// Refuses words that cannot be tags, and more than `most`.
pub fn checked(words: &[String], most: usize) -> Result<()> {
    if words.len() > most {
        let complaint = format!("At most {most} tags are allowed.");
        return Err(Error::field("tags", complaint));
    }
    match words.iter().position(|word| !is_valid(word)) {
        Some(at) => Err(Error::field(format!("tags.{at}"), invalid(&words[at]))),
        None => Ok(()),
    }
}

pub fn invalid(word: &str) -> String {
    format!("Invalid tag \"{word}\"")
}

#[derive(FromRow)]
struct Tagged {
    owner_id: i64,
    #[sqlx(flatten)]
    tag: Tag,
}

/// Names of tags, for bodies.
pub fn names(tags: Option<&Arc<Vec<Tag>>>) -> Vec<String> {
    let tags = tags.into_iter().flat_map(|tags| tags.iter());
    tags.map(|tag| tag.name.clone()).collect()
}

macro_rules! tags_of {
    ($(#[doc = $doc:literal])+ $name:ident, $read:ident, upon $change:ident, $sql:literal) => {
        load!($(#[doc = $doc])+ $name: Vec<Tag> = kept $read, upon [$change]);

        async fn $read(db: &Reads, ids: Vec<i64>) -> Result<HashMap<i64, Vec<Tag>>> {
            let rows: Vec<Tagged> = sql($sql).bind(ids).all(db).await?;
            Ok(grouped(rows.into_iter().map(|row| (row.owner_id, row.tag))))
        }
    };
}

tags_of!(/// The tags of an artist, by name.
    ArtistTags, of_artists, upon ArtistTagArtist,
    "select x.artist_id as owner_id, g.id, g.name, g.mbid, g.creation_date
     from artist_tags x join tags g on g.id = x.tag_id where x.artist_id in ?* order by g.name_folded");
tags_of!(/// The tags of an album, by name.
    AlbumTags, of_albums, upon AlbumTagAlbum,
    "select x.album_id as owner_id, g.id, g.name, g.mbid, g.creation_date
     from album_tags x join tags g on g.id = x.tag_id where x.album_id in ?* order by g.name_folded");
tags_of!(/// The tags of a track, by name.
    TrackTags, of_tracks, upon TrackTagTrack,
    "select x.track_id as owner_id, g.id, g.name, g.mbid, g.creation_date
     from track_tags x join tags g on g.id = x.tag_id where x.track_id in ?* order by g.name_folded");

pub async fn bodies(loaders: &Loaders, _: &Reader, ids: &[i64]) -> Result<Vec<TagBody>> {
    let rows = loaders.owned::<Tag>(ids).await?;
    Ok(rows.into_iter().map(TagBody::from).collect())
}

async fn retrieve(permit: &Allowed<Retrieve>, name: &str) -> Result<Tag> {
    let found = Tag::select()
        .then(" where name_folded = ?")
        .bind(folded(name));
    found.one(permit.db()).await
}

/// Finds a tag by ID. Tags have no UUID.
pub async fn by_key(permit: &Allowed<Retrieve>, key: Key) -> Result<Tag> {
    let Key::Id(id) = key else {
        return Err(Error::NotFound);
    };
    permit
        .loaders()
        .one::<Tag>(id)
        .await?
        .ok_or(Error::NotFound)
}

routes! {
    "/api/v1/tags" lists List(Query) -> TagBody = listing => bodies;
    retrieve: Retrieve = get "/:name" <name> -> Answer<TagBody>;
}
