//! SQL for reading tracks.
use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::super::shelf::{Narrowing, Shelf, exists};
use super::{Track, TrackFilter, TrackOrder, TrackOrderField};
use crate::{
    context::Reader,
    error::Result,
    graphql::{
        ids::Key,
        reference::{ById, identified, numbers, resolved},
    },
    load::{entity, grouped, load, sole},
    resources::{checks::bounded, library::visibility::audible},
    store::{
        Index, Reads, Sql,
        listing::{Direction, Kind as KeyKind, Listing, SortKey, shuffled},
        sql,
        text::{containing, folded, matching, starting},
    },
};

const SHELF: Shelf = Shelf {
    among: "t.id in",
    tagged: "t.id in (select x.track_id from track_tags x join tags g on g.id = x.tag_id
        where g.name_folded",
    related: "t.id <> ? and t.id in (select x.track_id from track_tags x where x.tag_id in
        (select y.tag_id from track_tags y where y.track_id = ?))",
    kinship: "(select count(*) from track_tags x where x.track_id = t.id and x.tag_id in
        (select y.tag_id from track_tags y where y.track_id = ?))",
    uploaded: "select u.track_id from uploads u",
    has_upload: "exists (select 1 from uploads u where u.track_id = t.id and ",
    hidden: "select h.track_id from content_filters f
          join track_artists h on h.artist_id = f.target_artist_id where f.user_id = ?
        union all select s.id from content_filters f
          join album_artists h on h.artist_id = f.target_artist_id
          join tracks s on s.album_id = h.album_id where f.user_id = ?",
    hidden_values: 2,
    // The cross join keeps the databases from starting with all credits.
    of_channel: "t.id in (select h.track_id from channels c
        cross join track_artists h where h.artist_id = c.artist_id)",
    added: "t.creation_date",
    mbid: "t.mbid = ?",
    shuffled: shuffled!("t.id"),
    unplayable_is_withheld: true,
};

/// Where `q` searches.
const PLACES: &[(&str, Index)] = &[
    ("t.id in", Index::Tracks),
    (
        "t.id in (select ta.track_id from track_artists ta where ta.artist_id in",
        Index::Artists,
    ),
    ("t.album_id in", Index::Albums),
];

/// Condition: the caller can play something of the row in this library.
pub(super) fn in_library(reader: &Reader, library: i64) -> Sql {
    SHELF.in_library(reader, library)
}

/// Select of the IDs of the tracks of artists that a user has hidden.
pub fn hidden_from(user: i64) -> Sql {
    SHELF.hidden_from(user)
}

/// The ID of a track that an input refers to.
///
/// # Errors
/// `Invalid` for a track that does not exist.
pub async fn known(reader: &Reader, field: &str, track: &ById<Track>) -> Result<i64> {
    let found = all_known(reader, field, std::slice::from_ref(track)).await?;
    sole(found).map(|(id, _)| id)
}

/// The IDs and titles of tracks that an input refers to, in its order.
///
/// # Errors
/// `Invalid` for the first track that does not exist.
pub async fn all_known(
    reader: &Reader,
    field: &str,
    tracks: &[ById<Track>],
) -> Result<Vec<(i64, String)>> {
    let ids = numbers(reader, field, tracks).await?;
    let rows = sql("select id, uuid, title from tracks where id in ?*").bind(ids);
    let rows: Vec<(i64, Uuid, String)> = rows.all(reader.db()).await?;
    let by_id: HashMap<_, _> = rows.iter().map(|row| (row.0, row)).collect();
    let by_uuid: HashMap<_, _> = rows.iter().map(|row| (row.1, row)).collect();
    let find = |track: &ById<Track>| {
        let found = match track.key(field)? {
            Key::Id(id) => by_id.get(id),
            Key::Uuid(uuid) => by_uuid.get(uuid),
        };
        let (id, _, title) = found.ok_or_else(|| track.unknown(field))?;
        Ok((*id, title.clone()))
    };
    tracks.iter().map(find).collect()
}

/// Those of these numbers that are tracks.
pub async fn existing(reader: &Reader, ids: &[i64]) -> Result<HashSet<i64>> {
    let known = sql("select id from tracks where id in ?*").bind(ids.to_vec());
    Ok(known.ids(reader.db()).await?.into_iter().collect())
}

/// The same tracks, those that are played most on the pod first.
pub fn most_played(tracks: Listing) -> Listing {
    let downloads = SortKey::new(sql("t.downloads_count"), KeyKind::Int, true);
    tracks.ordered([downloads])
}

/// Those of the tracks that are on no album.
pub fn on_no_album(tracks: Listing) -> Listing {
    tracks.and(sql("t.album_id is null"))
}

/// Those of the tracks that are credited to one of these artists.
pub fn of_any(tracks: Listing, artists: Vec<i64>) -> Listing {
    let credited = "t.id in (select h.track_id from track_artists h where h.artist_id in ?*)";
    tracks.and(sql(credited).bind(artists))
}

pub async fn listing(
    reader: &Reader,
    filter: &TrackFilter,
    order: &[TrackOrder],
) -> Result<Listing> {
    bounded("tag", &filter.tag)?;
    bounded("any_tag", &filter.any_tag)?;
    bounded("id", filter.ids.as_deref().unwrap_or_default())?;
    let place = Place::of(reader, filter).await?;
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
    let from = SHELF.narrowed(reader, sql("from tracks t where true"), &common);
    let from = by_title(placed(reader, from, filter, &place), filter);
    let from = by_duration(reader, from, filter);
    let from = match &filter.q {
        Some(q) => {
            matching(reader.db(), PLACES, q)?.map_or(from.clone(), |condition| from.and(condition))
        }
        None => from,
    };
    let newest = [TrackOrder {
        field: TrackOrderField::CreationDate,
        direction: Direction::Desc.into(),
        seed: None,
    }];
    let order = if order.is_empty() { &newest } else { order };
    let seed = crate::random::seed();
    let keys = order.iter().flat_map(|order| order.keys(related_to, seed));
    let related = order
        .last()
        .is_some_and(|order| order.field == TrackOrderField::Related);
    Ok(Listing::new(from, "t.id", keys).oldest_first_if(related))
}

/// Where the tracks of a filter must be.
struct Place {
    album: Option<i64>,
    artist: Option<i64>,
    ids: Option<Vec<i64>>,
}

impl Place {
    /// # Errors
    /// `Invalid` for an album, an artist or a license that does not exist.
    async fn of(reader: &Reader, filter: &TrackFilter) -> Result<Self> {
        let artist = resolved(reader, "artist", filter.artist.as_ref()).await?;
        if let Some(artist) = artist {
            let found = sql("select id from artists where id = ?").bind(artist);
            exists(reader, "artist", found).await?;
        }
        let album = resolved(reader, "album", filter.album.as_ref()).await?;
        if let Some(album) = album {
            let found = sql("select id from albums where id = ?").bind(album);
            exists(reader, "album", found).await?;
        }
        if let Some(code) = &filter.license {
            let found = sql("select cast(1 as bigint) from licenses where code = ?");
            exists(reader, "license", found.bind(code.as_str())).await?;
        }
        let ids = match &filter.ids {
            Some(these) => Some(numbers(reader, "ids", these).await?),
            None => None,
        };
        Ok(Self { album, artist, ids })
    }
}

/// The filters by duration: that of the oldest upload which the caller can play, as in `duration_of`.
fn by_duration(reader: &Reader, mut from: Sql, filter: &TrackFilter) -> Sql {
    for (bound, is) in [
        (filter.duration_from, " >= ?"),
        (filter.duration_to, " <= ?"),
    ] {
        let Some(bound) = bound else { continue };
        let duration = sql(
            "(select u.duration from uploads u where u.track_id = t.id and u.duration is not null and ",
        );
        let oldest = duration
            .append(audible(reader))
            .then(" order by u.id limit 1)");
        from = from.and(oldest.then(is).bind(bound));
    }
    from
}

/// Condition: the track is on an album whose release date is such.
const RELEASED: &str = "t.album_id in (select al.id from albums al where al.release_date";

/// The filters by album, artist, license, ID and favorites.
fn placed(reader: &Reader, mut from: Sql, filter: &TrackFilter, place: &Place) -> Sql {
    if let Some(album) = place.album {
        from = from.then(" and t.album_id = ?").bind(album);
    }
    if let Some(artist) = place.artist {
        let credited = sql(
            "(t.id in (select ta.track_id from track_artists ta where ta.artist_id = ?)
              or t.album_id in (select aa.album_id from album_artists aa where aa.artist_id = ?))",
        );
        from = from.and(credited.bind(artist).bind(artist));
    }
    if let Some(day) = filter.release_date_from {
        from = from.and(sql(RELEASED).then(" >= ?)").bind(day.0));
    }
    if let Some(day) = filter.release_date_to {
        from = from.and(sql(RELEASED).then(" <= ?)").bind(day.0));
    }
    if let Some(code) = &filter.license {
        from = from.then(" and t.license = ?").bind(code.as_str());
    }
    if let Some(ids) = &place.ids {
        from = from.then(" and t.id in ?*").bind(ids.clone());
    }
    if let (Some(favorites), Some(user)) = (filter.favorites, reader.user_id()) {
        let not = if favorites { " and " } else { " and not " };
        let liked = "t.id in (select v.track_id from favorites v where v.user_id = ?)";
        from = from.then(not).then(liked).bind(user);
    }
    from
}

fn by_title(mut from: Sql, filter: &TrackFilter) -> Sql {
    if let Some(title) = &filter.title {
        from = from.then(" and t.title = ?").bind(title.as_str());
    }
    if let Some(part) = &filter.title_contains {
        from = from
            .then(" and t.title_folded like ? escape '\\'")
            .bind(containing(part));
    }
    if let Some(title) = &filter.title_equals {
        from = from.then(" and t.title_folded = ?").bind(folded(title));
    }
    if let Some(start) = &filter.title_starts_with {
        from = from.and(starting("t.title", start));
    }
    from
}

impl TrackOrder {
    fn keys(self, related: Option<i64>, seed: i64) -> Vec<SortKey> {
        let down = self.direction.is_descending();
        let key = |column, kind| vec![SortKey::new(sql(column), kind, down)];
        let nullable =
            |column, is_null, kind| SortKey::nullable(column, is_null, kind, down).into();
        match self.field {
            TrackOrderField::CreationDate => key("t.creation_date", KeyKind::Time),
            TrackOrderField::Title => key("t.title", KeyKind::Text),
            TrackOrderField::DiscNumber => {
                nullable("t.disc_number", "(t.disc_number is null)", KeyKind::Int)
            }
            TrackOrderField::Position => {
                nullable("t.position", "(t.position is null)", KeyKind::Int)
            }
            TrackOrderField::AlbumTitle => key(
                "coalesce((select al.title from albums al where al.id = t.album_id), '')",
                KeyKind::Text,
            ),
            TrackOrderField::AlbumReleaseDate => nullable(
                "(select al.release_date from albums al where al.id = t.album_id)",
                "((select al.release_date from albums al where al.id = t.album_id) is null)",
                KeyKind::Date,
            ),
            TrackOrderField::ArtistName => key(
                "coalesce((select a.name from track_artists ta join artists a on a.id = ta.artist_id
                  where ta.track_id = t.id and ta.position = 0), '')",
                KeyKind::Text,
            ),
            TrackOrderField::ArtistModificationDate => key(
                "coalesce((select max(a.modification_date) from track_artists ta
                  join artists a on a.id = ta.artist_id where ta.track_id = t.id), t.creation_date)",
                KeyKind::Time,
            ),
            TrackOrderField::Size => key(
                "coalesce((select max(u.size) from uploads u where u.track_id = t.id), 0)",
                KeyKind::Int,
            ),
            TrackOrderField::Random => vec![SHELF.random(self.seed.map_or(seed, i64::from), down)],
            TrackOrderField::Related => SHELF.relatedness(related, down).into_iter().collect(),
        }
    }
}

identified!(Track in "tracks");

entity!(Track in "tracks": "id, uuid, fid, mbid, title, album_id, position, disc_number, license, copyright,
    downloads_count, creation_date, attributed_to_id, attachment_cover_id, description_content_id",
    upon [TrackId, TrackDownloads], weighs [fid, title, license, copyright]);

load!(/// IDs of an album's tracks, by disc and position.
    AlbumTracks: Vec<i64> = kept of_albums, upon [TrackAlbum]);

load!(/// IDs of the tracks that an artist is credited on, in the order they were added.
    ArtistTracks: Vec<i64> = kept of_artists, upon [TrackArtistArtist]);

/// The order of `AlbumTracks`.
pub(super) fn by_position() -> Vec<SortKey> {
    let disc = sql("coalesce(t.disc_number, 0)");
    let position = sql("coalesce(t.position, 0)");
    vec![
        SortKey::new(disc, KeyKind::Int, false),
        SortKey::new(position, KeyKind::Int, false),
    ]
}

async fn of_artists(db: &Reads, ids: Vec<i64>) -> Result<HashMap<i64, Vec<i64>>> {
    let rows = sql(
        "select distinct artist_id, track_id from track_artists where artist_id in ?*
         order by artist_id, track_id",
    );
    Ok(grouped(rows.bind(ids).all::<(i64, i64)>(db).await?))
}

async fn of_albums(db: &Reads, ids: Vec<i64>) -> Result<HashMap<i64, Vec<i64>>> {
    let rows = sql("select album_id, id from tracks where album_id in ?*
         order by album_id, coalesce(disc_number, 0), coalesce(position, 0), id");
    Ok(grouped(rows.bind(ids).all::<(i64, i64)>(db).await?))
}

/// Tracks whose title, artist or album matches, shortest title first.
pub fn search_listing(reader: &Reader, q: &str) -> Result<Listing> {
    found_in(reader, PLACES, q)
}

/// Tracks whose own title matches, shortest title first.
pub fn title_listing(reader: &Reader, q: &str) -> Result<Listing> {
    found_in(reader, &PLACES[..1], q)
}

fn found_in(reader: &Reader, places: &[(&'static str, Index)], q: &str) -> Result<Listing> {
    let condition = matching(reader.db(), places, q)?;
    let condition = condition.unwrap_or_else(|| sql("1 = 0"));
    let from = sql("from tracks t where ").append(condition);
    let length = SortKey::new(sql("length(t.title)"), KeyKind::Int, false);
    Ok(Listing::new(from, "t.id", [length]).oldest_first_if(true))
}
