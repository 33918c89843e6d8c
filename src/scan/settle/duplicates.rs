//! Uploads of one library with the same audio: where they are the same song of the same album, the first counts and
//! the others are duplicates.
use serde_json::json;
use sqlx::FromRow;

use super::BATCH;
use crate::{
    app::App,
    error::Result,
    reading::{Candidate, Read, Tags, TrackDetails},
    resources::{catalogue::tracks, library::uploads::CATALOGUE},
    scan::{BREATH, Report, catalogue::Catalogue, files, find, twins, update},
    store::{Sql, Tx, sql, text::folded},
};

/// An upload and its file.
#[derive(Clone, Debug, FromRow)]
struct Row {
    id: i64,
    track_id: Option<i64>,
    library_id: i64,
    import_status: String,
    mimetype: Option<String>,
    size: Option<i64>,
    duration: Option<i64>,
    bitrate: Option<i64>,
    checksum: Option<String>,
    audio_checksum: Option<String>,
    #[sqlx(json)]
    metadata: serde_json::Value,
    path: Option<String>,
    modified: Option<i64>,
}

fn rows() -> Sql {
    sql(
        "select u.id, u.track_id, u.library_id, u.import_status, u.mimetype, u.size, u.duration, u.bitrate,
           u.checksum, u.audio_checksum, u.metadata, f.path, f.modified
         from uploads u left join music_files f on f.upload_id = u.id where ",
    )
}

impl Row {
    fn tags(&self) -> Option<Tags> {
        Tags::of_metadata(&self.metadata)
    }

    fn details(&self) -> TrackDetails {
        serde_json::from_value(self.metadata["details"].clone()).unwrap_or_default()
    }

    /// The file as it was read.
    fn read(&self) -> Option<Read> {
        Some(Read {
            candidate: Candidate {
                path: self.path.clone()?,
                size: self.size.unwrap_or_default(),
                modified: self.modified.unwrap_or_default(),
            },
            tags: self.tags()?,
            details: self.details(),
            mimetype: self.mimetype.clone().unwrap_or_default().into(),
            duration: self.duration.unwrap_or_default(),
            milliseconds: self.metadata["milliseconds"].as_i64().unwrap_or_default(),
            bitrate: self.bitrate,
            checksum: self.checksum.clone().unwrap_or_default(),
            audio: self.audio_checksum.clone().unwrap_or_default(),
            partly: None,
            together: None,
        })
    }

    /// Whether the upload says that it is another song than a file.
    fn is_other_than(&self, read: &Read) -> bool {
        self.tags()
            .is_some_and(|tags| !tags.are_of_one_song(&read.tags))
    }

    /// Whether two uploads with the same audio are one recording.
    fn is_one_with(&self, other: &Row) -> bool {
        if self.checksum.is_some() && self.checksum == other.checksum {
            return true;
        }
        match (self.tags(), other.tags()) {
            (Some(mine), Some(theirs)) => mine.are_of_one_song(&theirs),
            // What was uploaded has no tags here.
            _ => true,
        }
    }
}

impl Tags {
    /// Whether these are the same song of the same album.
    pub fn are_of_one_song(&self, other: &Tags) -> bool {
        let names = |tags: &Tags| {
            let artist = tags.artists.first().map(|artist| folded(&artist.name));
            let album = tags.album.as_ref().map(|album| folded(&album.title));
            (folded(&tags.title), artist, album)
        };
        let disc = |tags: &Tags| tags.disc.unwrap_or(1);
        let place = match (self.position, other.position) {
            (Some(mine), Some(theirs)) => mine == theirs && disc(self) == disc(other),
            _ => true,
        };
        place && names(self) == names(other)
    }
}

/// Settles which of the touched uploads are duplicates.
pub async fn settle(app: &App, catalogue: &mut Catalogue<'_>, report: &mut Report) -> Result<()> {
    let touched: Vec<i64> = catalogue.traces.uploads.iter().copied().collect();
    for ids in touched.chunks(BATCH) {
        let mut tx = app.db().begin().await?;
        tx.take_turn(CATALOGUE).await?;
        for id in ids {
            one(&mut tx, catalogue, *id, report).await?;
        }
        super::credit_by_tracks(&mut tx, catalogue).await?;
        tx.commit().await?;
        // Others want to write too.
        tokio::time::sleep(BREATH).await;
    }
    Ok(())
}

async fn one(
    tx: &mut Tx,
    catalogue: &mut Catalogue<'_>,
    id: i64,
    report: &mut Report,
) -> Result<()> {
    let mine = rows().then("u.id = ?").bind(id);
    let Some(mine) = mine.optional::<Row>(&mut *tx).await? else {
        return Ok(());
    };
    let others = with_same_audio(tx, &mine).await?;
    // Whatever becomes of it, it may leave its track.
    catalogue.traces.tracks.extend(mine.track_id);
    let is_one = |other: &&Row| other.is_one_with(&mine);
    let finished = others
        .iter()
        .filter(|other| other.import_status == "finished");
    match (mine.import_status.as_str(), finished.clone().find(is_one)) {
        ("skipped", Some(other)) => skip(tx, &mine, other).await,
        ("skipped", None) => {
            if catalogue.traces.new.remove(&id) {
                report.duplicates -= 1;
                report.added += 1;
            }
            let gone = gone(tx, &others).await?;
            match gone.iter().find(|gone| gone.is_one_with(&mine)) {
                Some(gone) => finish(tx, &mine, gone.track_id).await,
                None => settle_alone(tx, catalogue, &mine, gone.first().copied()).await,
            }
        }
        ("finished", Some(other)) => {
            // What somebody has uploaded stays, and the older track.
            let age = |row: &Row| (row.path.is_some(), row.track_id, row.id);
            let (first, second) = match age(&mine) < age(other) {
                true => (&mine, other),
                false => (other, &mine),
            };
            catalogue.traces.tracks.extend(second.track_id);
            skip(tx, second, first).await?;
            if let (Some(from), Some(to)) = (second.track_id, first.track_id)
                && from != to
                && !has_file(tx, from).await?
            {
                keep_on(tx, from, to).await?;
            }
            Ok(())
        }
        ("finished", None) => merge_tracks(tx, catalogue, &mine).await,
        _ => Ok(()),
    }
}

/// Whether a track has a file, be it missing.
async fn has_file(tx: &mut Tx, track: i64) -> Result<bool> {
    let files =
        sql("select count(*) from uploads where track_id = ? and import_status <> 'skipped'");
    Ok(files.bind(track).number(tx).await? > 0)
}

/// Missing uploads among these whose tracks have no file, which another may take the place of.
async fn gone<'a>(tx: &mut Tx, others: &'a [Row]) -> Result<Vec<&'a Row>> {
    let tracks: Vec<i64> = others.iter().filter_map(|other| other.track_id).collect();
    let heard =
        sql("select track_id from uploads where import_status = 'finished' and track_id in ?*");
    let heard = heard.bind(tracks).ids(tx).await?;
    let is_silent = |other: &&Row| other.track_id.is_some_and(|track| !heard.contains(&track));
    let errored = others
        .iter()
        .filter(|other| other.import_status == "errored");
    Ok(errored.filter(is_silent).collect())
}

/// Gives a song of its own to an upload that was a duplicate: that of a missing file with the same audio, which was
/// copied, tagged anew and deleted, or a new one.
async fn settle_alone(
    tx: &mut Tx,
    catalogue: &mut Catalogue<'_>,
    mine: &Row,
    gone: Option<&Row>,
) -> Result<()> {
    let Some(read) = mine.read() else {
        return Ok(());
    };
    let Some(gone) = gone else {
        let place = catalogue.place(tx, &read).await?;
        return finish(tx, mine, Some(place.track)).await;
    };
    catalogue.traces.tracks.extend(gone.track_id);
    finish(tx, mine, gone.track_id).await?;
    let forget = sql("delete from uploads where id = ?").bind(gone.id);
    forget.run(&mut *tx).await?;
    let old = gone.tags().unwrap_or_default();
    update::track(tx, catalogue, mine.id, (&old, &read)).await?;
    Ok(())
}

async fn with_same_audio(tx: &mut Tx, mine: &Row) -> Result<Vec<Row>> {
    let Some(audio) = &mine.audio_checksum else {
        return Ok(Vec::new());
    };
    rows()
        .append(twins::alike(mine.library_id, mine.checksum.as_deref(), audio))
        .then(" and u.id <> ? and (u.import_status <> 'errored' or u.import_details = ?) order by u.id")
        .bind(mine.id)
        .bind(files::gone())
        .all(tx)
        .await
}

async fn finish(tx: &mut Tx, mine: &Row, track: Option<i64>) -> Result<()> {
    let finish = sql(
        "update uploads set import_status = 'finished', import_details = ?, track_id = ? where id = ?",
    );
    finish
        .bind(json!({}))
        .bind(track)
        .bind(mine.id)
        .run(&mut *tx)
        .await?;
    tracks::describe(tx, mine.id, &mine.details()).await
}

async fn skip(tx: &mut Tx, mine: &Row, other: &Row) -> Result<()> {
    let uuid = sql("select uuid from uploads where id = ?").bind(other.id);
    let (uuid,) = uuid.one::<(uuid::Uuid,)>(&mut *tx).await?;
    let skip = sql(
        "update uploads set import_status = 'skipped', import_details = ?, track_id = ? where id = ?",
    );
    skip.bind(twins::duplicate_of(uuid))
        .bind(other.track_id)
        .bind(mine.id)
        .run(tx)
        .await?;
    Ok(())
}

/// A missing file that is back where its track went on as another song, with a file that was tagged anew, gets a track
/// of its own.
pub async fn part(tx: &mut Tx, catalogue: &mut Catalogue<'_>, upload: i64) -> Result<()> {
    let mine: Row = rows().then("u.id = ?").bind(upload).one(&mut *tx).await?;
    let (Some(read), Some(track)) = (mine.read(), mine.track_id) else {
        return Ok(());
    };
    let beside = beside(tx, &mine, track).await?;
    if !beside.is_empty() && beside.iter().all(|row| row.is_other_than(&read)) {
        let place = catalogue.place(tx, &read).await?;
        update::give(tx, mine.id, place.track).await?;
    }
    Ok(())
}

/// The other files of an upload's track.
async fn beside(tx: &mut Tx, mine: &Row, track: i64) -> Result<Vec<Row>> {
    let beside = rows().then("u.track_id = ? and u.id <> ? and u.import_status = 'finished'");
    beside.bind(track).bind(mine.id).all(tx).await
}

/// Files of one recording that were tagged anew one after the other have one track again: the older one.
async fn merge_tracks(tx: &mut Tx, catalogue: &mut Catalogue<'_>, mine: &Row) -> Result<()> {
    let (Some(track), Some(read)) = (mine.track_id, mine.read()) else {
        return Ok(());
    };
    let beside = beside(tx, mine, track).await?;
    if beside.iter().any(|row| row.is_other_than(&read)) {
        return Ok(());
    }
    let album = sql("select album_id from tracks where id = ?").bind(track);
    let Some((album,)) = album.optional::<(Option<i64>,)>(&mut *tx).await? else {
        return Ok(());
    };
    let artists = sql("select artist_id from track_artists where track_id = ? and position = 0");
    let artists = artists.bind(track).ids(&mut *tx).await?;
    let Some(found) = find::track(tx, &read, (album, &artists), Some(track)).await? else {
        return Ok(());
    };
    let (older, newer) = (track.min(found.id), track.max(found.id));
    keep_on(tx, newer, older).await?;
    sql("delete from tracks where id = ?")
        .bind(newer)
        .run(&mut *tx)
        .await?;
    catalogue.traces.credits.extend(album);
    Ok(())
}

/// Gives what people keep of a track, and its files, to another one.
async fn keep_on(tx: &mut Tx, from: i64, to: i64) -> Result<()> {
    for statement in [
        "insert into favorites (user_id, track_id, creation_date, source)
           select user_id, ?, creation_date, source from favorites where track_id = ? on conflict do nothing",
        "update listenings set track_id = ? where track_id = ?",
        "update playlist_tracks set track_id = ? where track_id = ?",
        "update play_queue_tracks set track_id = ? where track_id = ?",
        "insert into marks (user_id, track_id, rating, starred_date, modification_date)
           select user_id, ?, rating, starred_date, modification_date from marks where track_id = ?
           on conflict do nothing",
        "insert into bookmarks (user_id, track_id, position, comment, creation_date, modification_date)
           select user_id, ?, position, comment, creation_date, modification_date from bookmarks
           where track_id = ? on conflict do nothing",
        "update mutations set track_id = ? where track_id = ?",
        "update uploads set track_id = ? where track_id = ?",
    ] {
        sql(statement).bind(to).bind(from).run(&mut *tx).await?;
    }
    for copied in [
        "delete from favorites where track_id = ?",
        "delete from marks where track_id = ?",
        "delete from bookmarks where track_id = ?",
    ] {
        sql(copied).bind(from).run(&mut *tx).await?;
    }
    Ok(())
}
