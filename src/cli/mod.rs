//! The command line.
mod audit;
mod demo;
mod generate;
mod import;
mod layers;
mod progress;
mod rename_host;
mod run;
mod scan;
mod throttle;
mod user;

pub use run::{operations, settings};

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use clap::{Command, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::{
    config::{Config, FrontServer},
    error::Startup,
};

/// baleen: a music and audio server with the REST API of Funkwhale and a GraphQL API
#[derive(Parser)]
#[command(
    version,
    about,
    max_term_width = 100,
    subcommand_precedence_over_arg = true
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Task>,

    /// Configuration file (TOML): keys are the flags below with `_` for `-` [default: none]
    #[arg(long, env = "BALEEN_CONFIG", value_name = "FILE", global = true)]
    config: Option<String>,

    #[command(flatten)]
    settings: Config,
}

#[derive(Subcommand)]
enum Task {
    /// Run the server (the default)
    Serve,
    /// Work on jobs, such as imports of uploads, without serving; for machines beside the server, on the same database
    /// and media folder or bucket
    Worker,
    /// Update the database schema and exit
    Migrate,
    /// Import the data of another server
    #[command(subcommand)]
    Import(import::Source),
    /// Generate a data set of any size for `import funkwhale`
    Generate(generate::Order),
    /// Add a folder of music to a library; files stay where they are
    Scan(scan::Folder),
    /// Run a demo pod with generated music, in the folder `demo` of the data folder
    Demo,
    /// Create and list accounts, set passwords and permissions
    #[command(subcommand)]
    User(user::Deed),
    /// Print what moderators and administrators have done, newest first
    Audit(audit::Log),
    /// Make the accounts and music of another host name belong to this pod's, after FUNKWHALE_HOSTNAME was changed; stop
    /// the server before
    RenameHost(rename_host::Order),
    /// Show or reset rate limits; needs Redis
    #[command(subcommand)]
    Throttle(throttle::Deed),
    /// Print the GraphQL schema
    Schema,
    /// Print the OpenAPI document
    Openapi,
    /// Print the table of operations (Markdown)
    Operations,
    /// Print the table of settings (Markdown)
    Settings,
}

/// Runs the command line.
pub fn main() -> ExitCode {
    match obey() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("baleen: {error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one home of the process environment"
)]
fn obey() -> Result<(), Startup> {
    let file = configuration_file();
    let command = global(layers::layered::<Cli>(file.as_deref(), |name| {
        env::var_os(name)
    })?);
    let matches = command.get_matches();
    let cli = Cli::from_arg_matches(&matches).map_err(|error| Startup::new(error.to_string()))?;
    if !matches!(cli.command, Some(Task::Generate(_))) {
        keep_private(&cli.settings);
    }
    match cli.command {
        None | Some(Task::Serve) => run::serve(cli.settings),
        Some(Task::Worker) => run::work(cli.settings),
        Some(Task::Migrate) => run::migrate(cli.settings),
        Some(Task::Import(source)) => import::run(source, cli.settings),
        Some(Task::Generate(order)) => generate::run(order),
        Some(Task::Scan(folder)) => scan::run(folder, cli.settings),
        Some(Task::Demo) => demo::run(cli.settings),
        Some(Task::User(deed)) => user::run(deed, cli.settings),
        Some(Task::Audit(log)) => audit::run(&log, cli.settings),
        Some(Task::RenameHost(order)) => rename_host::run(&order, cli.settings),
        Some(Task::Throttle(deed)) => throttle::run(deed, cli.settings),
        Some(Task::Schema) => run::print(crate::graphql::sdl()),
        Some(Task::Openapi) => run::print(run::openapi(&cli.settings)),
        Some(Task::Operations) => run::print(run::operations()),
        Some(Task::Settings) => run::print(run::settings()),
    }
}

/// Files that are made from now on are for the user of the server alone; where a reverse proxy sends
/// files, its group may read them. A database that others could read becomes private too.
#[cfg(unix)]
fn keep_private(config: &Config) {
    use rustix::{fs::Mode, process::umask};
    use std::{fs, os::unix::fs::PermissionsExt};

    use crate::store::file_of;
    umask(match config.reverse_proxy_type {
        FrontServer::None => Mode::RWXG | Mode::RWXO,
        _ => Mode::WGRP | Mode::RWXO,
    });
    let database = config.database_url();
    let Some(path) = file_of(&database) else {
        return;
    };
    for file in ["", "-wal", "-shm"].map(|end| format!("{path}{end}")) {
        // It may be absent, or belong to somebody else, who then decides.
        _ = fs::set_permissions(file, fs::Permissions::from_mode(0o600));
    }
}

#[cfg(not(unix))]
fn keep_private(_: &Config) {}

/// Finds the configuration file by hand: its values are the defaults of the real parser.
#[expect(
    clippy::disallowed_methods,
    reason = "the one home of the process environment"
)]
fn configuration_file() -> Option<String> {
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.strip_prefix("--config") {
            Some("") => return arguments.next(),
            Some(rest) if rest.starts_with('=') => return Some(rest[1..].to_owned()),
            _ => {}
        }
    }
    env::var("BALEEN_CONFIG").ok()
}

/// Allows settings before and after a subcommand.
fn global(command: Command) -> Command {
    command.mut_args(|arg| {
        if arg.get_id() == "help" || arg.get_id() == "version" {
            arg
        } else {
            arg.global(true)
        }
    })
}

/// The command without configuration file and environment, for the documentation.
fn described() -> Command {
    Cli::command()
}

/// Prints a text. A reader that closes the pipe early, such as `head`, is not an error.
fn say(text: &str) -> Result<(), Startup> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Startup::caused("cannot print", error))
        }
        _ => Ok(()),
    }
}

/// Prints a line about what was done; whether anybody reads it changes nothing.
macro_rules! tell {
    ($($text:tt)*) => {
        _ = std::io::Write::write_fmt(&mut std::io::stdout(), format_args!("{}\n", format_args!($($text)*)))
    };
}
use tell;
