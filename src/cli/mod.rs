//! The command line.
mod demo;
mod generate;
mod import;
mod progress;
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
    config::{Config, layered},
    error::Startup,
};

/// baleen: a music and audio API server. It speaks the REST API of Funkwhale and GraphQL.
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

    /// Configuration file (TOML): the settings below, named as their flags with `_` for `-`
    #[arg(long, env = "BALEEN_CONFIG", value_name = "FILE", global = true)]
    config: Option<String>,

    #[command(flatten)]
    settings: Config,
}

#[derive(Subcommand)]
enum Task {
    /// Serve the API (the default)
    Serve,
    /// Bring the database up to date, and stop
    Migrate,
    /// Move another server's data into this one
    #[command(subcommand)]
    Import(import::Source),
    /// Generate a data set of any size, in the form that `import funkwhale` reads
    Generate(generate::Order),
    /// Bring a folder of music in; files stay where they are
    Scan(scan::Folder),
    /// Serve a pod to try things on, with music of its own, from the folder `demo` of the data folder
    Demo,
    /// Make accounts, list them, set passwords and permissions
    #[command(subcommand)]
    User(user::Deed),
    /// Show or reset what was spent of rate limits, where they are kept on Redis
    #[command(subcommand)]
    Throttle(throttle::Deed),
    /// Print the GraphQL schema
    Schema,
    /// Print the OpenAPI document
    Openapi,
    /// Print the table of operations
    Operations,
    /// Print the table of settings
    Settings,
}

/// Reads the command line and does what it says.
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
    let command = global(layered::<Cli>(file.as_deref(), |name| env::var_os(name))?);
    let matches = command.get_matches();
    let cli = Cli::from_arg_matches(&matches).map_err(|error| Startup::new(error.to_string()))?;
    match cli.command {
        None | Some(Task::Serve) => run::serve(cli.settings),
        Some(Task::Migrate) => run::migrate(cli.settings),
        Some(Task::Import(source)) => import::run(source, cli.settings),
        Some(Task::Generate(order)) => generate::run(order),
        Some(Task::Scan(folder)) => scan::run(folder, cli.settings),
        Some(Task::Demo) => demo::run(cli.settings),
        Some(Task::User(deed)) => user::run(deed, cli.settings),
        Some(Task::Throttle(deed)) => throttle::run(deed, cli.settings),
        Some(Task::Schema) => run::print(crate::graphql::sdl()),
        Some(Task::Openapi) => run::print(run::openapi(&cli.settings)),
        Some(Task::Operations) => run::print(run::operations()),
        Some(Task::Settings) => run::print(run::settings()),
    }
}

/// The file is read before the rest, whose defaults it sets: so it is looked for by hand.
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

/// Settings may stand before and behind a command.
fn global(command: Command) -> Command {
    command.mut_args(|arg| {
        if arg.get_id() == "help" || arg.get_id() == "version" {
            arg
        } else {
            arg.global(true)
        }
    })
}

/// The command as `--help` tells of it, for the tables in the documentation.
fn described() -> Command {
    Cli::command()
}

/// Prints a text; who stops reading it early is no trouble.
fn say(text: &str) -> Result<(), Startup> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Startup::caused("cannot print", error))
        }
        _ => Ok(()),
    }
}
