use std::io::Read;

use clap::Subcommand;

use super::run::runtime;
use crate::{
    accounts::{self, New, password},
    app::App,
    config::Config,
    error::{Error, Startup},
    scope::Permissions,
    time::Clock,
};

#[derive(Subcommand)]
pub enum Deed {
    /// Make an account, and print its password where none is given
    Create {
        /// Its name: letters, digits, `_`, `.` and `-`
        username: String,
        /// Its e-mail address
        #[arg(long, default_value = "", hide_default_value = true)]
        email: String,
        /// It may do everything
        #[arg(long)]
        admin: bool,
        /// Read the password from the standard input
        #[arg(long)]
        password_stdin: bool,
    },
}

pub fn run(deed: Deed, config: Config) -> Result<(), Startup> {
    let Deed::Create {
        username,
        email,
        admin,
        password_stdin,
    } = deed;
    let password = match password_stdin {
        true => given()?,
        false => password::drawn(),
    };
    let new = New {
        username,
        email,
        password,
        permissions: Permissions::default(),
        is_superuser: admin,
    };
    runtime()?.block_on(async {
        let app = App::build(config, Clock::system()).await?;
        let made = accounts::create(&app, &new).await;
        app.db().close().await;
        made.map_err(told)?;
        println!("The account {} was made.", new.username);
        if !password_stdin {
            println!("Its password is {}", new.password);
        }
        Ok(())
    })
}

fn given() -> Result<String, Startup> {
    let mut text = String::new();
    std::io::stdin()
        .take(10_000)
        .read_to_string(&mut text)
        .map_err(|error| Startup::caused("cannot read the password", error))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Complaints in one line.
fn told(error: Error) -> Startup {
    match error {
        Error::Invalid(fields) => {
            let lines = fields
                .iter()
                .map(|(field, complaints)| format!("{field}: {}", complaints.join(" ")));
            Startup::new(lines.collect::<Vec<_>>().join("; "))
        }
        error => error.into(),
    }
}
