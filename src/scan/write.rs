//! Writing the files that were read: uploads, and their tracks, albums and artists.
use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use indexmap::IndexMap;
use serde_json::json;

use super::{
    Report, Step,
    catalogue::Catalogue,
    files::{self, Folder, Twin},
    reading::Read,
    replaced::Replaced,
    update,
};
use crate::{
    app::App,
    error::Result,
    media::storage,
    store::{Tx, sql},
    time::Timestamp,
};

/// Writes the steps of a scan.
pub struct Writer<'a> {
    app: &'a App,
    folder: &'a Folder,
    catalogue: Catalogue<'a>,
    replaced: Replaced,
}

impl<'a> Writer<'a> {
    pub fn new(app: &'a App, folder: &'a Folder) -> Self {
        Self {
            app,
            folder,
            catalogue: Catalogue::new(app, folder.actor_id),
            replaced: Replaced::default(),
        }
    }

    /// Writes these steps, all or none.
    pub async fn write(&mut self, steps: &[Step], report: &mut Report) -> Result<()> {
        let mut counts = Report::default();
        let before = self.replaced.clone();
        let written = self.attempt(steps, &mut counts).await;
        if written.is_err() {
            self.replaced = before;
            // The cached rows may have been rolled back.
            self.catalogue.forget();
        }
        written?;
        report.added += counts.added;
        report.updated += counts.updated;
        report.unchanged += counts.unchanged;
        report.moved += counts.moved;
        report.duplicates += counts.duplicates;
        report.covers += counts.covers;
        Ok(())
    }

    async fn attempt(&mut self, steps: &[Step], counts: &mut Report) -> Result<()> {
        let mut tx = self.app.db().begin().await?;
        let unchanged: Vec<i64> = steps
            .iter()
            .filter_map(|step| match step {
                Step::Unchanged(id) | Step::Unread(id, _) => Some(*id),
                _ => None,
            })
            .collect();
        let same = |step: &&Step| matches!(step, Step::Unchanged(_));
        counts.unchanged += steps.iter().filter(same).count() as u64;
        files::seen(&mut tx, self.folder, unchanged).await?;
        let duplicates = self.read_again(&mut tx, steps).await?;
        self.replaced.detach(&mut tx, steps).await?;
        let mut albums: IndexMap<i64, Vec<String>> = IndexMap::new();
        for step in steps {
            let album = match step {
                Step::New(read) => self.settle(&mut tx, read, counts).await?,
                Step::Changed(upload, read) if self.replaced.has(*upload) => {
                    self.settle(&mut tx, read, counts).await?
                }
                Step::Changed(upload, read) if duplicates.contains(upload) => {
                    counts.unchanged += 1;
                    files::note(&mut tx, self.folder, *upload, &read.candidate).await?;
                    None
                }
                Step::Changed(upload, read) => {
                    counts.updated += 1;
                    self.change(&mut tx, *upload, read).await?
                }
                Step::Unchanged(_) | Step::Unread(..) | Step::Skipped(_) => None,
            };
            if let (Some(album), Step::New(read) | Step::Changed(_, read)) = (album, step) {
                let paths = albums.entry(album).or_default();
                paths.push(read.candidate.path.clone());
            }
        }
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

    /// Marks files as seen that are read again though they have not changed; returns the uploads of those that are
    /// duplicates, and stay so.
    async fn read_again(&self, tx: &mut Tx, steps: &[Step]) -> Result<HashSet<i64>> {
        let read: HashMap<i64, &str> = steps
            .iter()
            .filter_map(|step| match step {
                Step::Changed(upload, read) => Some((*upload, read.checksum.as_str())),
                _ => None,
            })
            .collect();
        if read.is_empty() {
            return Ok(HashSet::new());
        }
        let held = sql("select id, checksum from uploads where id in ?*");
        let held: Vec<(i64, Option<String>)> = held
            .bind(read.keys().copied().collect::<Vec<_>>())
            .all(&mut *tx)
            .await?;
        let same: Vec<i64> = held
            .into_iter()
            .filter(|(id, checksum)| checksum.as_deref() == read.get(id).copied())
            .map(|(id, _)| id)
            .collect();
        files::seen(tx, self.folder, same.clone()).await?;
        let skipped = sql("select id from uploads where import_status = 'skipped' and id in ?*");
        let skipped = skipped.bind(same).ids(tx).await?;
        Ok(skipped.into_iter().collect())
    }

    /// Finds the upload of a file: one that was just replaced at another path, or a new one.
    /// Returns its album.
    async fn settle(
        &mut self,
        tx: &mut Tx,
        read: &Read,
        counts: &mut Report,
    ) -> Result<Option<i64>> {
        match self.replaced.take(read) {
            Some(upload) => {
                counts.moved += 1;
                self.change(tx, upload, read).await
            }
            None => self.add(tx, read, counts).await,
        }
    }

    /// Adds a file; returns its album.
    async fn add(&mut self, tx: &mut Tx, read: &Read, counts: &mut Report) -> Result<Option<i64>> {
        match files::twin(tx, self.folder, &read.checksum).await? {
            Some(twin) if twin.has_moved_to(&read.candidate.path) => {
                counts.moved += 1;
                self.change(tx, twin.upload_id, read).await
            }
            Some(twin) => {
                counts.duplicates += 1;
                let details = json!({
                    "code": "already_imported_in_owned_libraries",
                    "duplicates": [twin.uuid],
                });
                let status = ("skipped", details);
                let upload = self.insert(tx, read, twin.track_id, status).await?;
                files::note(tx, self.folder, upload, &read.candidate).await?;
                Ok(None)
            }
            None => {
                counts.added += 1;
                let place = self.catalogue.place(tx, read).await?;
                let status = ("finished", json!({}));
                let upload = self.insert(tx, read, Some(place.track), status).await?;
                files::note(tx, self.folder, upload, &read.candidate).await?;
                Ok(place.album)
            }
        }
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
               import_reference, import_details, metadata, checksum)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'scan', ?, ?, ?) returning id",
        )
        .bind(uuid)
        .bind(format!("{root}/federation/music/uploads/{uuid}"))
        .bind(track)
        .bind(self.folder.library_id)
        .bind(storage::source(&read.candidate.path))
        .bind(read.mimetype)
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
        .number(tx)
        .await
    }

    /// Applies the changes of a file, except to fields that users have edited.
    async fn change(&mut self, tx: &mut Tx, upload: i64, read: &Read) -> Result<Option<i64>> {
        let album = update::track(tx, &mut self.catalogue, upload, read).await?;
        let now = self.now();
        sql(
            "update uploads set source = ?, mimetype = ?, size = ?, duration = ?, bitrate = ?,
               modification_date = ?, import_date = ?, import_status = 'finished',
               import_details = ?, metadata = ?, checksum = ? where id = ?",
        )
        .bind(storage::source(&read.candidate.path))
        .bind(read.mimetype)
        .bind(read.candidate.size)
        .bind(read.duration)
        .bind(read.bitrate)
        .bind(now)
        .bind(now)
        .bind(json!({}))
        .bind(read.metadata())
        .bind(read.checksum.as_str())
        .bind(upload)
        .run(&mut *tx)
        .await?;
        files::note(tx, self.folder, upload, &read.candidate).await?;
        Ok(album)
    }

    fn now(&self) -> Timestamp {
        self.app.clock().now()
    }
}

impl Twin {
    /// Whether the upload's file, played in place, is now at `path`.
    fn has_moved_to(&self, path: &str) -> bool {
        if let Some(known) = &self.path {
            return !Path::new(known).exists();
        }
        // The upload was imported, or its file was replaced.
        let Some(storage::Audio::InPlace(known)) =
            storage::Audio::named("", self.source.as_deref())
        else {
            return false;
        };
        self.import_status == "errored" || known == Path::new(path) || !known.exists()
    }
}
