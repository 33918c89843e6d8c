use std::path::PathBuf;

use clap::Subcommand;

use super::{progress::Progress, run::runtime, tell};
use crate::{
    app::App,
    config::Config,
    error::Startup,
    import::{Order, Report, import},
    store::population,
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
        /// Import although files are missing in the media folder
        #[arg(long, requires = "media")]
        allow_missing: bool,
        /// Check everything without writing anything
        #[arg(long)]
        dry_run: bool,
    },
}

pub fn run(source: Source, config: Config) -> Result<(), Startup> {
    let Source::Funkwhale {
        from,
        media,
        allow_missing,
        dry_run,
    } = source;
    let order = Order {
        from,
        media,
        allow_missing,
        dry_run,
    };
    let known_as = config.hostname();
    runtime()?.block_on(async {
        let scratch = match dry_run {
            true => Some(Scratch::instead_of(&config).await?),
            false => None,
        };
        let config = scratch.as_ref().map_or(config, Scratch::config);
        let app = App::build(config, Clock::system()).await?;
        let mut progress = Progress::default();
        let imported = import(&app, &order, &mut progress).await;
        progress.clear();
        app.db().close().await;
        tell(&imported?, &order, &known_as);
        Ok(())
    })
}

/// A folder for a dry run, which ends with it.
struct Scratch {
    folder: PathBuf,
    config: Config,
}

impl Scratch {
    /// Refuses if the database that is meant could not take an import.
    async fn instead_of(config: &Config) -> Result<Self, Startup> {
        if let Some(held) = population(&config.database_url()).await? {
            held.check_empty()?;
        }
        let folder = std::env::temp_dir().join(format!("baleen-{}", crate::random::uuid()));
        let config = Config {
            database_url: None,
            data: folder.clone(),
            ..config.clone()
        };
        Ok(Self { folder, config })
    }

    fn config(&self) -> Config {
        self.config.clone()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left lies among temporary files.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn tell(report: &Report, order: &Order, known_as: &str) {
    for (kind, rows) in &report.rows {
        tell!("{kind:<24}{rows:>10}");
    }
    let total: u64 = report.rows.iter().map(|(_, rows)| rows).sum();
    tell!("{:<24}{total:>10}\n", "total");
    if let Some(media) = &report.media {
        tell!("{} media files were imported.", media.files.len());
        if media.kept > 0 {
            tell!("{} were there already.", media.kept);
        }
        for file in media.missing.iter().take(10) {
            tell!("  missing: {file}");
        }
        if media.missing.len() > 10 {
            tell!("  and {} more", media.missing.len() - 10);
        }
    }
    for note in report.notes.iter().take(100) {
        tell!("{note}");
    }
    if report.notes.len() > 100 {
        tell!("and {} more such notes", report.notes.len() - 100);
    }
    if order.dry_run {
        tell!("Dry run: everything can be imported; nothing was written.");
        return;
    }
    if order.media.is_none() {
        tell!(
            "Media files were not imported: set MEDIA_ROOT to their folder or AWS_STORAGE_BUCKET_NAME to their bucket, or \
             import with --media."
        );
    }
    if let [host, ..] = &report.hosts[..]
        && host != known_as
    {
        tell!("The pod's host name is {host}: start the server with FUNKWHALE_HOSTNAME={host}");
    }
}
