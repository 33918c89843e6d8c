use std::{num::NonZero, path::PathBuf};

use clap::Args;

use super::{
    progress::Progress,
    run::{runtime, told_to_stop},
};
use crate::{
    app::App,
    config::Config,
    error::Startup,
    resources::libraries::PrivacyLevel,
    scan::{Order, Report, Stop, Watching, keep_on, scan},
    telemetry,
    time::Clock,
};

#[derive(Args)]
pub struct Folder {
    /// The folder; names that begin with a dot are not looked at
    folder: PathBuf,
    /// The name or UUID of the library; a new name makes one
    #[arg(long, value_name = "NAME|UUID")]
    library: String,
    /// Whose library it is
    #[arg(long, value_name = "NAME")]
    user: String,
    /// Who may look into a library that is made: me, instance or everyone
    #[arg(long, default_value = "me", value_name = "LEVEL", value_parser = level)]
    privacy: PrivacyLevel,
    /// Files that are read at the same time [default: the number of processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    readers: Option<u16>,
    /// Keep on: scan what changes, until Ctrl-C
    #[arg(long)]
    watch: bool,
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
    };
    runtime()?.block_on(async {
        let app = App::build(config, Clock::system()).await?;
        let stop = Stop::default();
        let told = stop.clone();
        tokio::spawn(async move {
            told_to_stop().await;
            told.now();
        });
        let done = scan_and_watch(&app, &order, &stop, folder.watch).await;
        app.db().close().await;
        done
    })
}

async fn scan_and_watch(app: &App, order: &Order, stop: &Stop, watch: bool) -> Result<(), Startup> {
    let watching = match watch {
        true => Some(Watching::start(&order.folder)?),
        false => None,
    };
    let mut progress = Progress::default();
    let report = scan(app, order, stop, &mut progress).await;
    progress.clear();
    tell(&report?);
    if let Some(watching) = watching.filter(|_| !stop.is_told()) {
        println!("Watching {}; Ctrl-C ends it.", order.folder.display());
        keep_on(app, order, watching, stop, &mut progress, tell).await?;
    }
    Ok(())
}

fn tell(report: &Report) {
    let counts = [
        ("added", report.added),
        ("updated", report.updated),
        ("moved", report.moved),
        ("unchanged", report.unchanged),
        ("there already", report.duplicates),
        ("vanished", report.vanished),
        ("skipped", report.skipped_count),
    ];
    let told = counts
        .iter()
        .filter(|(name, count)| *count > 0 || *name == "added")
        .map(|(name, count)| format!("{count} {name}"));
    println!("{}.", told.collect::<Vec<_>>().join(", "));
    for skipped in &report.skipped {
        println!("  skipped {}: {}", skipped.path, skipped.reason);
    }
    let untold = report.skipped_count - report.skipped.len() as u64;
    if untold > 0 {
        println!("  and {untold} more were skipped");
    }
    if report.interrupted {
        println!("It was stopped early: the next scan goes on from here.");
    }
}
