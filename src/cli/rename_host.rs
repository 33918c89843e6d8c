use clap::Args;

use super::{run::runtime, tell};
use crate::{app::App, config::Config, error::Startup, pod::renamed, time::Clock};

/// A host name that the pod no longer has.
#[derive(Args)]
pub struct Order {
    /// The old host name, with its port if it has one
    old: String,
}

pub fn run(order: &Order, config: Config) -> Result<(), Startup> {
    runtime()?.block_on(async {
        let app = App::build_on_existing(config, Clock::system()).await?;
        let renamed = renamed::rename(&app, &order.old).await;
        app.db().close().await;
        let renamed::Renamed { actors, addresses } = renamed?;
        let new = app.config().hostname();
        tell!(
            "{actors} accounts and channels of {} belong to {new} now; {addresses} addresses were changed.",
            order.old
        );
        Ok(())
    })
}
