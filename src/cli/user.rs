use std::io::Read;

use clap::Subcommand;

use super::{run::runtime, say, tell};
use crate::{
    accounts::{
        New,
        directory::{self, Listed, Privileges},
        password,
    },
    app::App,
    config::Config,
    error::{Error, Startup},
    scope::Permissions,
    time::Clock,
};

#[derive(Subcommand)]
pub enum Deed {
    /// Create an account and print its password, unless one is given
    Create {
        /// Username: 1 to 30 letters, digits, `_`, `.` and `-`
        username: String,
        /// Email address [default: none]
        #[arg(long, default_value = "", hide_default_value = true)]
        email: String,
        /// Make the account a superuser with all permissions
        #[arg(long)]
        admin: bool,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// List accounts with their permissions
    List,
    /// Set a new password and print it, unless one is given; ends all browser sessions of the user
    SetPassword {
        /// Username of the account
        username: String,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Show or change the permissions of an account
    Permissions {
        /// Username of the account
        username: String,
        /// Superuser with all permissions
        #[arg(long, value_name = "BOOL")]
        admin: Option<bool>,
        /// Manage the catalogue of the pod
        #[arg(long, value_name = "BOOL")]
        library: Option<bool>,
        /// Moderate the pod
        #[arg(long, value_name = "BOOL")]
        moderation: Option<bool>,
        /// Manage the pod's settings and users
        #[arg(long, value_name = "BOOL")]
        settings: Option<bool>,
        /// Whether the account can be used
        #[arg(long, value_name = "BOOL")]
        active: Option<bool>,
    },
}

pub fn run(deed: Deed, config: Config) -> Result<(), Startup> {
    runtime()?.block_on(async {
        let makes = matches!(deed, Deed::Create { .. });
        let app = match makes {
            true => App::build(config, Clock::system()).await?,
            false => App::build_on_existing(config, Clock::system()).await?,
        };
        let done = perform(deed, &app).await;
        app.db().close().await;
        done
    })
}

async fn perform(deed: Deed, app: &App) -> Result<(), Startup> {
    match deed {
        Deed::Create {
            username,
            email,
            admin,
            password_stdin,
        } => {
            let new = New {
                username,
                email,
                password: wanted(password_stdin)?,
                permissions: Permissions::default(),
                is_superuser: admin,
            };
            directory::create(app, &new).await.map_err(told)?;
            tell!("Created account {}.", new.username);
            show(password_stdin, &new.password);
        }
        Deed::List => list(app).await?,
        Deed::SetPassword {
            username,
            password_stdin,
        } => {
            let plain = wanted(password_stdin)?;
            directory::set_password(app, &username, &plain)
                .await
                .map_err(told)?;
            tell!("Changed the password of {username}.");
            show(password_stdin, &plain);
        }
        Deed::Permissions {
            username,
            admin,
            library,
            moderation,
            settings,
            active,
        } => {
            let wanted = Privileges {
                admin,
                library,
                moderation,
                settings,
                active,
            };
            let row = directory::set_privileges(app, &username, &wanted)
                .await
                .map_err(told)?;
            tell!("{}", line(&row));
        }
    }
    Ok(())
}

async fn list(app: &App) -> Result<(), Startup> {
    let mut text = format!(
        "{:<30} {:<11} {:<9} {:<20} email\n",
        "username", "permissions", "active", "joined"
    );
    for row in directory::list(app).await.map_err(told)? {
        text += &line(&row);
        text.push('\n');
    }
    say(&text)
}

fn line(row: &Listed) -> String {
    let active = if row.is_active { "yes" } else { "no" };
    let joined = row.date_joined.0.format("%Y-%m-%d %H:%M");
    format!(
        "{:<30} {:<11} {active:<9} {joined:<20} {}",
        row.username,
        row.privileges(),
        row.email
    )
}

fn wanted(password_stdin: bool) -> Result<String, Startup> {
    match password_stdin {
        true => given(),
        false => Ok(password::drawn()),
    }
}

fn show(given: bool, password: &str) {
    if !given {
        tell!("The password is {password}");
    }
}

fn given() -> Result<String, Startup> {
    let mut text = String::new();
    std::io::stdin()
        .take(10_000)
        .read_to_string(&mut text)
        .map_err(|error| Startup::caused("cannot read the password", error))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Joins field errors into one line.
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
