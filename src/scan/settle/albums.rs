//! Albums after a scan: which go on under another name, and whose artists follow from those of their tracks.
use indexmap::IndexMap;
use uuid::Uuid;

use crate::{
    app::App,
    error::Result,
    reading::Credit,
    scan::catalogue::{CREDIT_ALBUM, Catalogue, credit},
    store::{Tx, sql, text::folded},
};

/// An album that all tracks have left for one new album is that album under another name: it keeps its ID.
pub async fn succeed(app: &App, catalogue: &mut Catalogue<'_>) -> Result<()> {
    let traces = &catalogue.traces;
    let new =
        |(from, to): (&i64, &Option<i64>)| Some((*from, to.filter(|to| traces.made.contains(to))?));
    let successions: Vec<(i64, i64)> = traces.left.iter().filter_map(new).collect();
    for (old, new) in successions {
        let mut tx = app.db().begin().await?;
        let is_empty = sql("select id from albums where id = ? and not exists (select 1 from tracks t where t.album_id = albums.id)
             and exists (select 1 from tracks t where t.album_id = ?)");
        if is_empty
            .bind(old)
            .bind(new)
            .optional::<(i64,)>(&mut tx)
            .await?
            .is_some()
        {
            rename(&mut tx, catalogue, old, new).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// Gives an empty album everything of another, which ends. What somebody has edited stays.
async fn rename(tx: &mut Tx, catalogue: &mut Catalogue<'_>, old: i64, new: i64) -> Result<()> {
    let before = sql("delete from album_artists where album_id = ? returning artist_id");
    let before = before.bind(old).ids(&mut *tx).await?;
    catalogue.traces.artists.extend(before);
    let edits = sql("select count(*) from mutations where album_id = ? and is_applied").bind(old);
    let is_edited = edits.number(&mut *tx).await? > 0;
    if !is_edited {
        let tags = sql("delete from album_tags where album_id = ?").bind(old);
        tags.run(&mut *tx).await?;
        let tags = sql("update album_tags set album_id = ? where album_id = ?");
        tags.bind(old).bind(new).run(&mut *tx).await?;
    }
    for statement in [
        "update album_artists set album_id = ? where album_id = ?",
        "update tracks set album_id = ? where album_id = ?",
    ] {
        sql(statement).bind(old).bind(new).run(&mut *tx).await?;
    }
    // Of a cover that the album has no more.
    let stale = sql("delete from album_covers where album_id = ? and exists
           (select 1 from albums al where al.id = ? and al.attachment_cover_id is null)");
    stale.bind(old).bind(old).run(&mut *tx).await?;
    let cover = sql(
        "update album_covers set album_id = ? where album_id = ? and exists
           (select 1 from albums al where al.id = ? and al.attachment_cover_id is null)",
    );
    cover.bind(old).bind(new).bind(old).run(&mut *tx).await?;
    // The MusicBrainz ID is unique: it goes with the row.
    let named = sql("delete from albums where id = ? returning title, title_folded, words, mbid, release_date, release_group_id,
         artists_by_tracks, attachment_cover_id");
    let named: Named = named.bind(new).one(&mut *tx).await?;
    sql("update albums set title = ?, title_folded = ?, words = ?, mbid = ?, release_group_id = ?, artists_by_tracks = ?,
         release_date = case when ? then release_date else ? end,
         attachment_cover_id = coalesce(attachment_cover_id, ?) where id = ?")
        .bind(named.title)
        .bind(named.title_folded)
        .bind(named.words)
        .bind(named.mbid)
        .bind(named.release_group_id)
        .bind(named.artists_by_tracks)
        .bind(is_edited)
        .bind(named.release_date)
        .bind(named.attachment_cover_id)
        .bind(old)
        .run(tx)
        .await?;
    catalogue.traces.pictures.extend(named.attachment_cover_id);
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Named {
    title: String,
    title_folded: String,
    words: String,
    mbid: Option<Uuid>,
    release_date: Option<chrono::NaiveDate>,
    release_group_id: Option<Uuid>,
    artists_by_tracks: bool,
    attachment_cover_id: Option<i64>,
}

/// Credits albums whose files name no artist of the album: to the artist of more than three quarters of the tracks,
/// otherwise to Various Artists.
pub async fn credit_by_tracks(tx: &mut Tx, catalogue: &mut Catalogue<'_>) -> Result<()> {
    for album in std::mem::take(&mut catalogue.traces.credits) {
        let credited: Vec<(Option<Uuid>, String, i64)> = sql(
            "select a.mbid, h.credit, count(*) from albums al join tracks t on t.album_id = al.id
             join track_artists h on h.track_id = t.id and h.position = 0
             join artists a on a.id = h.artist_id
             where al.id = ? and al.artists_by_tracks group by a.mbid, h.credit order by min(t.id)",
        )
        .bind(album)
        .all(&mut *tx)
        .await?;
        if credited.is_empty() {
            continue;
        }
        let credits = [leading(credited)];
        let artists = catalogue.artists(tx, &credits).await?;
        set_artists(tx, catalogue, album, &credits, &artists).await?;
    }
    Ok(())
}

/// The artist of more than three quarters of these tracks, otherwise Various Artists.
fn leading(credited: Vec<(Option<Uuid>, String, i64)>) -> Credit {
    let all: i64 = credited.iter().map(|(.., count)| count).sum();
    let mut counts: IndexMap<String, (Credit, i64)> = IndexMap::new();
    for (mbid, name, count) in credited {
        // Guests split no album.
        let join = String::new();
        let credit = Credit { name, mbid, join }.alone();
        let known = counts.entry(folded(&credit.name)).or_insert((credit, 0));
        known.1 += count;
    }
    counts
        .into_values()
        .find(|(_, count)| count * 4 > all * 3)
        .map_or_else(Credit::various, |(credit, _)| credit)
}

/// Replaces the credits of an album, unless they are these.
pub async fn set_artists(
    tx: &mut Tx,
    catalogue: &mut Catalogue<'_>,
    album: i64,
    credits: &[Credit],
    artists: &[i64],
) -> Result<()> {
    let held: Vec<(i64, String)> =
        sql("select artist_id, credit from album_artists where album_id = ? order by position")
            .bind(album)
            .all(&mut *tx)
            .await?;
    let given = artists
        .iter()
        .zip(credits)
        .map(|(id, credit)| (*id, credit.name.as_str()));
    if held.iter().map(|(id, name)| (*id, name.as_str())).eq(given) {
        return Ok(());
    }
    catalogue
        .traces
        .artists
        .extend(held.iter().map(|(id, _)| id));
    sql("delete from album_artists where album_id = ?")
        .bind(album)
        .run(&mut *tx)
        .await?;
    credit(tx, CREDIT_ALBUM, album, credits, artists).await
}
