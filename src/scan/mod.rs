//! Bringing folders of music in: files stay where they are, the catalogue learns of them.
mod catalogue;
mod cover;
mod files;
mod find;
mod read;
mod replaced;
mod tags;
mod update;
mod walk;
mod watch;
mod whole;
mod write;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, stream};
use tokio::{sync::mpsc, task::spawn_blocking};

pub use self::watch::{Watching, keep_on};
use self::{
    files::{Folder, Known},
    read::Read,
    walk::{Candidate, Found, Walked},
    write::Writer,
};
use crate::{
    app::App,
    error::{Error, Startup},
    import::Watch,
    resources::libraries::PrivacyLevel,
};

/// What to scan, and into which library.
#[derive(Clone, Debug)]
pub struct Order {
    pub folder: PathBuf,
    /// The name or UUID of a library of `user`; a name that is new makes one.
    pub library: String,
    pub user: String,
    /// Who may look into a library that is made.
    pub privacy: PrivacyLevel,
    /// Files that are read at the same time.
    pub readers: usize,
}

/// What a scan did.
#[derive(Debug, Default)]
pub struct Report {
    pub added: u64,
    pub updated: u64,
    pub unchanged: u64,
    /// Found at another place than before.
    pub moved: u64,
    /// The same audio is in the library already.
    pub duplicates: u64,
    /// Not there any more; kept, and not playable until they come back.
    pub vanished: u64,
    pub covers: u64,
    /// Files that could not be taken, with the reason; the first thousand of them.
    pub skipped: Vec<Skipped>,
    pub skipped_count: u64,
    /// It was told to stop before it was through.
    pub interrupted: bool,
}

/// A file that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub path: String,
    pub reason: String,
}

/// Reasons that are kept to be told.
const TOLD: usize = 1000;
/// Between two transactions others may write: SQLite has one writer, and does not queue.
const BREATH: Duration = Duration::from_millis(10);
/// Files that are written in one transaction.
const BATCH: usize = 64;

impl Report {
    fn skip(&mut self, skipped: Skipped) {
        self.skipped_count += 1;
        if self.skipped.len() < TOLD {
            self.skipped.push(skipped);
        }
    }

    /// Whether anything is different now.
    pub fn changed(&self) -> bool {
        self.added + self.updated + self.moved + self.duplicates + self.vanished > 0
    }
}

/// Tells a scan to stop at the next file; what is done stays done.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    pub fn now(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_told(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Scans a folder: adds what is new, updates what changed, marks what vanished.
pub async fn scan(
    app: &App,
    order: &Order,
    stop: &Stop,
    watch: &mut dyn Watch,
) -> Result<Report, Startup> {
    let folder = files::folder(app, order).await?;
    let root = PathBuf::from(&folder.path);
    let (counted, told) = (root.clone(), stop.clone());
    let total = spawn_blocking(move || walk::count(&counted, &told)).await;
    watch.stage("files", total.unwrap_or_default());
    let report = scan_below(app, order, &folder, &root, stop, watch).await?;
    if report.changed() {
        app.db().analyze().await?;
    }
    Ok(report)
}

/// Scans one branch of a folder.
async fn scan_below(
    app: &App,
    order: &Order,
    folder: &Folder,
    branch: &Path,
    stop: &Stop,
    watch: &mut dyn Watch,
) -> Result<Report, Startup> {
    let folder = files::begin(app, folder).await?;
    let mut writer = Writer::new(app, &folder);
    let (to_read, found) = mpsc::channel(BATCH * 4);
    let walking = {
        let (branch, stop) = (branch.to_owned(), stop.clone());
        spawn_blocking(move || walk::walk(&branch, &stop, &to_read))
    };
    let (to_write, mut written) = mpsc::channel(2);
    let reading = read_all(app, order, &folder, found, to_write);
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
    read?;
    wrote?;
    let walked = walking.await.unwrap_or(Walked::Partly);
    report.interrupted = walked == Walked::Stopped || stop.is_told();
    // What could not be looked at may still be there.
    if walked == Walked::Whole && !report.interrupted {
        report.vanished = files::mark_vanished(app, &folder, branch).await?;
    }
    Ok(report)
}

/// A file on its way to the catalogue.
enum Step {
    Unchanged(i64),
    /// It is known as this upload, and differs from what was read then.
    Changed(i64, Box<Read>),
    New(Box<Read>),
    /// It is known as this upload, and could not be read this time.
    Unread(i64, Skipped),
    Skipped(Skipped),
}

/// Looks up what is known of the files and reads the others, several at a time.
async fn read_all(
    app: &App,
    order: &Order,
    folder: &Folder,
    mut found: mpsc::Receiver<Found>,
    to_write: mpsc::Sender<Vec<Step>>,
) -> Result<(), Error> {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        // Whole batches: the files of an album are looked at together.
        while batch.len() < BATCH && found.recv_many(&mut batch, BATCH).await > 0 {}
        if batch.is_empty() {
            return Ok(());
        }
        let (candidates, mut steps) = parted(std::mem::take(&mut batch));
        let mut known = files::known(app, folder, &candidates).await?;
        let mut reads = Vec::new();
        for candidate in candidates {
            match known.remove(&candidate.path) {
                Some(known) if known.is(&candidate) => steps.push(Step::Unchanged(known.upload_id)),
                known => reads.push(read_one(candidate, known)),
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

async fn read_one(candidate: Candidate, known: Option<Known>) -> Step {
    let path = candidate.path.clone();
    let known = known.map(|known| known.upload_id);
    let skip = |reason: String| {
        let skipped = Skipped { path, reason };
        match known {
            Some(upload) => Step::Unread(upload, skipped),
            None => Step::Skipped(skipped),
        }
    };
    let read = spawn_blocking(move || read::read(candidate)).await;
    match read {
        Ok(Ok(read)) => match known {
            Some(upload) => Step::Changed(upload, Box::new(read)),
            None => Step::New(Box::new(read)),
        },
        Ok(Err(reason)) => skip(reason),
        // The parser's own fault must not end the scan.
        Err(_) => skip("its tags make the reader fail".to_owned()),
    }
}

/// Writes a batch at once; where one file spoils it, each by itself.
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
            step => steps.push(step),
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
