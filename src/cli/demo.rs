use std::{fs, io, num::NonZero, path::Path};

use super::{
    progress::Progress,
    run::{runtime, told_to_stop},
    tell,
};
use crate::{
    app::App,
    config::Config,
    demo::{self, Person, Plan},
    error::Startup,
    server, telemetry,
    time::Clock,
};

/// Duration of a demo track in seconds.
const SECONDS: u32 = 30;

/// File with the demo's accounts, next to its database.
const ACCOUNTS: &str = "accounts.txt";

pub fn run(mut config: Config) -> Result<(), Startup> {
    telemetry::start_log(&config)?;
    if !config.bind.ip().is_loopback() {
        return Err(Startup::new(
            "the demo listens on this machine only: --bind must be a loopback address",
        ));
    }
    // Keep the demo apart from the pod in the data folder.
    config.data = config.data.join("demo");
    config.media_root = None;
    config.s3.s3_bucket = None;
    config.funkwhale_hostname = config.funkwhale_hostname.or(Some(config.bind.to_string()));
    config.funkwhale_protocol = config.funkwhale_protocol.or(Some("http".to_owned()));
    runtime()?.block_on(async {
        let data = config.data.clone();
        let app = App::build(config, Clock::system()).await?;
        if demo::is_empty(&app).await? {
            fill(&app, &data).await?;
        } else if !data.join(ACCOUNTS).is_file() {
            return Err(Startup::new(
                "the demo is incomplete, or its database belongs to another pod. Delete \
                 the folder `demo` in the data folder, or choose another with --data",
            ));
        }
        let accounts = fs::read_to_string(data.join(ACCOUNTS)).unwrap_or_default();
        server::serve(app, told_to_stop(), move |address| {
            greet(&address.to_string(), &accounts, &data);
        })
        .await
    })
}

async fn fill(app: &App, data: &Path) -> Result<(), Startup> {
    let plan = Plan {
        folder: data.join("music"),
        seconds: SECONDS,
        writers: std::thread::available_parallelism().map_or(2, NonZero::get),
    };
    let mut progress = Progress::default();
    let people = demo::fill(app, &plan, &mut progress).await;
    progress.clear();
    let accounts = told(&people?);
    keep(&data.join(ACCOUNTS), &accounts)
        .map_err(|error| Startup::caused("cannot write the demo's accounts", error))
}

fn told(people: &[Person]) -> String {
    let line = |person: &Person| {
        format!(
            "    {:<8}{}   token {}   library {:?}, for {}\n",
            person.username,
            person.password,
            person.token,
            person.library,
            person.privacy.word(),
        )
    };
    people.iter().map(line).collect()
}

/// Writes a file that only its owner can read.
fn keep(path: &Path, text: &str) -> io::Result<()> {
    use std::io::Write;
    let mut options = fs::File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)?.write_all(text.as_bytes())
}

fn greet(address: &str, accounts: &str, data: &Path) {
    tell!(
        "The demo pod is ready\n\n  \
         Listen        http://{address}/\n  \
         API explorer  http://{address}/api/v1/docs\n  \
         GraphiQL      http://{address}/graphiql\n\n  \
         Accounts (username, password, and a token for `Authorization: Bearer`)\n{accounts}\n  \
         Everything is in {}; delete that folder to remove the demo.\n",
        data.display()
    );
}
