//! Updating the catalogue after a file has changed: a field takes the new value only if it still
//! has the old one, so edits by users are kept.
use sqlx::FromRow;

use super::{
    catalogue::{CREDIT_TRACK, Catalogue, TAG_ALBUM, TAG_TRACK, credit},
    find::license,
    settle,
};
use crate::{
    error::Result,
    reading::{AlbumTags, Credit, Read, Tags},
    store::{Tx, sql, text::folded, words::indexed},
};

#[derive(FromRow)]
struct Before {
    track_id: Option<i64>,
    album_id: Option<i64>,
}

/// Updates the track of an upload whose file said something else before; returns its album.
pub async fn track(
    tx: &mut Tx,
    catalogue: &mut Catalogue<'_>,
    upload: i64,
    (old, read): (&Tags, &Read),
) -> Result<Option<i64>> {
    let new = &read.tags;
    let before: Before = sql(
        "select u.track_id, (select t.album_id from tracks t where t.id = u.track_id) as album_id
         from uploads u where u.id = ?",
    )
    .bind(upload)
    .one(&mut *tx)
    .await?;
    let Some(track) = before.track_id else {
        return assign(tx, catalogue, upload, read).await;
    };
    if old == new {
        return Ok(before.album_id);
    }
    let shared = sql(
        "select count(*) from uploads where track_id = ? and id <> ? and import_status = 'finished'",
    );
    if shared.bind(track).bind(upload).number(&mut *tx).await? > 0 {
        // The track has other files, which have not changed.
        let place = catalogue.place(tx, read).await?;
        if place.track != track {
            catalogue.traces.tracks.insert(track);
            give(tx, upload, place.track).await?;
            return Ok(place.album);
        }
    }
    fields(tx, track, old, new).await?;
    credits(tx, catalogue, track, old, new).await?;
    genres(tx, catalogue, GENRES_OF_TRACK, track, (old, new)).await?;
    let album = album(tx, catalogue, track, before.album_id, (old, read)).await?;
    catalogue.traces.credits.extend(album);
    Ok(album)
}

/// Assigns an upload to the track of its tags; returns the album.
async fn assign(
    tx: &mut Tx,
    catalogue: &mut Catalogue<'_>,
    upload: i64,
    read: &Read,
) -> Result<Option<i64>> {
    let place = catalogue.place(tx, read).await?;
    give(tx, upload, place.track).await?;
    Ok(place.album)
}

/// Gives an upload and its duplicates to a track.
pub async fn give(tx: &mut Tx, upload: i64, track: i64) -> Result<()> {
    sql(
        "update uploads set track_id = ? where import_status = 'skipped'
         and audio_checksum = (select o.audio_checksum from uploads o where o.id = ?)
         and library_id = (select o.library_id from uploads o where o.id = ?)
         and track_id = (select o.track_id from uploads o where o.id = ?)",
    )
    .bind(track)
    .bind(upload)
    .bind(upload)
    .bind(upload)
    .run(&mut *tx)
    .await?;
    let give = sql("update uploads set track_id = ? where id = ?");
    give.bind(track).bind(upload).run(tx).await?;
    Ok(())
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
    if !is_credited(tx, CREDITS_OF_TRACK, track, &old.artists).await? {
        return Ok(());
    }
    let artists = catalogue.artists(tx, &new.artists).await?;
    rewrite(tx, &old.artists, &new.artists, &artists).await?;
    let before =
        sql("delete from track_artists where track_id = ? returning artist_id").bind(track);
    let before = before.ids(&mut *tx).await?;
    catalogue.traces.artists.extend(before);
    credit(tx, CREDIT_TRACK, track, &new.artists, &artists).await
}

/// Names artists as they are written now, if they were named as they were written before.
async fn rewrite(tx: &mut Tx, old: &[Credit], new: &[Credit], artists: &[i64]) -> Result<()> {
    for (new, artist) in new.iter().zip(artists) {
        let spelled =
            |old: &&Credit| old.name != new.name && folded(&old.name) == folded(&new.name);
        let Some(old) = old.iter().find(spelled) else {
            continue;
        };
        sql("update artists set name = ?, words = ? where id = ? and name = ?")
            .bind(new.name.as_str())
            .bind(indexed(&new.name))
            .bind(*artist)
            .bind(old.name.as_str())
            .run(&mut *tx)
            .await?;
    }
    Ok(())
}

/// The statements that read, delete and write the tags of a track or of an album.
type Genres = [&'static str; 3];

const GENRES_OF_TRACK: Genres = [
    "select g.name_folded from track_tags x join tags g on g.id = x.tag_id where x.track_id = ?",
    "delete from track_tags where track_id = ?",
    TAG_TRACK,
];
const GENRES_OF_ALBUM: Genres = [
    "select g.name_folded from album_tags x join tags g on g.id = x.tag_id where x.album_id = ?",
    "delete from album_tags where album_id = ?",
    TAG_ALBUM,
];

async fn genres(
    tx: &mut Tx,
    catalogue: &Catalogue<'_>,
    [read, delete, write]: Genres,
    owner: i64,
    (old, new): (&Tags, &Tags),
) -> Result<()> {
    if old.genres == new.genres {
        return Ok(());
    }
    let held: Vec<(String,)> = sql(read).bind(owner).all(&mut *tx).await?;
    let mut held: Vec<String> = held.into_iter().map(|(name,)| name).collect();
    let mut told: Vec<String> = old.genres.iter().map(|genre| folded(genre)).collect();
    held.sort();
    told.sort();
    if held != told {
        return Ok(());
    }
    sql(delete).bind(owner).run(&mut *tx).await?;
    catalogue.tag(tx, write, owner, &new.genres).await
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
    if old.album == new.album && old.genres == new.genres {
        return Ok(held);
    }
    let title = sql("select title_folded from albums where id = ?").bind(held);
    let title = title.optional::<(String,)>(&mut *tx).await?;
    let told = old.album.as_ref().map(|album| folded(&album.title));
    if title.map(|(title,)| title) != told {
        return Ok(held);
    }
    if let (Some(id), Some(before), Some(now)) = (held, &old.album, &new.album)
        && now.by_tracks
        && !before.by_tracks
        && is_credited(tx, CREDITS_OF_ALBUM, id, &before.artists).await?
    {
        // Nothing names the artists of the album any more, or an earlier reader did not tell.
        let follow = sql("update albums set artists_by_tracks = true where id = ?");
        follow.bind(id).run(&mut *tx).await?;
    }
    let album = match &new.album {
        Some(album) => Some(catalogue.album(tx, album, read).await?),
        None => None,
    };
    if let (true, Some(id), Some(before), Some(now)) = (album == held, held, &old.album, &new.album)
    {
        respell(tx, catalogue, id, (before, now)).await?;
        genres(tx, catalogue, GENRES_OF_ALBUM, id, (old, new)).await?;
        return Ok(album);
    }
    let to = sql("update tracks set album_id = ? where id = ?");
    to.bind(album).bind(track).run(tx).await?;
    if let Some(held) = held.filter(|held| Some(*held) != album) {
        catalogue.traces.went(held, album);
    }
    Ok(album)
}

const CREDITS_OF_TRACK: &str =
    "select credit from track_artists where track_id = ? order by position";
const CREDITS_OF_ALBUM: &str =
    "select credit from album_artists where album_id = ? order by position";

/// Whether a track or an album is credited to these artists, as written.
async fn is_credited(
    tx: &mut Tx,
    credits: &'static str,
    owner: i64,
    artists: &[Credit],
) -> Result<bool> {
    let held: Vec<(String,)> = sql(credits).bind(owner).all(tx).await?;
    let names = artists.iter().map(|credit| &credit.name);
    Ok(held.iter().map(|(name,)| name).eq(names))
}

/// Takes what a file says of its album, where that still says what the file said before.
async fn respell(
    tx: &mut Tx,
    catalogue: &mut Catalogue<'_>,
    album: i64,
    (old, new): (&AlbumTags, &AlbumTags),
) -> Result<()> {
    if old == new {
        return Ok(());
    }
    sql("update albums set
           title_folded = case when title = ? then ? else title_folded end,
           words = case when title = ? then ? else words end,
           title = case when title = ? then ? else title end,
           release_date = case when release_date is not distinct from ? then ? else release_date end,
           release_group_id = case when release_group_id is not distinct from ? then ? else release_group_id end
         where id = ?")
    .bind(old.title.as_str())
    .bind(folded(&new.title))
    .bind(old.title.as_str())
    .bind(indexed(&new.title))
    .bind(old.title.as_str())
    .bind(new.title.as_str())
    .bind(old.date)
    .bind(new.date)
    .bind(old.release_group)
    .bind(new.release_group)
    .bind(album)
    .run(&mut *tx)
    .await?;
    let is_unedited = is_credited(tx, CREDITS_OF_ALBUM, album, &old.artists).await?;
    if !new.by_tracks && is_unedited {
        let artists = catalogue.artists(tx, &new.artists).await?;
        rewrite(tx, &old.artists, &new.artists, &artists).await?;
        settle::set_artists(tx, catalogue, album, &new.artists, &artists).await?;
    }
    Ok(())
}
