//! SQL for reading albums.
use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::super::shelf::{Narrowing, Shelf, exists};
use super::{Album, AlbumFilter, AlbumOrder, AlbumOrderField};
use crate::{
    context::Reader,
    error::Result,
    graphql::reference::{identified, numbers, resolved},
    load::{Load, Loaders, entity, grouped, load},
    resources::{checks::bounded, library::visibility::viewable},
    store::{
        Index, Reads, Sql,
        listing::{Direction, Kind as KeyKind, Listing, SortKey, shuffled},
        sql,
        text::matching,
    },
};

const SHELF: Shelf = Shelf {
    among: "al.id in",
    tagged: "al.id in (select x.album_id from album_tags x join tags g on g.id = x.tag_id
        where g.name_folded",
    related: "al.id <> ? and al.id in (select x.album_id from album_tags x where x.tag_id in
        (select y.tag_id from album_tags y where y.album_id = ?))",
    kinship: "(select count(*) from album_tags x where x.album_id = al.id and x.tag_id in
        (select y.tag_id from album_tags y where y.album_id = ?))",
    uploaded: "select t.album_id from uploads u join tracks t on t.id = u.track_id",
    has_upload: "exists (select 1 from tracks t join uploads u on u.track_id = t.id
        where t.album_id = al.id and ",
    hidden: "select h.album_id from content_filters f
        join album_artists h on h.artist_id = f.target_artist_id where f.user_id = ?",
    hidden_values: 1,
    // The cross join keeps the databases from starting with all credits.
    of_channel: "al.id in (select h.album_id from channels c
        cross join album_artists h where h.artist_id = c.artist_id)",
    added: "al.creation_date",
    mbid: "al.mbid = ?",
    shuffled: shuffled!("al.id"),
    unplayable_is_withheld: false,
};

/// Condition: the caller can play something of the row in this library.
pub(super) fn in_library(reader: &Reader, library: i64) -> Sql {
    SHELF.in_library(reader, library)
}

/// Albums of which the caller can play something, also in a library, without those of channels and of hidden artists.
pub(super) fn playable_only(reader: &Reader, library: Option<Uuid>, from: Sql) -> Sql {
    let wanted = Narrowing {
        library,
        playable: Some(true),
        ..Narrowing::default()
    };
    SHELF.narrowed(reader, from, &wanted)
}

pub async fn listing(
    reader: &Reader,
    filter: &AlbumFilter,
    order: &[AlbumOrder],
) -> Result<Listing> {
    let artist = resolved(reader, "artist", filter.artist.as_ref()).await?;
    if let Some(artist) = artist {
        let found = sql("select id from artists where id = ?").bind(artist);
        exists(reader, "artist", found).await?;
    }
    bounded("tag", &filter.tag)?;
    bounded("id", filter.ids.as_deref().unwrap_or_default())?;
    bounded("any_tag", &filter.any_tag)?;
    let library = resolved(reader, "library", filter.library.as_ref()).await?;
    let channel = resolved(reader, "channel", filter.channel.as_ref()).await?;
    let related_to = resolved(reader, "related", filter.related.as_ref()).await?;
    let common = Narrowing {
        hidden: filter.hidden,
        include_channels: filter.include_channels,
        library,
        channel,
        mbid: filter.mbid,
        playable: filter.playable,
        related: related_to,
        scope: filter.scope.as_deref(),
        tag: &filter.tag,
        any_tag: &filter.any_tag,
        added: (filter.creation_date_from, filter.creation_date_before),
    };
    let mut from = SHELF.narrowed(reader, sql("from albums al where true"), &common);
    if let Some(artist) = artist {
        let credited = "al.id in (select aa.album_id from album_artists aa where aa.artist_id = ?)";
        from = from.and(sql(credited).bind(artist));
    }
    if let Some(these) = &filter.ids {
        let ids = numbers(reader, "ids", these).await?;
        from = from.then(" and al.id in ?*").bind(ids);
    }
    if let Some(day) = filter.release_date_from {
        from = from.then(" and al.release_date >= ?").bind(day.0);
    }
    if let Some(day) = filter.release_date_to {
        from = from.then(" and al.release_date <= ?").bind(day.0);
    }
    if let Some(category) = filter.content_category {
        let of_category = sql("al.id in (select aa.album_id from album_artists aa
            join artists a on a.id = aa.artist_id where a.content_category = ?)");
        from = from.and(of_category.bind(category));
    }
    if let Some(q) = &filter.q
        && let Some(condition) = matching(reader.db(), PLACES, q)?
    {
        from = from.and(condition);
    }
    let newest = [AlbumOrder {
        field: AlbumOrderField::CreationDate,
        direction: Direction::Desc.into(),
        seed: None,
    }];
    let order = if order.is_empty() { &newest } else { order };
    let seed = crate::random::seed();
    let keys = order.iter().flat_map(|order| order.keys(related_to, seed));
    let related = order
        .last()
        .is_some_and(|order| order.field == AlbumOrderField::Related);
    Ok(Listing::new(from, "al.id", keys).oldest_first_if(related))
}

/// Where `q` searches.
const PLACES: &[(&str, Index)] = &[
    ("al.id in", Index::Albums),
    (
        "al.id in (select aa.album_id from album_artists aa where aa.artist_id in",
        Index::Artists,
    ),
];

impl AlbumOrder {
    fn keys(self, related: Option<i64>, seed: i64) -> Vec<SortKey> {
        let down = self.direction.is_descending();
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
            AlbumOrderField::Random => vec![SHELF.random(self.seed.map_or(seed, i64::from), down)],
            AlbumOrderField::Related => SHELF.relatedness(related, down).into_iter().collect(),
        }
    }
}

identified!(Album in "albums");

entity!(Album in "albums": "id, uuid, fid, mbid, title, release_date, release_group_id, creation_date,
    attributed_to_id, attachment_cover_id, description_content_id", upon [AlbumId], weighs [fid, title]);

load!(/// IDs of the albums that an artist is credited on, in the order they were added.
    ArtistAlbums: Vec<i64> = kept of_artists, upon [AlbumArtistArtist]);

load!(/// Number of an album's tracks.
    AlbumTracksCount: i64 = kept tracks_counts, upon [TrackAlbum]);

load!(/// The duration of an album in seconds: of its tracks together.
    AlbumDuration: i64 = kept durations, upon [UploadAlbum, TrackAlbum]);

load!(/// IDs of the libraries that hold imported uploads of an album.
    AlbumHolders: Vec<i64> = kept holders, upon [UploadAlbum, TrackAlbum]);

load!(/// IDs of the libraries that hold uploads of an album with audio, also skipped duplicates.
    AlbumSounds: Vec<i64> = kept sounds, upon [UploadAlbum, TrackAlbum]);

async fn of_artists(db: &Reads, ids: Vec<i64>) -> Result<HashMap<i64, Vec<i64>>> {
    let rows = sql(
        "select artist_id, album_id from album_artists where artist_id in ?*
         order by artist_id, album_id",
    );
    Ok(grouped(rows.bind(ids).all::<(i64, i64)>(db).await?))
}

async fn tracks_counts(db: &Reads, ids: Vec<i64>) -> Result<HashMap<i64, i64>> {
    let counted: Vec<(i64, i64)> =
        sql("select album_id, count(*) from tracks where album_id in ?* group by album_id")
            .bind(ids)
            .all(db)
            .await?;
    Ok(counted.into_iter().collect())
}

async fn durations(db: &Reads, ids: Vec<i64>) -> Result<HashMap<i64, i64>> {
    let of_tracks = sql("select d.album_id, cast(sum(d.duration) as bigint) from
        (select t.album_id, (select u.duration from uploads u where u.track_id = t.id and u.duration is not null
           and u.import_status in ('finished', 'skipped') order by u.id limit 1) as duration
         from tracks t where t.album_id in ?*) d
        where d.duration is not null group by d.album_id");
    let known: Vec<(i64, i64)> = of_tracks.bind(ids).all(db).await?;
    Ok(known.into_iter().collect())
}

const HELD: &str =
    "select distinct t.album_id, u.library_id from tracks t join uploads u on u.track_id = t.id
     where t.album_id in ?* and u.import_status in ";

async fn holders(db: &Reads, ids: Vec<i64>) -> Result<HashMap<i64, Vec<i64>>> {
    let rows = sql(HELD).bind(ids).then("('finished') order by 1, 2");
    Ok(grouped(rows.all::<(i64, i64)>(db).await?))
}

async fn sounds(db: &Reads, ids: Vec<i64>) -> Result<HashMap<i64, Vec<i64>>> {
    let rows = sql(HELD)
        .bind(ids)
        .then("('finished', 'skipped') order by 1, 2");
    Ok(grouped(rows.all::<(i64, i64)>(db).await?))
}

/// The albums of which the caller can play at least one track: by `AlbumHolders`, or by
/// `AlbumSounds`, as inside of artists (contract section 6).
pub async fn playable<L: Load<Value = Vec<i64>>>(
    loaders: &Loaders,
    reader: &Reader,
    albums: &[i64],
) -> Result<HashSet<i64>> {
    let holders = loaders.many::<L>(albums.iter().copied()).await?;
    let libraries: HashSet<i64> = holders
        .values()
        .flat_map(|ids| ids.iter().copied())
        .collect();
    let viewable = viewable(loaders, reader, libraries).await?;
    let playable = holders
        .iter()
        .filter(|(_, ids)| ids.iter().any(|id| viewable.contains(id)));
    Ok(playable.map(|(album, _)| *album).collect())
}

/// Albums whose title or artist matches, shortest title first.
pub fn search_listing(reader: &Reader, q: &str) -> Result<Listing> {
    found_in(reader, PLACES, q)
}

/// Albums whose own title matches, shortest title first.
pub fn title_listing(reader: &Reader, q: &str) -> Result<Listing> {
    found_in(reader, &PLACES[..1], q)
}

fn found_in(reader: &Reader, places: &[(&'static str, Index)], q: &str) -> Result<Listing> {
    let condition = matching(reader.db(), places, q)?;
    let condition = condition.unwrap_or_else(|| sql("1 = 0"));
    let from = sql("from albums al where ").append(condition);
    let length = SortKey::new(sql("length(al.title)"), KeyKind::Int, false);
    Ok(Listing::new(from, "al.id", [length]).oldest_first_if(true))
}
