//! Updating the catalogue after a file has changed: a field takes the new value only if it still
//! has the old one, so edits by users are kept.
use sqlx::FromRow;

use super::{
    catalogue::{CREDIT_TRACK, Catalogue, TAG_TRACK, credit},
    find::license,
    reading::{Read, Tags},
};
use crate::{
    error::Result,
    store::{Tx, sql, text::folded, words::indexed},
};

#[derive(FromRow)]
struct Before {
    track_id: Option<i64>,
    album_id: Option<i64>,
    #[sqlx(json)]
    metadata: serde_json::Value,
}

/// Updates the track of an upload; returns its album.
pub async fn track(
    tx: &mut Tx,
    catalogue: &mut Catalogue<'_>,
    upload: i64,
    read: &Read,
) -> Result<Option<i64>> {
    let new = &read.tags;
    let before: Before = sql(
        "select u.track_id, u.metadata, (select t.album_id from tracks t where t.id = u.track_id)
           as album_id from uploads u where u.id = ?",
    )
    .bind(upload)
    .one(&mut *tx)
    .await?;
    let old: Tags = serde_json::from_value(before.metadata["tags"].clone()).unwrap_or_default();
    let Some(track) = before.track_id else {
        return assign(tx, catalogue, upload, read).await;
    };
    if old == *new {
        return Ok(before.album_id);
    }
    let shared = sql("select count(*) from uploads where track_id = ? and id <> ?");
    if shared.bind(track).bind(upload).number(&mut *tx).await? > 0 {
        // The track has other files, which have not changed.
        return assign(tx, catalogue, upload, read).await;
    }
    fields(tx, track, &old, new).await?;
    credits(tx, catalogue, track, &old, new).await?;
    genres(tx, catalogue, track, &old, new).await?;
    album(tx, catalogue, track, before.album_id, (&old, read)).await
}

/// Assigns an upload to the track of its tags; returns the album.
async fn assign(
    tx: &mut Tx,
    catalogue: &mut Catalogue<'_>,
    upload: i64,
    read: &Read,
) -> Result<Option<i64>> {
    let place = catalogue.place(tx, read).await?;
    sql("update uploads set track_id = ? where id = ?")
        .bind(place.track)
        .bind(upload)
        .run(tx)
        .await?;
    Ok(place.album)
}

/// Sets each field that still has the old value to the new one.
async fn fields(tx: &mut Tx, track: i64, old: &Tags, new: &Tags) -> Result<()> {
    let old_license = license(tx, old.license.as_deref()).await?;
    let new_license = license(tx, new.license.as_deref()).await?;
    sql("update tracks set
           title_folded = case when title = ? then ? else title_folded end,
           words = case when title = ? then ? else words end,
           title = case when title = ? then ? else title end,
           mbid = case when mbid is not distinct from ? then ? else mbid end,
           position = case when position is not distinct from ? then ? else position end,
           disc_number = case when disc_number is not distinct from ? then ? else disc_number end,
           license = case when license is not distinct from ? then ? else license end,
           copyright = case when copyright is not distinct from ? then ? else copyright end
         where id = ?")
    .bind(old.title.as_str())
    .bind(folded(&new.title))
    .bind(old.title.as_str())
    .bind(indexed(&new.title))
    .bind(old.title.as_str())
    .bind(new.title.as_str())
    .bind(old.mbid)
    .bind(new.mbid)
    .bind(old.position)
    .bind(new.position)
    .bind(old.disc)
    .bind(new.disc)
    .bind(old_license)
    .bind(new_license)
    .bind(old.copyright.clone())
    .bind(new.copyright.clone())
    .bind(track)
    .run(tx)
    .await
    .map(|_| ())
}

async fn credits(
    tx: &mut Tx,
    catalogue: &mut Catalogue<'_>,
    track: i64,
    old: &Tags,
    new: &Tags,
) -> Result<()> {
    if old.artists == new.artists {
        return Ok(());
    }
    let held: Vec<(String,)> =
        sql("select credit from track_artists where track_id = ? order by position")
            .bind(track)
            .all(&mut *tx)
            .await?;
    let names = held.iter().map(|(name,)| name);
    if !names.eq(old.artists.iter().map(|credit| &credit.name)) {
        return Ok(());
    }
    let artists = catalogue.artists(tx, &new.artists).await?;
    sql("delete from track_artists where track_id = ?")
        .bind(track)
        .run(&mut *tx)
        .await?;
    credit(tx, CREDIT_TRACK, track, &new.artists, &artists).await
}

async fn genres(
    tx: &mut Tx,
    catalogue: &Catalogue<'_>,
    track: i64,
    old: &Tags,
    new: &Tags,
) -> Result<()> {
    if old.genres == new.genres {
        return Ok(());
    }
    let held: Vec<(String,)> = sql("select g.name_folded from track_tags x
         join tags g on g.id = x.tag_id where x.track_id = ?")
    .bind(track)
    .all(&mut *tx)
    .await?;
    let mut held: Vec<String> = held.into_iter().map(|(name,)| name).collect();
    let mut told: Vec<String> = old.genres.iter().map(|genre| folded(genre)).collect();
    held.sort();
    told.sort();
    if held != told {
        return Ok(());
    }
    sql("delete from track_tags where track_id = ?")
        .bind(track)
        .run(&mut *tx)
        .await?;
    catalogue.tag(tx, TAG_TRACK, track, &new.genres).await
}

/// Moves a track to another album, unless a user has moved it.
async fn album(
    tx: &mut Tx,
    catalogue: &mut Catalogue<'_>,
    track: i64,
    held: Option<i64>,
    (old, read): (&Tags, &Read),
) -> Result<Option<i64>> {
    let new = &read.tags;
    if old.album == new.album {
        return Ok(held);
    }
    let title = sql("select title from albums where id = ?").bind(held);
    let title = title.optional::<(String,)>(&mut *tx).await?;
    let title = title.map(|(title,)| title);
    if title.as_deref() != old.album.as_ref().map(|album| album.title.as_str()) {
        return Ok(held);
    }
    let album = match &new.album {
        Some(album) => Some(catalogue.album(tx, album, read).await?),
        None => None,
    };
    if album == held {
        redate(tx, held, (old, new)).await?;
        return Ok(album);
    }
    sql("update tracks set album_id = ? where id = ?")
        .bind(album)
        .bind(track)
        .run(&mut *tx)
        .await?;
    // The album is empty, and no user has proposed an edit of it.
    sql("delete from albums where id = ?
         and not exists (select 1 from tracks t where t.album_id = albums.id)
         and not exists (select 1 from mutations m where m.album_id = albums.id)")
    .bind(held)
    .run(tx)
    .await?;
    Ok(album)
}

async fn redate(tx: &mut Tx, album: Option<i64>, (old, new): (&Tags, &Tags)) -> Result<()> {
    let date = |tags: &Tags| tags.album.as_ref().and_then(|album| album.date);
    sql("update albums set release_date = ? where id = ? and release_date is not distinct from ?")
        .bind(date(new))
        .bind(album)
        .bind(date(old))
        .run(tx)
        .await
        .map(|_| ())
}
