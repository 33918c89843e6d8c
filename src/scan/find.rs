//! Finding existing rows of the catalogue.
use sqlx::FromRow;
use uuid::Uuid;

use super::reading::Tags;
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

/// The row to use among rows of the same name: rows with another MusicBrainz ID are different
/// objects, and a row without one is given this ID.
pub async fn same(
    tx: &mut Tx,
    named: Sql,
    mbid: Option<Uuid>,
    identify: &'static str,
) -> Result<Option<i64>> {
    let named: Vec<Namesake> = named.then(" order by 1").all(&mut *tx).await?;
    let Some(mbid) = mbid else {
        return Ok(named.first().map(|namesake| namesake.id));
    };
    let Some(nameless) = named.iter().find(|namesake| namesake.mbid.is_none()) else {
        return Ok(None);
    };
    sql(identify).bind(mbid).bind(nameless.id).run(tx).await?;
    Ok(Some(nameless.id))
}

/// The track of these tags, if it exists.
pub async fn track(
    tx: &mut Tx,
    tags: &Tags,
    album: Option<i64>,
    artists: &[i64],
) -> Result<Option<i64>> {
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
         and (t.mbid is null or ? is null) order by t.id limit 1",
    );
    let found = named
        .bind(folded(&tags.title))
        .bind(tags.position)
        .bind(tags.disc.unwrap_or(1))
        .bind(artists.first().copied().unwrap_or_default())
        .bind(tags.mbid)
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
