//! Scanning music folders into the catalogue. Files stay where they are.
mod catalogue;
mod covers;
mod files;
mod find;
mod job;
mod playlists;
mod replaced;
mod report;
mod settle;
mod traces;
mod twins;
mod update;
mod uploaded;
mod walk;
mod watch;
mod write;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use tokio::{sync::mpsc, task::spawn_blocking};

use self::{
    files::{Folder, Known},
    walk::Found,
    write::Writer,
};
pub use self::{
    report::{Report, Skipped},
    watch::{Watching, keep_on},
};
use crate::{
    app::App,
    error::{Error, Startup},
    import::Watch,
    media::probe,
    reading::{Candidate, Read, Reader},
    resources::library::libraries::PrivacyLevel,
    stop::Stop,
};

/// A folder to scan, and the library to scan it into.
#[derive(Clone, Debug)]
pub struct Order {
    pub folder: PathBuf,
    /// Name or UUID of a library of `user`; a new name creates a library.
    pub library: String,
    pub user: String,
    /// Privacy level of a library created by the scan.
    pub privacy: PrivacyLevel,
    /// Number of files read concurrently.
    pub readers: usize,
    /// Read unchanged files too.
    pub full: bool,
}

/// Pause between two transactions, so that others can write: SQLite has one writer and no queue.
const BREATH: Duration = Duration::from_millis(10);
/// Number of files per transaction.
const BATCH: usize = 64;

/// Scans a folder: adds new files, updates changed ones, marks missing ones.
pub async fn scan(
    app: &App,
    order: &Order,
    stop: &Stop,
    watch: &mut dyn Watch,
) -> Result<Report, Startup> {
    let (folder, branch) = files::folder(app, order).await?;
    let (counted, told) = (branch.clone(), stop.clone());
    let total = spawn_blocking(move || walk::count(&counted, &told)).await;
    watch.stage("files", total.unwrap_or_default());
    let report = scan_below(app, order, &folder, &[branch], stop, watch).await?;
    if report.changed() {
        app.db().analyze().await?;
    }
    Ok(report)
}

/// Scans branches of a folder.
async fn scan_below(
    app: &App,
    order: &Order,
    folder: &Folder,
    branches: &[PathBuf],
    stop: &Stop,
    watch: &mut dyn Watch,
) -> Result<Report, Startup> {
    let folder = files::begin(app, folder).await?;
    let mut writer = Writer::new(app, &folder);
    let (to_read, found) = mpsc::channel(BATCH * 4);
    let walking = {
        let (branches, stop) = (branches.to_vec(), stop.clone());
        spawn_blocking(move || walk::walk(&branches, &stop, &to_read))
    };
    let (to_write, mut written) = mpsc::channel(2);
    let reader = Reader {
        root: Path::new(&folder.path).into(),
        name: None,
        ffprobe: probe::beside(&app.config().ffmpeg).into(),
    };
    let reading = read_all(app, order, (&folder, &reader), found, to_write);
    let mut report = Report::default();
    let writing = async {
        while let Some(batch) = written.recv().await {
            let steps = batch.len() as u64;
            write_batch(&mut writer, batch, &mut report).await?;
            watch.done(steps);
            tokio::time::sleep(BREATH).await;
        }
        Ok::<(), Error>(())
    };
    let (read, wrote) = tokio::join!(reading, writing);
    if folder.is_unsettled {
        let duplicates = files::provisional(app, &folder).await?;
        writer.catalogue.traces.uploads.extend(duplicates);
    }
    if let Err(error) = read.and(wrote) {
        // What has been written is settled even so.
        settle::settle(app, &mut writer.catalogue, &mut report).await?;
        return Err(error.into());
    }
    let walk = walking.await.map_err(Error::internal)?;
    report.left_out = walk.left_out;
    report.interrupted = walk.is_stopped || stop.is_told();
    // Files in places that could not be read may still exist.
    for branch in walk.whole.iter().filter(|_| !report.interrupted) {
        let traces = &mut writer.catalogue.traces;
        report.vanished += files::mark_vanished(app, &folder, branch, traces).await?;
    }
    settle::settle(app, &mut writer.catalogue, &mut report).await?;
    files::settled(app, &folder).await?;
    report.covers += covers::settle(app, &folder, branches, stop).await?;
    playlists::settle(app, &folder, &walk.playlists, stop, &mut report).await?;
    Ok(report)
}

/// A file on its way to the catalogue.
enum Step {
    Unchanged(i64),
    /// The file of this upload has changed.
    Changed(i64, Box<Read>),
    New(Box<Read>),
    /// The file of this upload could not be read this time.
    Unread(i64, Skipped),
    Skipped(Skipped),
}

/// Looks up which files are known, and reads the others concurrently.
async fn read_all(
    app: &App,
    order: &Order,
    (folder, reader): (&Folder, &Reader),
    mut found: mpsc::Receiver<Found>,
    to_write: mpsc::Sender<Vec<Step>>,
) -> Result<(), Error> {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        // Fill the batch, so that the files of an album are processed together.
        while batch.len() < BATCH && found.recv_many(&mut batch, BATCH).await > 0 {}
        if batch.is_empty() {
            return Ok(());
        }
        let (candidates, mut steps) = parted(std::mem::take(&mut batch));
        let mut known = files::known(app, folder, &candidates).await?;
        let mut reads = Vec::new();
        for candidate in candidates {
            match known.remove(&candidate.path) {
                Some(known) if !order.full && known.is(&candidate) => {
                    steps.push(Step::Unchanged(known.upload_id))
                }
                known => reads.push(read_one(reader, candidate, known)),
            }
        }
        let read: Vec<Step> = stream::iter(reads)
            .buffered(order.readers.max(1))
            .collect()
            .await;
        steps.extend(read);
        if to_write.send(steps).await.is_err() {
            return Ok(());
        }
    }
}

fn parted(found: Vec<Found>) -> (Vec<Candidate>, Vec<Step>) {
    let mut candidates = Vec::with_capacity(found.len());
    let mut steps = Vec::new();
    for found in found {
        match found {
            Ok(candidate) => candidates.push(candidate),
            Err(skipped) => steps.push(Step::Skipped(skipped)),
        }
    }
    (candidates, steps)
}

async fn read_one(reader: &Reader, candidate: Candidate, known: Option<Known>) -> Step {
    let path = candidate.path.clone();
    let known = known.map(|known| known.upload_id);
    let skip = |reason: String| {
        let skipped = Skipped { path, reason };
        match known {
            Some(upload) => Step::Unread(upload, skipped),
            None => Step::Skipped(skipped),
        }
    };
    match reader.read(candidate).await {
        Ok(read) => match known {
            Some(upload) => Step::Changed(upload, Box::new(read)),
            None => Step::New(Box::new(read)),
        },
        Err(reason) => skip(reason),
    }
}

/// Writes a batch in one transaction; if that fails, each file by itself.
async fn write_batch(
    writer: &mut Writer<'_>,
    batch: Vec<Step>,
    report: &mut Report,
) -> Result<(), Error> {
    let mut steps = Vec::with_capacity(batch.len());
    for step in batch {
        match step {
            Step::Skipped(skipped) => report.skip(skipped),
            Step::Unread(upload, skipped) => {
                report.skip(skipped.clone());
                steps.push(Step::Unread(upload, skipped));
            }
            step => {
                if let Step::New(read) | Step::Changed(_, read) = &step {
                    report.partly(read);
                }
                steps.push(step);
            }
        }
    }
    if writer.write(&steps, report).await.is_ok() {
        return Ok(());
    }
    for step in steps {
        if let Err(error) = writer.write(std::slice::from_ref(&step), report).await {
            let (Step::New(read) | Step::Changed(_, read)) = step else {
                return Err(error);
            };
            error.log();
            report.skip(Skipped {
                path: read.candidate.path.clone(),
                reason: format!("it cannot be stored: {error}"),
            });
        }
    }
    Ok(())
}
