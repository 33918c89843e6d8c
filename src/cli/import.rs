use std::path::PathBuf;

use clap::Subcommand;

use super::{progress::Progress, run::runtime, tell};
use crate::{
    app::App,
    config::Config,
    error::Startup,
    import::{Order, Report, import},
    time::Clock,
};

#[derive(Subcommand)]
pub enum Source {
    /// Import a Funkwhale pod: accounts, applications and tokens, catalogue, playlists and more
    ///
    /// Imports everything or nothing, and only into an empty database. The pod is only read.
    Funkwhale {
        /// The pod's database, postgres://USER@HOST/NAME, or a folder of .jsonl files
        from: String,
        /// The pod's media folder; its files are linked or copied [default: files are not imported]
        #[arg(long, value_name = "FOLDER")]
        media: Option<PathBuf>,
        /// Check everything without writing anything
        #[arg(long)]
        dry_run: bool,
    },
}

pub fn run(source: Source, config: Config) -> Result<(), Startup> {
    let Source::Funkwhale {
        from,
        media,
        dry_run,
    } = source;
    let order = Order {
        from,
        media,
        dry_run,
    };
    let known_as = config.hostname();
    runtime()?.block_on(async {
        let app = App::build(config, Clock::system()).await?;
        let mut progress = Progress::default();
        let imported = import(&app, &order, &mut progress).await;
        progress.clear();
        app.db().close().await;
        tell(&imported?, &order, &known_as);
        Ok(())
    })
}

fn tell(report: &Report, order: &Order, known_as: &str) {
    for (kind, rows) in &report.rows {
        tell!("{kind:<24}{rows:>10}");
    }
    let total: u64 = report.rows.iter().map(|(_, rows)| rows).sum();
    tell!("{:<24}{total:>10}\n", "total");
    if let Some(media) = &report.media {
        tell!("{} media files were imported.", media.files.len());
        for file in media.missing.iter().take(10) {
            tell!("  missing: {file}");
        }
        if media.missing.len() > 10 {
            tell!("  and {} more", media.missing.len() - 10);
        }
    }
    if order.dry_run {
        tell!("Dry run: everything can be imported; nothing was written.");
        return;
    }
    if order.media.is_none() {
        tell!(
            "Media files were not imported: set MEDIA_ROOT to their folder, or import with --media."
        );
    }
    if let [host, ..] = &report.hosts[..]
        && host != known_as
    {
        tell!("The pod's host name is {host}: start the server with FUNKWHALE_HOSTNAME={host}");
    }
}
