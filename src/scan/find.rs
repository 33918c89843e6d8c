//! Finding existing rows of the catalogue.
use chrono::{Datelike, NaiveDate};
use sqlx::FromRow;
use uuid::Uuid;

use super::reading::{AlbumTags, Read};
use crate::{
    error::Result,
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

/// The album of this title and first artist that a file belongs to. Albums of one name are told apart by their
/// folder, their year, and whether another title has the file's position: two of these must agree.
pub async fn album(
    tx: &mut Tx,
    album: &AlbumTags,
    artists: &[i64],
    read: &Read,
) -> Result<Option<i64>> {
    let home = read.home();
    let year = album.date.map(|date| date.year());
    let day = |month, day| NaiveDate::from_ymd_opt(year.unwrap_or(1000), month, day);
    let named = sql(
        "select id, mbid from (select al.id, al.mbid,
           case when exists (select 1 from tracks t join uploads u on u.track_id = t.id
               join music_files f on f.upload_id = u.id
               where t.album_id = al.id and f.path >= ? and f.path < ?) then 1 else 0 end
           + case when ? or al.release_date is null
               or (al.release_date >= ? and al.release_date <= ?) then 1 else 0 end
           + case when exists (select 1 from tracks t where t.album_id = al.id and t.position = ?
               and coalesce(t.disc_number, 1) = ? and t.title_folded <> ?) then 0 else 1 end as agreement
         from albums al join album_artists h on h.album_id = al.id and h.position = 0
         where al.title_folded = ? and h.artist_id = ?) as namesakes
         where agreement >= 2 order by agreement desc, id",
    )
    .bind(home.as_str())
    .bind(format!("{home}\u{10ffff}"))
    .bind(year.is_none())
    .bind(day(1, 1))
    .bind(day(12, 31))
    .bind(read.tags.position)
    .bind(read.tags.disc.unwrap_or(1))
    .bind(folded(&read.tags.title))
    .bind(folded(&album.title))
    .bind(artists.first().copied().unwrap_or_default());
    same(
        tx,
        named,
        album.mbid,
        "update albums set mbid = ? where id = ?",
    )
    .await
}

/// Seconds by which files of one recording may differ in length.
const ALIKE: i64 = 3;

/// The track of a file, if it exists.
pub async fn track(
    tx: &mut Tx,
    read: &Read,
    album: Option<i64>,
    artists: &[i64],
) -> Result<Option<i64>> {
    let tags = &read.tags;
    let here = |condition: &'static str| {
        sql("select t.id from tracks t where t.album_id is not distinct from ? and ")
            .bind(album)
            .then(condition)
    };
    if let Some(mbid) = tags.mbid {
        let same = here("t.mbid = ? order by t.id limit 1").bind(mbid);
        if let Some((id,)) = same.optional(&mut *tx).await? {
            return Ok(Some(id));
        }
    }
    let named = here(
        "t.title_folded = ? and t.position is not distinct from ?
         and coalesce(t.disc_number, 1) = ? and t.id in
           (select h.track_id from track_artists h where h.artist_id = ? and h.position = 0)
         and (t.mbid is null or ? is null)
         and not exists (select 1 from uploads u where u.track_id = t.id and abs(u.duration - ?) > ?)
         order by t.id limit 1",
    );
    let found = named
        .bind(folded(&tags.title))
        .bind(tags.position)
        .bind(tags.disc.unwrap_or(1))
        .bind(artists.first().copied().unwrap_or_default())
        .bind(tags.mbid)
        .bind(read.duration)
        .bind(ALIKE)
        .optional::<(i64,)>(tx)
        .await?;
    Ok(found.map(|(id,)| id))
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
