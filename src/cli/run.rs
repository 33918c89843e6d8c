use std::{io::Write, net::SocketAddr, time::Duration};

use clap::Args;
use tokio::{
    runtime::{self, Runtime},
    signal,
};

use super::{described, tell};
use crate::{
    accounts::setup,
    app::App,
    caller::Anonymous,
    config::Config,
    error::Startup,
    guard::Info,
    pod::renamed::other_host,
    resources,
    rest::{document, routes::Routes},
    scope::Scope,
    server, telemetry,
    time::Clock,
};

/// Stack size of a thread in bytes; only the part in use takes memory.
const STACK: usize = 8 << 20;

/// For jobs to come to an end when the program stops.
const STOPPING: Duration = Duration::from_secs(30);

pub fn runtime() -> Result<Runtime, Startup> {
    let mut builder = runtime::Builder::new_multi_thread();
    // While many tasks are ready, tokio looks for new requests after so many of them only.
    let built = builder
        .enable_all()
        .event_interval(7)
        .thread_stack_size(STACK)
        .build();
    built.map_err(|error| Startup::caused("cannot start", error))
}

pub fn serve(config: Config) -> Result<(), Startup> {
    telemetry::start_log(&config)?;
    runtime()?.block_on(async {
        let (public, has_name) = (config.public_url(), config.funkwhale_hostname.is_some());
        tracing::debug!(?config, "settings");
        let app = App::build_to_serve(config, Clock::system()).await?;
        compare_host(&app).await?;
        let setup = setup::link(&app).await?;
        server::serve(app, told_to_stop(), move |address| {
            greet(address, (&public, has_name), setup.as_deref())
        })
        .await?;
        tracing::info!("stopped");
        Ok(())
    })
}

/// Works on jobs until told to stop.
pub fn work(config: Config) -> Result<(), Startup> {
    telemetry::start_log(&config)?;
    runtime()?.block_on(async {
        let workers = config.workers().max(1);
        let app = App::build_to_serve(config, Clock::system()).await?;
        check_host(&app).await?;
        let told = told_to_stop();
        let working = tokio::spawn(server::work(app.clone(), workers));
        tell!("Working on jobs; {workers} uploads are imported at once.");
        told.await;
        app.stop();
        // What it is at goes on elsewhere, or after the next start.
        _ = tokio::time::timeout(STOPPING, working).await;
        app.db().close().await;
        Ok(())
    })
}

/// Refuses a host that is not the pod's: what is imported would count as another pod's.
async fn check_host(app: &App) -> Result<(), Startup> {
    let Some(theirs) = other_host(app).await? else {
        return Ok(());
    };
    let host = app.config().hostname();
    Err(Startup::new(format!(
        "the accounts of this pod belong to {theirs}, not to {host}: give the worker the settings of the server, \
         above all FUNKWHALE_HOSTNAME"
    )))
}

/// Warns of a host that is not the pod's: its accounts look like those of another pod.
async fn compare_host(app: &App) -> Result<(), Startup> {
    if let Some(theirs) = other_host(app).await? {
        let host = app.config().hostname();
        tracing::warn!(
            "the accounts of this pod belong to {theirs}, not to {host}, and look like those of another pod: set \
             FUNKWHALE_HOSTNAME to {theirs}, or to the new name, and run `baleen rename-host {theirs}` once with it"
        );
    }
    Ok(())
}

/// Prints the addresses of the server and the first commands.
fn greet(address: SocketAddr, (public, has_name): (&str, bool), setup: Option<&str>) {
    let address = match address.ip().is_unspecified() {
        true => format!("localhost:{}", address.port()),
        false => address.to_string(),
    };
    let first = setup.map_or_else(String::new, |path| {
        let root = match has_name {
            true => public.to_owned(),
            false => format!("http://{address}"),
        };
        format!("  Set it up    {root}{path}\n               There are no accounts yet: this link creates the first one, and works once.\n")
    });
    let lines = format!(
        "baleen {version} is ready\n\n{first}  \
         Start page   http://{address}/\n  \
         REST API     http://{address}/api/v1/instance/nodeinfo/2.0\n  \
         API explorer http://{address}/api/v1/docs\n  \
         GraphiQL     http://{address}/graphiql\n  \
         Health       http://{address}/health/ready\n  \
         Public URL   {public}\n\n  \
         Next, add music:\n    \
         baleen user create NAME\n    \
         baleen scan ~/Music --library Music --user NAME\n  \
         or import a Funkwhale pod:\n    \
         baleen import funkwhale postgres://funkwhale@localhost/funkwhale\n  \
         All settings:\n    baleen --help\n",
        version = env!("CARGO_PKG_VERSION"),
    );
    tell!("{lines}");
}

/// Ends when the program is told to stop. It listens from the call on, not only once it is awaited.
pub fn told_to_stop() -> impl Future<Output = ()> + Send + 'static {
    let told = any_signal();
    async {
        told.await;
        tracing::info!("stopping: waiting for running requests");
    }
}

/// Ctrl-C, the end of a service, or of a terminal.
#[cfg(unix)]
fn any_signal() -> impl Future<Output = ()> + Send + 'static {
    use signal::unix::{SignalKind, signal};
    let kinds = [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ];
    let wanted = kinds.into_iter().filter(|kind| !is_ignored(*kind));
    let listening: Vec<_> = wanted.map(signal).collect();
    async {
        let heard = listening.into_iter().map(|signal| {
            Box::pin(async {
                match signal {
                    Ok(mut signal) => _ = signal.recv().await,
                    Err(_) => std::future::pending().await,
                }
            })
        });
        futures_util::future::select_all(heard).await;
    }
}

/// Whether whoever started the program has it ignore a signal, as `nohup` does. Only Linux tells.
#[cfg(unix)]
fn is_ignored(kind: signal::unix::SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (kind.as_raw_value() - 1) & 1 == 1)
}

#[cfg(not(unix))]
async fn any_signal() {
    if signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

pub fn migrate(config: Config) -> Result<(), Startup> {
    runtime()?.block_on(async {
        let app = App::build(config, Clock::system()).await?;
        app.db().close().await;
        tell!("The database is up to date.");
        Ok(())
    })
}

/// Prints a text. A reader that closes the pipe early, such as `head`, is not an error.
pub fn print(text: String) -> Result<(), Startup> {
    match writeln!(std::io::stdout(), "{}", text.trim_end()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Startup::caused("cannot write", error))
        }
        _ => Ok(()),
    }
}

pub fn openapi(config: &Config) -> String {
    serde_json::to_string_pretty(&document(config)).expect("JSON is text")
}

/// The table of operations, in Markdown.
pub fn operations() -> String {
    let mut rows = vec![
        "| operation | REST | GraphQL | OAuth scope | anonymous | throttling scope |".to_owned(),
        "| --- | --- | --- | --- | --- | --- |".to_owned(),
    ];
    let routes = Routes::of_api();
    rows.extend(resources::operations().map(|info| operation(info, &routes)));
    rows.join("\n")
}

fn operation(info: &Info, routes: &Routes) -> String {
    let anonymous = match info.anonymous {
        Anonymous::Always => "always",
        Anonymous::Setting => "by setting",
        Anonymous::Never => "never",
    };
    let throttle = match info.throttle.scopes() {
        ("none", "none") => "-".to_owned(),
        (anonymous, authenticated) if anonymous == authenticated => anonymous.to_owned(),
        (anonymous, authenticated) => format!("{anonymous}, {authenticated}"),
    };
    let scope = info.scope.map_or("-", Scope::word);
    let rest = routes.addresses(info.name).join(", ");
    let live = info
        .live
        .map(|live| format!(", `Subscription.{}`", live.field));
    let graphql = match info.graphql.starts_with('(') {
        true => info.graphql.to_owned(),
        false => format!("`{}`{}", info.graphql, live.unwrap_or_default()),
    };
    format!(
        "| {} | {rest} | {graphql} | {scope} | {anonymous} | {throttle} |",
        info.name
    )
}

/// The table of settings, in Markdown.
pub fn settings() -> String {
    let mut rows = vec![
        "| variable | default | what it sets |".to_owned(),
        "| --- | --- | --- |".to_owned(),
    ];
    let own = Config::augment_args(clap::Command::new("settings"));
    let command = described();
    for arg in command.get_arguments() {
        if !own
            .get_arguments()
            .any(|setting| setting.get_id() == arg.get_id())
        {
            continue;
        }
        let variable = arg
            .get_env()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let defaults = arg
            .get_default_values()
            .iter()
            .filter_map(|value| value.to_str());
        let default = defaults
            .filter(|value| !value.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        let help = arg
            .get_help()
            .map(|help| help.to_string().replace('\n', " "))
            .unwrap_or_default();
        let shown = if default.is_empty() {
            String::new()
        } else {
            format!("`{default}`")
        };
        rows.push(format!(
            "| `{variable}` | {shown} | {} |",
            help.replace('|', "\\|")
        ));
    }
    rows.join("\n")
}
