//! SQL for reading libraries.
use std::collections::HashMap;

use super::super::visibility::{audible, libraries_of_scope, viewable_libraries};
use super::{Library, LibraryFilter, LibraryOrder, LibraryOrderField, LibraryStats};
use crate::{
    context::Reader,
    error::Result,
    graphql::reference::identified,
    load::{entity, grouped, load, weigh},
    store::{
        Sql,
        listing::{Direction, Kind as KeyKind, Listing, SortKey},
        sql,
        text::{WORDS, containing},
    },
    time::Timestamp,
};

pub(super) async fn listing(
    reader: &Reader,
    filter: &LibraryFilter,
    order: &[LibraryOrder],
) -> Result<Listing> {
    let mut from = sql("from libraries l join actors o on o.id = l.actor_id where l.id in (")
        .append(viewable_libraries(reader))
        .then(") and not exists (select 1 from channels c where c.library_id = l.id)");
    if let Some(level) = filter.privacy_level {
        from = from.then(" and l.privacy_level = ?").bind(level);
    }
    for word in filter
        .q
        .iter()
        .flat_map(|q| q.split_whitespace().take(WORDS))
    {
        let pattern = containing(word);
        from = from
            .then(" and l.name_folded like ? escape '\\'")
            .bind(pattern);
    }
    if let Some(scope) = &filter.scope {
        let words = scope
            .split(',')
            .take(WORDS)
            .filter_map(|word| libraries_of_scope(reader, word.trim()));
        let any = words.reduce(|left, right| left.then(" or ").append(right));
        let condition = any.unwrap_or_else(|| sql("1 = 0"));
        from = from.and(sql("(").append(condition).then(")"));
    }
    let newest = [LibraryOrder {
        field: LibraryOrderField::CreationDate,
        direction: Direction::Desc.into(),
    }];
    let order = if order.is_empty() { &newest } else { order };
    Ok(Listing::new(
        from,
        "l.id",
        order.iter().map(|order| order.key()),
    ))
}

impl LibraryOrder {
    fn key(self) -> SortKey {
        let down = self.direction.is_descending();
        match self.field {
            LibraryOrderField::CreationDate => {
                SortKey::new(sql("l.creation_date"), KeyKind::Time, down)
            }
            LibraryOrderField::Name => SortKey::new(sql("l.name"), KeyKind::Text, down),
        }
    }
}

identified!(Library in "libraries");

entity!(Library in "libraries": "id, uuid, fid, name, description, privacy_level, creation_date, actor_id",
    upon [LibraryId], weighs [fid, name, description]);

load!(/// Number and size of a library's uploads.
    LibraryHoldings: LibraryStats = for_caller stats);

load!(/// Libraries with tracks of an artist that the caller has access to, oldest first.
    ArtistLibraries: Vec<i64> = for_caller of_artists);

load!(/// Libraries with tracks of an album that the caller has access to, oldest first.
    AlbumLibraries: Vec<i64> = for_caller of_albums);

load!(/// Libraries with a track that the caller has access to, oldest first.
    TrackLibraries: Vec<i64> = for_caller of_tracks);

weigh!(LibraryStats:);

/// Number of uploads of each library, of any status, and their size in bytes.
async fn stats(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, LibraryStats>> {
    let counted = sql("select library_id, count(*),
           cast(coalesce(sum(size), 0) as bigint) from uploads
         where library_id in ?* group by library_id");
    // Counting a large library takes long.
    let rows = counted
        .bind(ids)
        .kept::<(i64, i64, i64)>(reader.db())
        .await?;
    let stats = |&(id, uploads_count, size): &(i64, i64, i64)| {
        (
            id,
            LibraryStats {
                uploads_count,
                size,
            },
        )
    };
    Ok(rows.iter().map(stats).collect())
}

/// The libraries of artists, also those of the albums that they are credited on.
async fn of_artists(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Vec<i64>>> {
    let found = sql(
        "select ta.artist_id, l.id, l.creation_date from track_artists ta
         join uploads u on u.track_id = ta.track_id join libraries l on l.id = u.library_id
         where ta.artist_id in ?* and ",
    );
    let on_albums = sql(
        "select aa.artist_id, l.id, l.creation_date from album_artists aa
         join tracks t on t.album_id = aa.album_id
         join uploads u on u.track_id = t.id join libraries l on l.id = u.library_id
         where aa.artist_id in ?* and ",
    );
    let found = found.bind(ids.clone()).append(open_to(reader));
    let on_albums = on_albums.bind(ids).append(open_to(reader));
    holders(reader, found.then(" union ").append(on_albums)).await
}

/// The libraries of albums.
async fn of_albums(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Vec<i64>>> {
    let found = sql(
        "select distinct t.album_id, l.id, l.creation_date from tracks t
         join uploads u on u.track_id = t.id join libraries l on l.id = u.library_id
         where t.album_id in ?* and ",
    );
    holders(reader, found.bind(ids).append(open_to(reader))).await
}

/// The libraries of tracks.
async fn of_tracks(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Vec<i64>>> {
    let found = sql(
        "select distinct u.track_id, l.id, l.creation_date from uploads u
         join libraries l on l.id = u.library_id where u.track_id in ?* and ",
    );
    holders(reader, found.bind(ids).append(open_to(reader))).await
}

/// Condition on an upload `u` in a library `l`: the caller can play it, and the library is not a
/// channel's.
fn open_to(reader: &Reader) -> Sql {
    audible(reader).then(" and not exists (select 1 from channels c where c.library_id = l.id)")
}

async fn holders(reader: &Reader, found: Sql) -> Result<HashMap<i64, Vec<i64>>> {
    let found = found.then(" order by 1, 3, 2");
    let rows: Vec<(i64, i64, Timestamp)> = found.all(reader.db()).await?;
    Ok(grouped(
        rows.into_iter().map(|(owner, library, _)| (owner, library)),
    ))
}
