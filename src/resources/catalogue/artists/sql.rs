//! SQL for reading artists.
use std::collections::HashMap;

use super::super::shelf::{Narrowing, Shelf};
use super::{Artist, ArtistFilter, ArtistOrder, ArtistOrderField};
use crate::{
    context::Reader,
    error::Result,
    graphql::reference::{identified, numbers, resolved},
    load::{entity, load},
    resources::checks::bounded,
    store::{
        Index, Reads, Sql,
        listing::{Kind as KeyKind, Listing, SortKey, shuffled},
        sql,
        text::{containing, folded, matching, starting},
    },
};

const SHELF: Shelf = Shelf {
    among: "a.id in",
    tagged: "a.id in (select x.artist_id from artist_tags x join tags g on g.id = x.tag_id
        where g.name_folded",
    related: "a.id <> ? and a.id in (select x.artist_id from artist_tags x where x.tag_id in
        (select y.tag_id from artist_tags y where y.artist_id = ?))",
    kinship: "(select count(*) from artist_tags x where x.artist_id = a.id and x.tag_id in
        (select y.tag_id from artist_tags y where y.artist_id = ?))",
    uploaded: "select ta.artist_id from uploads u join track_artists ta on ta.track_id = u.track_id",
    has_upload: "exists (select 1 from track_artists ta join uploads u on u.track_id = ta.track_id
        where ta.artist_id = a.id and ",
    hidden: "select f.target_artist_id from content_filters f where f.user_id = ?",
    hidden_values: 1,
    of_channel: "a.id in (select c.artist_id from channels c)",
    added: "a.creation_date",
    mbid: "a.mbid = ?",
    shuffled: shuffled!("a.id"),
    unplayable_is_withheld: false,
};

/// Condition: the caller can play something of the row in this library.
pub(super) fn in_library(reader: &Reader, library: i64) -> Sql {
    SHELF.in_library(reader, library)
}

/// Those of the artists that have one of these numbers.
pub fn among(artists: Listing, ids: Vec<i64>) -> Listing {
    artists.and(sql("a.id in ?*").bind(ids))
}

pub async fn listing(
    reader: &Reader,
    filter: &ArtistFilter,
    order: &[ArtistOrder],
) -> Result<Listing> {
    bounded("tag", &filter.tag)?;
    bounded("id", filter.ids.as_deref().unwrap_or_default())?;
    bounded("any_tag", &filter.any_tag)?;
    let library = resolved(reader, "library", filter.library.as_ref()).await?;
    let related_to = resolved(reader, "related", filter.related.as_ref()).await?;
    let common = Narrowing {
        hidden: filter.hidden,
        include_channels: filter.include_channels,
        library,
        channel: None,
        mbid: filter.mbid,
        playable: filter.playable,
        related: related_to,
        scope: filter.scope.as_deref(),
        tag: &filter.tag,
        any_tag: &filter.any_tag,
        added: (filter.creation_date_from, filter.creation_date_before),
    };
    let from = SHELF.narrowed(reader, sql("from artists a where true"), &common);
    let mut from = narrowed(reader, from, filter)?;
    if let Some(these) = &filter.ids {
        let ids = numbers(reader, "ids", these).await?;
        from = from.then(" and a.id in ?*").bind(ids);
    }
    let seed = crate::random::seed();
    let keys = order.iter().flat_map(|order| order.keys(related_to, seed));
    let related = order
        .last()
        .is_some_and(|order| order.field == ArtistOrderField::Related);
    Ok(Listing::new(from, "a.id", keys).oldest_first_if(related))
}

fn narrowed(reader: &Reader, mut from: Sql, filter: &ArtistFilter) -> Result<Sql> {
    if let Some(category) = filter.content_category {
        from = from.then(" and a.content_category = ?").bind(category);
    }
    if let Some(has) = filter.has_albums {
        let not = if has { " and " } else { " and not " };
        let credited = "exists (select 1 from album_artists aa where aa.artist_id = a.id)";
        from = from.then(not).then(credited);
    }
    if let Some(name) = &filter.name {
        from = from.then(" and a.name = ?").bind(name.as_str());
    }
    if let Some(part) = &filter.name_contains {
        from = from
            .then(" and a.name_folded like ? escape '\\'")
            .bind(containing(part));
    }
    if let Some(name) = &filter.name_equals {
        from = from.then(" and a.name_folded = ?").bind(folded(name));
    }
    if let Some(start) = &filter.name_starts_with {
        from = from.and(starting("a.name", start));
    }
    if let Some(q) = &filter.q
        && let Some(condition) = matching(reader.db(), &[("a.id in", Index::Artists)], q)?
    {
        from = from.and(condition);
    }
    Ok(from)
}

impl ArtistOrder {
    fn keys(self, related: Option<i64>, seed: i64) -> Vec<SortKey> {
        let down = self.direction.is_descending();
        let key = |column, kind| vec![SortKey::new(sql(column), kind, down)];
        match self.field {
            ArtistOrderField::Id => key("a.id", KeyKind::Int),
            ArtistOrderField::Name => key("a.name_folded", KeyKind::Text),
            ArtistOrderField::CreationDate => key("a.creation_date", KeyKind::Time),
            ArtistOrderField::ModificationDate => key("a.modification_date", KeyKind::Time),
            ArtistOrderField::Random => vec![SHELF.random(self.seed.map_or(seed, i64::from), down)],
            ArtistOrderField::Related => SHELF.relatedness(related, down).into_iter().collect(),
        }
    }
}

load!(/// Whether the caller can play something of an artist.
    IsPlayable: bool = for_caller playable);

async fn playable(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, bool>> {
    let found = sql("select a.id from artists a where a.id in ?*").bind(ids);
    let playable = found.and(SHELF.playable(reader)).ids(reader.db()).await?;
    Ok(playable.into_iter().map(|id| (id, true)).collect())
}

identified!(Artist in "artists");

entity!(Artist in "artists": "id, uuid, fid, mbid, name, content_category, creation_date, modification_date,
    attributed_to_id, attachment_cover_id, description_content_id", upon [ArtistId], weighs [fid, name]);

load!(/// Number of tracks on which an artist is credited first.
    ArtistTracksCount: i64 = kept tracks_counts, upon [TrackArtistArtist]);

async fn tracks_counts(db: &Reads, ids: Vec<i64>) -> Result<HashMap<i64, i64>> {
    let counted: Vec<(i64, i64)> = sql("select artist_id, count(*) from track_artists
         where position = 0 and artist_id in ?* group by artist_id")
    .bind(ids)
    .all(db)
    .await?;
    Ok(counted.into_iter().collect())
}

/// Artists whose name matches, shortest name first.
pub fn search_listing(reader: &Reader, q: &str) -> Result<Listing> {
    let condition = matching(reader.db(), &[("a.id in", Index::Artists)], q)?;
    let condition = condition.unwrap_or_else(|| sql("1 = 0"));
    let from = sql("from artists a where ").append(condition);
    let length = SortKey::new(sql("length(a.name)"), KeyKind::Int, false);
    Ok(Listing::new(from, "a.id", [length]).oldest_first_if(true))
}
