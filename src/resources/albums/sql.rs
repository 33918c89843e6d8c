//! How albums are read.
use std::collections::HashMap;

use super::super::{
    catalogue::{Narrowing, Shelf, bounded, exists},
    visibility::{self, matching},
};
use super::{Album, AlbumFilter, AlbumOrder, AlbumOrderField};
use crate::{
    context::Reader,
    error::Result,
    graphql::connection::Direction,
    store::{
        Index, Sql,
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
    },
};

const SHELF: Shelf = Shelf {
    among: "al.id in",
    tagged: "al.id in (select x.album_id from album_tags x join tags g on g.id = x.tag_id
        where g.name_folded = ?)",
    related: "al.id <> ? and al.id in (select x.album_id from album_tags x where x.tag_id in
        (select y.tag_id from album_tags y where y.album_id = ?))",
    kinship: "(select count(*) from album_tags x where x.album_id = al.id and x.tag_id in
        (select y.tag_id from album_tags y where y.album_id = ?))",
    uploaded: "select t.album_id from uploads u join tracks t on t.id = u.track_id",
    has_upload: "exists (select 1 from tracks t join uploads u on u.track_id = t.id
        where t.album_id = al.id and ",
    hidden: "exists (select 1 from album_artists h join content_filters f
        on f.target_artist_id = h.artist_id where h.album_id = al.id and f.user_id = ?)",
    hidden_values: 1,
    of_channel: "al.id in (select h.album_id from channels c
        join album_artists h on h.artist_id = c.artist_id)",
    mbid: "al.mbid = ?",
    shuffled: "((al.id * 48271 + ?) % 2147483647) * ((al.id * 69621 + ?) % 65537) % 2147483647",
    unplayable_is_withheld: false,
};

pub(super) async fn listing(
    reader: &Reader,
    filter: &AlbumFilter,
    order: &[AlbumOrder],
) -> Result<Listing> {
    if let Some(artist) = filter.artist {
        exists(
            reader,
            "artist",
            sql("select id from artists where id = ?").bind(artist),
        )
        .await?;
    }
    bounded("tag", &filter.tag)?;
    let common = Narrowing {
        hidden: filter.hidden,
        include_channels: filter.include_channels,
        library: filter.library,
        channel: filter.channel,
        mbid: filter.mbid,
        playable: filter.playable,
        related: filter.related,
        scope: filter.scope.as_deref(),
        tag: &filter.tag,
    };
    let mut from = SHELF.narrowed(reader, sql("from albums al where true"), &common);
    if let Some(artist) = filter.artist {
        let credited = "al.id in (select aa.album_id from album_artists aa where aa.artist_id = ?)";
        from = from.and(sql(credited).bind(artist));
    }
    if let Some(category) = filter.content_category {
        let of_category = sql("al.id in (select aa.album_id from album_artists aa
            join artists a on a.id = aa.artist_id where a.content_category = ?)");
        from = from.and(of_category.bind(category));
    }
    if let Some(q) = &filter.q
        && let Some(condition) = matching(reader, PLACES, q)?
    {
        from = from.and(condition);
    }
    let newest = [AlbumOrder {
        field: AlbumOrderField::CreationDate,
        direction: Direction::Desc,
    }];
    let order = if order.is_empty() { &newest } else { order };
    let seed = crate::random::seed();
    let keys = order
        .iter()
        .flat_map(|order| order.keys(filter.related, seed));
    let listing = Listing::new(from, "al.id", keys);
    let related = order
        .last()
        .is_some_and(|order| order.field == AlbumOrderField::Related);
    Ok(if related {
        listing.oldest_first()
    } else {
        listing
    })
}

/// Where `q` looks.
const PLACES: &[(&str, Index)] = &[
    ("al.id in", Index::Albums),
    (
        "al.id in (select aa.album_id from album_artists aa where aa.artist_id in",
        Index::Artists,
    ),
];

impl AlbumOrder {
    fn keys(self, related: Option<i64>, seed: i64) -> Vec<SortKey> {
        let down = self.direction == Direction::Desc;
        let key = |column, kind| vec![SortKey::new(sql(column), kind, down)];
        match self.field {
            AlbumOrderField::CreationDate => key("al.creation_date", KeyKind::Time),
            AlbumOrderField::Title => key("al.title", KeyKind::Text),
            AlbumOrderField::ReleaseDate => {
                let keys = SortKey::nullable(
                    "al.release_date",
                    "(al.release_date is null)",
                    KeyKind::Date,
                    down,
                );
                keys.into()
            }
            AlbumOrderField::ArtistModificationDate => key(
                "coalesce((select max(a.modification_date) from album_artists aa
                  join artists a on a.id = aa.artist_id where aa.album_id = al.id), al.creation_date)",
                KeyKind::Time,
            ),
            AlbumOrderField::Random => vec![SHELF.random(seed, down)],
            AlbumOrderField::Related => SHELF.relatedness(related, down).into_iter().collect(),
        }
    }
}

pub(super) const SELECT: &str = "select al.id, al.uuid, al.fid, al.mbid, al.title, al.release_date,
    al.release_group_id, al.creation_date, al.attributed_to_id, al.attachment_cover_id,
    al.description_content_id from albums al ";

pub async fn by_ids(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Album>> {
    let rows: Vec<Album> = sql(SELECT)
        .then("where al.id in ?*")
        .bind(ids)
        .all(reader.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The numbers of the albums that each artist is credited on, in the order they were added.
pub async fn of_artists(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Vec<i64>>> {
    let rows = sql(
        "select artist_id, album_id from album_artists where artist_id in ?*
         order by artist_id, album_id",
    );
    Ok(super::super::grouped(
        rows.bind(ids).all(reader.db()).await?,
    ))
}

pub async fn tracks_counts(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, i64>> {
    let counted: Vec<(i64, i64)> =
        sql("select album_id, count(*) from tracks where album_id in ?* group by album_id")
            .bind(ids)
            .all(reader.db())
            .await?;
    Ok(counted.into_iter().collect())
}

/// Whether the caller can play something of each album.
pub async fn playable(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, bool>> {
    let asked = ids.clone();
    let playable = sql("select al.id from albums al where al.id in ?*")
        .bind(ids)
        .and(
            sql(SHELF.has_upload)
                .append(visibility::playable(reader))
                .then(")"),
        )
        .ids(reader.db())
        .await?;
    Ok(asked
        .into_iter()
        .map(|id| (id, playable.contains(&id)))
        .collect())
}

/// The albums whose title or artist matches, shortest title first.
pub async fn matching_ids(reader: &Reader, q: &str, most: i64) -> Result<Vec<i64>> {
    let Some(condition) = matching(reader, PLACES, q)? else {
        return Ok(Vec::new());
    };
    let found: Sql = sql("select al.id from albums al where ").append(condition);
    found
        .then(" order by length(al.title), al.id limit ?")
        .bind(most)
        .ids(reader.db())
        .await
}
