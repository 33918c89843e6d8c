use std::{fs::File, num::NonZero, path::PathBuf};

use clap::Args;

use super::{
    progress::Progress,
    run::{runtime, told_to_stop},
    tell,
};
use crate::{
    app::App,
    config::Config,
    error::Startup,
    resources::library::libraries::PrivacyLevel,
    scan::{Order, Report, Skipped, Watching, keep_on, scan},
    stop::Stop,
    telemetry,
    time::Clock,
};

#[derive(Args)]
pub struct Folder {
    /// Folder to scan; names that begin with a dot are skipped
    folder: PathBuf,
    /// Name or UUID of the library; a new name creates one
    #[arg(long, value_name = "NAME|UUID")]
    library: String,
    /// Username of the library's owner
    #[arg(long, value_name = "NAME")]
    user: String,
    /// Who can see a newly created library: me, instance or everyone
    #[arg(long, default_value = "me", value_name = "LEVEL", value_parser = level)]
    privacy: PrivacyLevel,
    /// Number of files read concurrently, 1 to 256 [default: the number of processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    readers: Option<u16>,
    /// Read unchanged files too
    #[arg(long)]
    full: bool,
    /// Keep running and scan changes, until Ctrl-C
    #[arg(long)]
    watch: bool,
    /// Write what the scan did to this file, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

fn level(text: &str) -> Result<PrivacyLevel, String> {
    use crate::rest::params::Scalar;
    PrivacyLevel::read(text)
        .ok()
        .flatten()
        .ok_or_else(|| "me, instance or everyone".to_owned())
}

pub fn run(folder: Folder, config: Config) -> Result<(), Startup> {
    telemetry::start_log(&config)?;
    let processors = std::thread::available_parallelism().map_or(2, NonZero::get);
    let order = Order {
        folder: folder.folder,
        library: folder.library,
        user: folder.user,
        privacy: folder.privacy,
        readers: folder.readers.map_or(processors, usize::from),
        full: folder.full,
    };
    runtime()?.block_on(async {
        let app = App::build(config, Clock::system()).await?;
        let stop = Stop::default();
        let told = stop.clone();
        tokio::spawn(async move {
            told_to_stop().await;
            told.now();
        });
        let done = scan_and_watch(&app, &order, &stop, folder.watch, folder.report).await;
        app.db().close().await;
        done
    })
}

async fn scan_and_watch(
    app: &App,
    order: &Order,
    stop: &Stop,
    watch: bool,
    written: Option<PathBuf>,
) -> Result<(), Startup> {
    let written = written.map(Written::open).transpose()?;
    let watching = match watch {
        true => Some(Watching::start(&order.folder)?),
        false => None,
    };
    let mut progress = Progress::default();
    let report = scan(app, order, stop, &mut progress).await;
    progress.clear();
    let report = report?;
    tell(&report);
    if let Some(written) = written {
        written.write(&report)?;
    }
    if let Some(watching) = watching.filter(|_| !stop.is_told()) {
        tell!("Watching {}; press Ctrl-C to stop.", order.folder.display());
        keep_on(app, order, watching, stop, &mut progress, tell).await?;
    }
    Ok(())
}

/// The file that a report goes to. It is opened first, so that nobody waits for a scan in vain.
struct Written {
    path: PathBuf,
    file: File,
}

impl Written {
    fn open(path: PathBuf) -> Result<Self, Startup> {
        let file = File::create(&path)
            .map_err(|error| Startup::new(format!("cannot write {}: {error}", path.display())))?;
        Ok(Self { path, file })
    }

    fn write(self, report: &Report) -> Result<(), Startup> {
        serde_json::to_writer_pretty(self.file, report)
            .map_err(|error| Startup::new(format!("cannot write {}: {error}", self.path.display())))
    }
}

fn list(what: &str, files: &[Skipped], count: u64) {
    for file in files {
        tell!("  {what} {}: {}", file.path, file.reason);
    }
    let untold = count - files.len() as u64;
    if untold > 0 {
        tell!("  and {untold} more");
    }
}

fn tell(report: &Report) {
    let counts = [
        ("added", report.added),
        ("updated", report.updated),
        ("moved", report.moved),
        ("unchanged", report.unchanged),
        ("duplicates", report.duplicates),
        ("missing", report.vanished),
        ("playlists", report.playlists),
        ("skipped", report.skipped_count),
        ("read in part", report.partly_count),
        ("doubtful", report.doubtful_count),
    ];
    let told = counts
        .iter()
        .filter(|(name, count)| *count > 0 || *name == "added")
        .map(|(name, count)| format!("{count} {name}"));
    tell!("{}.", told.collect::<Vec<_>>().join(", "));
    list("skipped", &report.skipped, report.skipped_count);
    list("read in part", &report.partly, report.partly_count);
    list("doubtful", &report.doubtful, report.doubtful_count);
    let others = report
        .left_out
        .iter()
        .map(|(ending, count)| match ending.as_str() {
            "" => format!("{count} without ending"),
            ending => format!("{count} .{ending}"),
        });
    if !report.left_out.is_empty() {
        tell!("  not looked at: {}", others.collect::<Vec<_>>().join(", "));
    }
    if report.interrupted {
        tell!("The scan was interrupted; the next one continues from here.");
    }
}
