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
    /// Show what somebody has spent
    Show {
        /// A user's name, or the address of a stranger
        ident: String,
    },
    /// Make all of somebody's budgets whole again
    Reset {
        /// A user's name, or the address of a stranger
        ident: String,
    },
}

pub fn run(deed: Deed, config: Config) -> Result<(), Startup> {
    runtime()?.block_on(async {
        let app = App::build(config, Clock::system()).await?;
        let done = perform(&deed, &app).await;
        app.db().close().await;
        done
    })
}

async fn perform(deed: &Deed, app: &App) -> Result<(), Startup> {
    if !app.limits().are_shared() {
        return Err(Startup::new(
            "the server counts in its own memory, which this command cannot see: \
             set CACHE_URL for both, or ask GET /api/v1/rate-limit",
        ));
    }
    match deed {
        Deed::Show { ident } => {
            let quotas = app.limits().look_shared(named(app, ident).await?).await?;
            say(&table(&quotas))?;
        }
        Deed::Reset { ident } => {
            app.limits().reset(named(app, ident).await?).await?;
            say(&format!("The budgets of {ident} are whole.\n"))?;
        }
    }
    Ok(())
}

fn table(quotas: &[Quota]) -> String {
    let line = |scope: &str, limit: &str, left: &str, whole: &str| {
        format!("{scope:<26} {limit:>9} {left:>9} {whole:>12}\n")
    };
    let mut text = line("scope", "limit", "left", "whole in");
    for quota in quotas {
        let whole = quota.reset_after.map(|seconds| format!("{seconds} s"));
        let (limit, left) = (quota.limit.to_string(), quota.remaining.to_string());
        text += &line(quota.scope, &limit, &left, whole.as_deref().unwrap_or("-"));
    }
    text
}

/// Addresses are strangers, all else is a user's name.
async fn named(app: &App, ident: &str) -> Result<Ident, Startup> {
    if let Ok(address) = ident.parse() {
        return Ok(Ident::of_address(address));
    }
    match directory::id(app, ident).await? {
        Some(id) => Ok(Ident::User(id)),
        None => Err(Startup::new(format!(
            "nobody is called {ident:?}, and it is no address"
        ))),
    }
}
