//! Writing the files that were read: uploads, and their tracks, albums and artists.
use std::path::Path;

use indexmap::IndexMap;
use serde_json::json;
use sqlx::FromRow;

use super::{
    Report, Step,
    catalogue::Catalogue,
    files::{self, Folder},
    replaced, settle,
    twins::{self, Twin},
    update,
};
use crate::{
    app::App,
    error::Result,
    media::storage,
    reading::{Read, Tags},
    resources::{catalogue::tracks, library::uploads::CATALOGUE},
    store::{Tx, sql},
    time::Timestamp,
};

/// Writes the steps of a scan.
pub struct Writer<'a> {
    app: &'a App,
    folder: &'a Folder,
    pub catalogue: Catalogue<'a>,
}

impl<'a> Writer<'a> {
    pub fn new(app: &'a App, folder: &'a Folder) -> Self {
        Self {
            app,
            folder,
            catalogue: Catalogue::new(app, folder.actor_id),
        }
    }

    /// Writes these steps, all or none.
    pub async fn write(&mut self, steps: &[Step], report: &mut Report) -> Result<()> {
        let mut counts = Report::default();
        let mut traces = std::mem::take(&mut self.catalogue.traces);
        let written = self.attempt(steps, &mut counts).await;
        match written {
            Ok(()) => traces.absorb(std::mem::take(&mut self.catalogue.traces)),
            // The cached rows may have been rolled back.
            Err(_) => self.catalogue.forget(),
        }
        self.catalogue.traces = traces;
        written?;
        report.count(&counts);
        Ok(())
    }

    async fn attempt(&mut self, steps: &[Step], counts: &mut Report) -> Result<()> {
        let mut tx = self.app.db().begin().await?;
        tx.take_turn(CATALOGUE).await?;
        let unchanged: Vec<i64> = steps
            .iter()
            .filter_map(|step| match step {
                Step::Unchanged(id) | Step::Unread(id, _) => Some(*id),
                _ => None,
            })
            .collect();
        let same = |step: &&Step| matches!(step, Step::Unchanged(_));
        counts.unchanged += steps.iter().filter(same).count() as u64;
        let back = files::seen(&mut tx, self.folder, unchanged).await?;
        for upload in back {
            settle::part(&mut tx, &mut self.catalogue, upload).await?;
            self.catalogue.traces.uploads.insert(upload);
        }
        let detached = replaced::detach(&mut tx, self.folder, steps).await?;
        let mut albums: IndexMap<i64, Vec<String>> = IndexMap::new();
        for step in steps {
            let (album, read) = match step {
                Step::Changed(upload, read) if !detached.contains(upload) => {
                    (self.read_again(&mut tx, *upload, read, counts).await?, read)
                }
                Step::New(read) | Step::Changed(_, read) => {
                    (self.add(&mut tx, read, counts).await?, read)
                }
                Step::Unchanged(_) | Step::Unread(..) | Step::Skipped(_) => continue,
            };
            if let Some(album) = album {
                let paths = albums.entry(album).or_default();
                paths.push(read.candidate.path.clone());
            }
        }
        settle::credit_by_tracks(&mut tx, &mut self.catalogue).await?;
        tx.commit().await?;
        // Covers are read outside of the transaction, so that no writer waits for them.
        for (album, paths) in albums {
            match self.catalogue.cover(album, paths).await {
                Ok(covered) => counts.covers += u64::from(covered),
                Err(error) => error.log(),
            }
        }
        Ok(())
    }

    /// Takes what a known file says now; returns its album.
    async fn read_again(
        &mut self,
        tx: &mut Tx,
        upload: i64,
        read: &Read,
        counts: &mut Report,
    ) -> Result<Option<i64>> {
        let held = sql("select import_status, metadata from uploads where id = ?");
        let held: Held = held.bind(upload).one(&mut *tx).await?;
        if held.import_status == "errored" {
            settle::part(tx, &mut self.catalogue, upload).await?;
        }
        if held.import_status != "skipped" {
            counts.updated += 1;
            if held.import_status == "errored" || held.metadata != read.metadata() {
                self.catalogue.traces.uploads.insert(upload);
            }
            let old = Tags::of_metadata(&held.metadata).unwrap_or_default();
            return self.change(tx, upload, (&old, read)).await;
        }
        // A duplicate that says nothing new stays one.
        if held.metadata == read.metadata() {
            counts.unchanged += 1;
        } else {
            counts.updated += 1;
            self.catalogue.traces.uploads.insert(upload);
        }
        self.rewrite(tx, upload, read).await?;
        Ok(None)
    }

    /// Adds a file, or finds the upload whose file has moved here; returns its album.
    async fn add(&mut self, tx: &mut Tx, read: &Read, counts: &mut Report) -> Result<Option<i64>> {
        let twins = twins::twins(tx, self.folder, read).await?;
        let nearest = twins.iter().min_by_key(|twin| twin.distance(read));
        if let Some(twin) = nearest {
            if twin.has_moved_to(&read.candidate.path) {
                counts.moved += 1;
                if twin.import_status == "errored" {
                    settle::part(tx, &mut self.catalogue, twin.upload_id).await?;
                }
                self.catalogue.traces.uploads.insert(twin.upload_id);
                return self.change(tx, twin.upload_id, (&twin.tags(), read)).await;
            }
            // Whether it is a duplicate is certain once all files have been read.
            counts.duplicates += 1;
            let status = ("skipped", twins::duplicate_of(twin.uuid));
            let upload = self.insert(tx, read, twin.track_id, status).await?;
            self.catalogue.traces.uploads.insert(upload);
            self.catalogue.traces.new.insert(upload);
            files::note(tx, self.folder, upload, &read.candidate).await?;
            return Ok(None);
        }
        counts.added += 1;
        let place = self.catalogue.place(tx, read).await?;
        if let Some(doubt) = place.doubt {
            counts.doubt(doubt);
        }
        let status = ("finished", json!({}));
        let upload = self.insert(tx, read, Some(place.track), status).await?;
        files::note(tx, self.folder, upload, &read.candidate).await?;
        tracks::describe(tx, upload, &read.details).await?;
        Ok(place.album)
    }

    async fn insert(
        &self,
        tx: &mut Tx,
        read: &Read,
        track: Option<i64>,
        (status, details): (&'static str, serde_json::Value),
    ) -> Result<i64> {
        let uuid = crate::random::uuid();
        let root = self.app.config().public_url();
        let now = self.now();
        sql(
            "insert into uploads (uuid, fid, track_id, library_id, source, mimetype, size,
               duration, bitrate, creation_date, modification_date, import_date, import_status,
               import_reference, import_details, metadata, checksum, audio_checksum)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'scan', ?, ?, ?, ?) returning id",
        )
        .bind(uuid)
        .bind(format!("{root}/federation/music/uploads/{uuid}"))
        .bind(track)
        .bind(self.folder.library_id)
        .bind(storage::source(&read.candidate.path))
        .bind(read.mimetype.to_string())
        .bind(read.candidate.size)
        .bind(read.duration)
        .bind(read.bitrate)
        .bind(now)
        .bind(now)
        .bind(now)
        .bind(status)
        .bind(details)
        .bind(read.metadata())
        .bind(read.checksum.as_str())
        .bind(read.audio.as_str())
        .number(tx)
        .await
    }

    /// Applies the changes of a file, except to fields that users have edited.
    async fn change(
        &mut self,
        tx: &mut Tx,
        upload: i64,
        (old, read): (&Tags, &Read),
    ) -> Result<Option<i64>> {
        let album = update::track(tx, &mut self.catalogue, upload, (old, read)).await?;
        self.rewrite(tx, upload, read).await?;
        tracks::describe(tx, upload, &read.details).await?;
        Ok(album)
    }

    /// Writes what an upload says of its file.
    async fn rewrite(&self, tx: &mut Tx, upload: i64, read: &Read) -> Result<()> {
        let now = self.now();
        sql(
            "update uploads set source = ?, mimetype = ?, size = ?, duration = ?, bitrate = ?,
               modification_date = ?, import_date = ?, metadata = ?, checksum = ?, audio_checksum = ?,
               import_details = case when import_status = 'errored' then ? else import_details end,
               import_status = case when import_status = 'errored' then 'finished' else import_status end
             where id = ?",
        )
        .bind(storage::source(&read.candidate.path))
        .bind(read.mimetype.to_string())
        .bind(read.candidate.size)
        .bind(read.duration)
        .bind(read.bitrate)
        .bind(now)
        .bind(now)
        .bind(read.metadata())
        .bind(read.checksum.as_str())
        .bind(read.audio.as_str())
        .bind(json!({}))
        .bind(upload)
        .run(&mut *tx)
        .await?;
        files::note(tx, self.folder, upload, &read.candidate).await
    }

    fn now(&self) -> Timestamp {
        self.app.clock().now()
    }
}

#[derive(FromRow)]
struct Held {
    import_status: String,
    #[sqlx(json)]
    metadata: serde_json::Value,
}

impl Twin {
    fn tags(&self) -> Tags {
        Tags::of_metadata(&self.metadata).unwrap_or_default()
    }

    /// How far a file is from what the upload's was: it is the nearest of several with the same audio. One that has
    /// moved is nearer than one that is in its place, and that nearer than one that has been missing.
    fn distance(&self, read: &Read) -> (bool, bool, u8, i64) {
        let is_other_file = self.checksum.as_deref() != Some(read.checksum.as_str());
        let presence = match self.has_moved_to(&read.candidate.path) {
            true if self.import_status == "finished" => 0,
            false => 1,
            true => 2,
        };
        let is_other_song = !self.tags().are_of_one_song(&read.tags);
        (is_other_file, is_other_song, presence, self.upload_id)
    }

    /// Whether the upload's file, played in place, is now at `path`.
    fn has_moved_to(&self, path: &str) -> bool {
        if let Some(known) = &self.path {
            return is_gone(Path::new(known)) && self.root.as_deref().is_none_or(is_there);
        }
        // The upload was imported, or its file was replaced.
        let Some(storage::Audio::InPlace(known)) =
            storage::Audio::named("", self.source.as_deref())
        else {
            return false;
        };
        self.import_status == "errored" || known == Path::new(path) || is_gone(&known)
    }
}

/// Whether a folder has files: that of a disk that is not mounted is empty.
fn is_there(root: &str) -> bool {
    std::fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_some())
}

/// Whether there is certainly no file: one that cannot be reached may be there.
fn is_gone(path: &Path) -> bool {
    matches!(path.try_exists(), Ok(false))
}
