use clap::Args;

use super::{run::runtime, say};
use crate::{
    app::App,
    audit::{self, Entered},
    config::Config,
    error::Startup,
    time::Clock,
};

#[derive(Args)]
pub struct Log {
    /// Number of entries to print
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    last: u32,
}

pub fn run(log: &Log, config: Config) -> Result<(), Startup> {
    runtime()?.block_on(async {
        let app = App::build_on_existing(config, Clock::system()).await?;
        let entries = audit::newest(app.db(), i64::from(log.last)).await;
        app.db().close().await;
        let entries =
            entries.map_err(|error| Startup::caused("the audit log cannot be read", error))?;
        let lines: Vec<String> = entries.iter().map(|entry| line(entry) + "\n").collect();
        say(&lines.concat())
    })
}

/// When, who and from where, what, and to which object with which values.
fn line(entry: &Entered) -> String {
    let who = match entry.username.as_str() {
        "" => "(command line)",
        name => name,
    };
    let details = entry.details.as_ref();
    let details = details.map(ToString::to_string).unwrap_or_default();
    let address = entry.address.as_deref().unwrap_or("-");
    let parts = [
        &entry.creation_date.to_string(),
        who,
        address,
        &entry.operation,
        &entry.target,
        &details,
    ];
    parts.join("  ").trim_end().to_owned()
}
