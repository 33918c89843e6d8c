use clap::Subcommand;

use super::{run::runtime, say};
use crate::{
    accounts::directory,
    app::App,
    config::Config,
    error::Startup,
    throttle::{Ident, Quota},
    time::Clock,
};

#[derive(Subcommand)]
pub enum Deed {
    /// Show the rate limits of a user or an address
    Show {
        /// Username, or IP address of an anonymous client
        ident: String,
    },
    /// Reset the rate limits of a user or an address
    Reset {
        /// Username, or IP address of an anonymous client
        ident: String,
    },
}

pub fn run(deed: Deed, config: Config) -> Result<(), Startup> {
    runtime()?.block_on(async {
        let app = App::build_on_existing(config, Clock::system()).await?;
        let done = perform(&deed, &app).await;
        app.db().close().await;
        done
    })
}

async fn perform(deed: &Deed, app: &App) -> Result<(), Startup> {
    if !app.limits().are_shared() {
        return Err(Startup::new(
            "the server keeps its rate limits in memory, where this command cannot see them: \
             set CACHE_URL for both, or use GET /api/v1/rate-limit",
        ));
    }
    match deed {
        Deed::Show { ident } => {
            let quotas = app.limits().look_shared(named(app, ident).await?).await?;
            say(&table(&quotas))?;
        }
        Deed::Reset { ident } => {
            app.limits().reset(named(app, ident).await?).await?;
            say(&format!("The rate limits of {ident} were reset.\n"))?;
        }
    }
    Ok(())
}

fn table(quotas: &[Quota]) -> String {
    let line = |scope: &str, limit: &str, left: &str, whole: &str| {
        format!("{scope:<26} {limit:>9} {left:>9} {whole:>12}\n")
    };
    let mut text = line("scope", "limit", "left", "resets in");
    for quota in quotas {
        let whole = quota.reset_after.map(|seconds| format!("{seconds} s"));
        let (limit, left) = (quota.limit.to_string(), quota.remaining.to_string());
        text += &line(quota.scope, &limit, &left, whole.as_deref().unwrap_or("-"));
    }
    text
}

/// Addresses stand for anonymous clients; anything else is a username.
async fn named(app: &App, ident: &str) -> Result<Ident, Startup> {
    if let Ok(address) = ident.parse() {
        return Ok(app.ident(address));
    }
    match directory::id(app, ident).await? {
        Some(id) => Ok(Ident::User(id)),
        None => Err(Startup::new(format!(
            "{ident:?} is neither a username nor an IP address"
        ))),
    }
}
