//! Finding existing rows of the catalogue.
use std::path::Path;

use chrono::{Datelike, NaiveDate};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    error::Result,
    reading::{AlbumTags, Read},
    store::{Sql, Tx, sql, text::folded},
};

/// The row with this MusicBrainz ID.
pub async fn by_mbid(tx: &mut Tx, find: &'static str, mbid: Option<Uuid>) -> Result<Option<i64>> {
    let Some(mbid) = mbid else { return Ok(None) };
    let found = sql(find).bind(mbid).optional::<(i64,)>(tx).await?;
    Ok(found.map(|(id,)| id))
}

#[derive(FromRow)]
struct Namesake {
    id: i64,
    mbid: Option<Uuid>,
}

/// The row to use among rows of the same name, the best first: rows with another MusicBrainz ID are different
/// objects, and a row without one is given this ID.
pub async fn same(
    tx: &mut Tx,
    named: Sql,
    mbid: Option<Uuid>,
    identify: &'static str,
) -> Result<Option<i64>> {
    let named: Vec<Namesake> = named.all(&mut *tx).await?;
    let Some(mbid) = mbid else {
        return Ok(named.first().map(|namesake| namesake.id));
    };
    let Some(nameless) = named.iter().find(|namesake| namesake.mbid.is_none()) else {
        return Ok(None);
    };
    sql(identify).bind(mbid).bind(nameless.id).run(tx).await?;
    Ok(Some(nameless.id))
}

/// The album of this title that a file belongs to. Albums of one name by one artist are told apart by their folder,
/// their year, and whether another title has the file's position: two of these must agree. Where the artists of the
/// album follow from those of its tracks, folder and position decide. Files that were uploaded together count as files of
/// one folder.
pub async fn album(
    tx: &mut Tx,
    album: &AlbumTags,
    artists: &[i64],
    read: &Read,
) -> Result<Option<i64>> {
    let year = album.date.map(|date| date.year());
    let day = |month, day| NaiveDate::from_ymd_opt(year.unwrap_or(1000), month, day);
    let named = sql(
        "select id, mbid from (select al.id, al.mbid, al.artists_by_tracks,
           case when h.artist_id = ? then 1 else 0 end as own,
           case when exists (select 1 from tracks t join uploads u on u.track_id = t.id ",
    )
    .bind(artists.first().copied().unwrap_or_default())
    .append(beside(read))
    .then(
        ") then 1 else 0 end as here,
           case when ? or al.release_date is null
               or (al.release_date >= ? and al.release_date <= ?) then 1 else 0 end as year,
           case when exists (select 1 from tracks t where t.album_id = al.id and t.position = ?
               and coalesce(t.disc_number, 1) = ? and t.title_folded <> ?) then 0 else 1 end as free
         from albums al join album_artists h on h.album_id = al.id and h.position = 0
         where al.title_folded = ?) as namesakes
         where (own = 1 and here + year + free >= 2)
           or (here = 1 and free = 1 and (? or artists_by_tracks))
         order by here desc, ",
    )
    .bind(year.is_none())
    .bind(day(1, 1))
    .bind(day(12, 31))
    .bind(read.tags.position)
    .bind(read.tags.disc.unwrap_or(1))
    .bind(folded(&read.tags.title))
    .bind(folded(&album.title))
    .bind(album.by_tracks)
    // All files of a folder come to the same album, whatever their artists.
    .then(match album.by_tracks {
        true => "free desc, year desc, id",
        false => "own desc, year + free desc, id",
    });
    same(
        tx,
        named,
        album.mbid,
        "update albums set mbid = ? where id = ?",
    )
    .await
}

/// Joins to and condition on an upload `u` of a track `t`: it lies beside a file, and is of an album `al`.
fn beside(read: &Read) -> Sql {
    if let Some((actor, reference)) = &read.together {
        // As an expression, so that no database reads all files of one reference.
        return sql(
            "where t.album_id = al.id and coalesce(u.import_reference, '') = ?
             and u.library_id in (select l.id from libraries l where l.actor_id = ?)",
        )
        .bind(reference.as_str())
        .bind(*actor);
    }
    let home = read.home();
    sql("join music_files f on f.upload_id = u.id
         where t.album_id = al.id and f.path >= ? and f.path < ?")
    .bind(home.as_str())
    .bind(format!("{home}\u{10ffff}"))
}

/// Seconds by which files of one recording may differ in length.
const ALIKE: i64 = 3;

/// A track, and one of its files.
#[derive(FromRow)]
struct Held {
    id: i64,
    position: Option<i64>,
    disc: i64,
    duration: Option<i64>,
    mimetype: Option<String>,
    audio_checksum: Option<String>,
    import_status: Option<String>,
    path: Option<String>,
}

/// A track that a file belongs to, and whether that is certain.
pub struct Same {
    pub id: i64,
    /// A file of the track, if nothing but title and length says that this is the same recording.
    pub doubtful: Option<String>,
}

/// The track of a file, if it exists; never the one excepted.
pub async fn track(
    tx: &mut Tx,
    read: &Read,
    (album, artists): (Option<i64>, &[i64]),
    except: Option<i64>,
) -> Result<Option<Same>> {
    let tags = &read.tags;
    let here = |condition: &'static str| {
        sql(
            "select t.id, t.position, coalesce(t.disc_number, 1) as disc, u.duration, u.mimetype,
               u.audio_checksum, u.import_status, f.path
             from tracks t left join uploads u on u.track_id = t.id and u.import_status <> 'skipped'
             left join music_files f on f.upload_id = u.id
             where t.album_id is not distinct from ? and ",
        )
        .bind(album)
        .then(condition)
        .then(" and t.id <> ? order by t.id, u.id limit 1000")
    };
    let except = except.unwrap_or_default();
    if let Some(mbid) = tags.mbid {
        let held: Vec<Held> = here("t.mbid = ?")
            .bind(mbid)
            .bind(except)
            .all(&mut *tx)
            .await?;
        // A recording may stand in an album twice.
        let same = held
            .iter()
            .find(|held| match (tags.position, held.position) {
                (Some(mine), Some(theirs)) => mine == theirs && tags.disc.unwrap_or(1) == held.disc,
                _ => true,
            });
        if let Some(same) = same {
            return Ok(Some(Same {
                id: same.id,
                doubtful: None,
            }));
        }
    }
    let named = here(
        "t.title_folded = ? and t.position is not distinct from ?
         and coalesce(t.disc_number, 1) = ? and t.id in
           (select h.track_id from track_artists h where h.artist_id = ? and h.position = 0)
         and (t.mbid is null or ? is null)",
    );
    let held: Vec<Held> = named
        .bind(folded(&tags.title))
        .bind(tags.position)
        .bind(tags.disc.unwrap_or(1))
        .bind(artists.first().copied().unwrap_or_default())
        .bind(tags.mbid)
        .bind(except)
        .all(tx)
        .await?;
    let mut tracks = held.chunk_by(|one, other| one.id == other.id);
    let found = tracks.find(|files| files.iter().all(|file| file.may_be(read)));
    Ok(found.map(|files| Same {
        id: files[0].id,
        doubtful: files
            .iter()
            .filter(|file| {
                tags.position.is_none() && file.audio_checksum.as_deref() != Some(&read.audio)
            })
            .find_map(|file| file.path.clone()),
    }))
}

impl Held {
    /// Whether the recording of a file by its title may be that of another file: they are about as long, and do not
    /// lie side by side in the same format.
    fn may_be(&self, read: &Read) -> bool {
        if self.audio_checksum.as_deref() == Some(&read.audio) {
            return true;
        }
        let as_long = self
            .duration
            .is_none_or(|duration| (duration - read.duration).abs() <= ALIKE);
        let is_beside = self.import_status.as_deref() == Some("finished")
            && self.mimetype.as_deref() == Some(&*read.mimetype)
            && self.path.as_deref().is_some_and(|path| {
                path != read.candidate.path && Path::new(path).parent() == read.folder()
            });
        as_long && !is_beside
    }
}

/// The known license with this URL or code.
pub async fn license(tx: &mut Tx, named: Option<&str>) -> Result<Option<String>> {
    let Some(named) = named else { return Ok(None) };
    let bare = named
        .trim_start_matches("https://")
        .trim_start_matches("http://")
        .trim_end_matches('/');
    let spellings: Vec<String> = ["http://", "https://"]
        .iter()
        .flat_map(|scheme| [format!("{scheme}{bare}"), format!("{scheme}{bare}/")])
        .collect();
    let found = sql("select code from licenses where code = ? or url in ?* limit 1")
        .bind(named.to_lowercase())
        .bind(spellings)
        .optional::<(String,)>(tx)
        .await?;
    Ok(found.map(|(code,)| code))
}
