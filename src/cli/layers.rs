//! The layers of the settings: the file, and the environment as it is found, below the flags.
use std::ffi::OsString;

use clap::{Arg, Args, Command, CommandFactory, builder::BoolishValueParser};

use crate::{config::Config, error::Startup};

/// Alternative names of environment variables.
const ALIASES: &[(&str, &str)] = &[("cache_url", "REDIS_URL")];

/// The command, with values from the configuration file and from alternative variable names as its
/// defaults.
pub fn layered<P: CommandFactory>(
    file: Option<&str>,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<Command, Startup> {
    let mut command = P::command();
    if let Some(path) = file {
        for (key, value) in read_file(path)? {
            command = with_default(command, &key, value).ok_or_else(|| {
                Startup::new(format!(
                    "{path} has the key {key:?}, which is not a setting; see --help"
                ))
            })?;
        }
    }
    for (key, variable) in ALIASES {
        let value = environment(variable).and_then(|value| value.into_string().ok());
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            command = with_default(command, key, value).expect("an alias is of a setting");
        }
    }
    Ok(command.mut_args(|arg| lenient(arg, &environment)))
}

/// Reads yes and no in all the ways that environments of Django have them, and an empty variable as
/// one that is not set.
fn lenient(arg: Arg, environment: &impl Fn(&str) -> Option<OsString>) -> Arg {
    let is_bool = arg
        .get_value_names()
        .is_some_and(|names| names.iter().any(|name| name == "BOOL"));
    let arg = match is_bool {
        true => arg.value_parser(BoolishValueParser::new()),
        false => arg,
    };
    let variable = arg.get_env().and_then(|name| name.to_str());
    match variable
        .and_then(environment)
        .is_some_and(|value| value.is_empty())
    {
        true => arg.env(None::<&'static str>),
        false => arg,
    }
}

fn read_file(path: &str) -> Result<Vec<(String, String)>, Startup> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Startup::caused(format!("cannot read the configuration file {path}"), error)
    })?;
    let table: toml::Table = text.parse().map_err(|error| {
        Startup::new(format!(
            "the configuration file {path} is not TOML: {error}"
        ))
    })?;
    table
        .into_iter()
        .map(|(key, value)| match value {
            toml::Value::String(text) => Ok((key, text)),
            toml::Value::Integer(number) => Ok((key, number.to_string())),
            toml::Value::Boolean(flag) => Ok((key, flag.to_string())),
            _ => Err(Startup::new(format!(
                "{path}: {key} must be a text, a number or true or false"
            ))),
        })
        .collect()
}

fn with_default(command: Command, key: &str, value: String) -> Option<Command> {
    let settings = Config::augment_args(Command::new("settings"));
    settings.get_arguments().find(|arg| arg.get_id() == key)?;
    // Leaked on purpose: settings are read once and live as long as the program.
    let value: &'static str = value.leak();
    Some(command.mut_arg(key, |arg| arg.default_value(value)))
}
