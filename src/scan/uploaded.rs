//! Importing an upload as a job: its file is read into the catalogue as a scan reads files.
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sqlx::FromRow;
use uuid::Uuid;

use super::{catalogue::Catalogue, covers, settle, twins};
use crate::{
    app::App,
    error::{Error, Result},
    jobs::{Failure, Perform, Running, UploadImport},
    media::{
        probe, staging,
        storage::{self, Audio},
    },
    reading::{Candidate, Credit, Read, Reader, Tags, sentence},
    resources::{
        catalogue::tracks,
        library::{
            contents,
            uploads::{CATALOGUE, UploadMetadata, uploaded_name},
        },
    },
    store::{Sql, Tx, sql},
};

/// An upload that waits for its import.
#[derive(Debug, FromRow)]
struct Waiting {
    id: i64,
    audio_file: String,
    source: Option<String>,
    file_name: Option<String>,
    import_reference: String,
    #[sqlx(json)]
    import_metadata: Value,
    actor_id: i64,
    /// The artist of the channel that the library belongs to, and its name.
    channel_artist: Option<i64>,
    channel_name: Option<String>,
}

fn waiting(upload: i64) -> Sql {
    sql(
        "select u.id, u.audio_file, u.source, u.file_name, u.import_reference, u.import_metadata, l.actor_id, a.id as channel_artist,
           a.name as channel_name
         from uploads u join libraries l on l.id = u.library_id
         left join channels c on c.library_id = l.id left join artists a on a.id = c.artist_id
         where u.import_status = 'pending' and u.id = ?",
    )
    .bind(upload)
}

impl Perform for UploadImport {
    async fn perform(self, app: &App, _: Running) -> Result<Value, Failure> {
        match import(app, self.upload).await {
            Ok(Imported::Done) => Ok(Value::Null),
            // The folder may not be there yet, or be late on another machine.
            Ok(Imported::Gone) => Err(Failure::ForNow(GONE.to_owned())),
            Err(Error::Unavailable(why)) => Err(Failure::Away(why)),
            Err(error) => {
                error.log();
                Err(Failure::ForNow(error.to_string()))
            }
        }
    }

    async fn give_up(self, app: &App, why: &str) -> Result<()> {
        let code = match why {
            GONE => "file_is_gone",
            _ => "import_failed",
        };
        fail(app, self.upload, code, why).await
    }
}

const GONE: &str = "The file is not on the server.";

/// How far an import came.
enum Imported {
    /// To its end, which may be that the file cannot be read.
    Done,
    /// The file is not there.
    Gone,
}

/// Imports an upload. One that has been imported or deleted meanwhile is left alone.
async fn import(app: &App, upload: i64) -> Result<Imported> {
    let Some(row) = waiting(upload).optional::<Waiting>(app.db()).await? else {
        return Ok(Imported::Done);
    };
    let file = file(app, &row).await?;
    let candidate = file.as_deref().and_then(Candidate::at);
    let (Some(path), Some(candidate)) = (file, candidate) else {
        return Ok(Imported::Gone);
    };
    let reader = Reader {
        root: path.parent().unwrap_or(&path).into(),
        name: row.name().map(|name| Path::new(name).into()),
        ffprobe: probe::beside(&app.config().ffmpeg).into(),
    };
    match reader.read(candidate).await {
        Ok(read) if !is_welcome(app, &row, &read.tags).await? => {
            fail(app, upload, "invalid_metadata", UNKNOWN).await?;
        }
        Ok(read) => write(app, row, read).await?,
        Err(reason) => {
            fail(app, upload, "unreadable_file", &sentence(&reason)).await?;
        }
    }
    Ok(Imported::Done)
}

const UNKNOWN: &str =
    "Only files with the MusicBrainz ID of their recording are permitted on this pod.";

/// Whether the pod takes such files. What people publish in channels is their own.
async fn is_welcome(app: &App, row: &Waiting, tags: &Tags) -> Result<bool> {
    let known = row.channel_artist.is_some() || row.said().mbid.or(tags.mbid).is_some();
    Ok(known || !app.preferences().await?.takes_known_recordings_only())
}

/// The file of an upload, which a crash may have left on its way.
async fn file(app: &App, row: &Waiting) -> Result<Option<PathBuf>> {
    let storage = &app.media().storage;
    let settled = staging::settle(storage, &row.audio_file).await;
    settled.map_err(storage::failed)?;
    let Some(audio) = Audio::named(&row.audio_file, row.source.as_deref()) else {
        return Ok(None);
    };
    match storage.fetched_audio(&audio).await.map_err(storage::failed) {
        Ok(path) => Ok(Some(path)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Tells the uploader why an import failed.
async fn fail(app: &App, upload: i64, code: &str, why: &str) -> Result<()> {
    tracing::warn!(upload, code, why, "an upload is not imported");
    let failed = sql(
        "update uploads set import_status = 'errored', import_details = ?, import_date = ?
         where id = ? and import_status = 'pending'",
    );
    let mut tx = app.db().begin().await?;
    failed
        .bind(json!({ "error_code": code, "detail": why }))
        .bind(app.clock().now())
        .bind(upload)
        .run(&mut tx)
        .await?;
    tx.commit().await
}

impl Waiting {
    /// The name of the file that was uploaded.
    fn name(&self) -> Option<&str> {
        let uploaded = || uploaded_name(self.source.as_deref());
        let name = self.file_name.as_deref().unwrap_or_else(uploaded);
        Some(name).filter(|name| !name.is_empty())
    }

    fn said(&self) -> UploadMetadata {
        serde_json::from_value(self.import_metadata.clone()).unwrap_or_default()
    }

    /// What the uploader says takes precedence over the file. In a channel, the file's artists and album do not count.
    fn correct(&self, tags: &mut Tags) {
        let said = self.said();
        tags.title = said.title.unwrap_or(std::mem::take(&mut tags.title));
        tags.mbid = said.mbid.or(tags.mbid);
        tags.position = said.position.or(tags.position);
        tags.license = said.license.or(tags.license.take());
        tags.copyright = said.copyright.or(tags.copyright.take());
        tags.genres = said.tags.unwrap_or(std::mem::take(&mut tags.genres));
        if let Some(name) = &self.channel_name {
            tags.artists = vec![Credit::of(name.clone())];
            tags.album = None;
        }
    }
}

/// Writes what was read into the catalogue.
async fn write(app: &App, row: Waiting, mut read: Read) -> Result<()> {
    row.correct(&mut read.tags);
    read.together = Some((row.actor_id, row.import_reference.clone()));
    let mut catalogue = Catalogue::new(app, row.actor_id);
    let mut tx = app.db().begin().await?;
    tx.take_turn(CATALOGUE).await?;
    tx.lock(sql("select id from uploads where id = ?").bind(row.id))
        .await?;
    if waiting(row.id)
        .optional::<Waiting>(&mut tx)
        .await?
        .is_none()
    {
        return Ok(());
    }
    let twin = match row.channel_artist {
        None => twin(&mut tx, &row, &read).await?,
        Some(_) => None,
    };
    let (track, album) = match (&twin, row.channel_artist) {
        (Some(twin), _) => (twin.track_id, None),
        (None, Some(artist)) => (
            Some(publish(&mut tx, &catalogue, &row, (&read, artist)).await?),
            None,
        ),
        (None, None) => {
            let place = catalogue.place(&mut tx, &read).await?;
            (Some(place.track), place.album)
        }
    };
    finish(app, &mut tx, &row, (track, twin.as_ref()), &read).await?;
    settle::credit_by_tracks(&mut tx, &mut catalogue).await?;
    tx.commit().await?;
    // Covers are read outside of the transaction, so that no writer waits for them.
    if let Some(album) = album
        && let Err(error) = covers::give_own(app, row.actor_id, album, read.candidate.path).await
    {
        error.log();
    }
    Ok(())
}

/// An upload with the same audio.
#[derive(Debug, FromRow)]
struct Twin {
    uuid: Uuid,
    track_id: Option<i64>,
    checksum: Option<String>,
    #[sqlx(json)]
    metadata: Value,
}

/// An upload in one of the uploader's libraries that is the same song.
async fn twin(tx: &mut Tx, row: &Waiting, read: &Read) -> Result<Option<Twin>> {
    let own = sql("in (select l.id from libraries l where l.actor_id = ?
         and not exists (select 1 from channels c where c.library_id = l.id))")
    .bind(row.actor_id);
    let twins: Vec<Twin> = sql(
        "select u.uuid, u.track_id, u.checksum, u.metadata from uploads u
         where coalesce(u.import_status, '') = 'finished' and u.id <> ?",
    )
    .bind(row.id)
    .and(twins::alike_in(&own, Some(&read.checksum), &read.audio))
    .then(" order by u.id")
    .all(tx)
    .await?;
    let is_same = |twin: &Twin| {
        twin.checksum.as_deref() == Some(&read.checksum)
            || Tags::of_metadata(&twin.metadata).is_none_or(|tags| tags.are_of_one_song(&read.tags))
    };
    Ok(twins.into_iter().find(is_same))
}

/// Makes the track of an upload in a channel.
async fn publish(
    tx: &mut Tx,
    catalogue: &Catalogue<'_>,
    row: &Waiting,
    (read, artist): (&Read, i64),
) -> Result<i64> {
    let said = row.said();
    let album = sql(
        "select al.id from albums al join album_artists h on h.album_id = al.id
         where al.id = ? and h.artist_id = ?",
    );
    let album: Option<(i64,)> = album
        .bind(said.album)
        .bind(artist)
        .optional(&mut *tx)
        .await?;
    let album = album.map(|(id,)| id);
    let track = catalogue
        .make_track(tx, &read.tags, album, &[artist])
        .await?;
    let description = match &said.description {
        Some(text) => Some(contents::create(tx, text).await?),
        None => None,
    };
    sql("update tracks set description_content_id = ?,
           attachment_cover_id = (select a.id from attachments a where a.uuid = ? and a.actor_id = ?) where id = ?")
    .bind(description)
    .bind(said.cover)
    .bind(row.actor_id)
    .bind(track)
    .run(tx)
    .await?;
    Ok(track)
}

/// Writes what became of an upload.
async fn finish(
    app: &App,
    tx: &mut Tx,
    row: &Waiting,
    (track, twin): (Option<i64>, Option<&Twin>),
    read: &Read,
) -> Result<()> {
    let (status, details) = match twin {
        Some(twin) => ("skipped", twins::duplicate_of(twin.uuid)),
        None => ("finished", json!({})),
    };
    let now = app.clock().now();
    sql(
        "update uploads set track_id = ?, import_status = ?, import_details = ?, import_date = ?,
           modification_date = ?, mimetype = ?, size = ?, duration = ?, bitrate = ?, metadata = ?, checksum = ?,
           audio_checksum = ? where id = ?",
    )
    .bind(track)
    .bind(status)
    .bind(details)
    .bind(now)
    .bind(now)
    .bind(read.mimetype.to_string())
    .bind(read.candidate.size)
    .bind(read.duration)
    .bind(read.bitrate)
    .bind(read.metadata())
    .bind(read.checksum.as_str())
    .bind(read.audio.as_str())
    .bind(row.id)
    .run(&mut *tx)
    .await?;
    match twin {
        None => tracks::describe(tx, row.id, &read.details).await,
        Some(_) => Ok(()),
    }
}
