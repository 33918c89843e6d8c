use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use baleen::{
    app::App,
    config::Config,
    import::{Order, Watch, import},
    time::Clock,
};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// What a pod holds at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    Nothing,
    /// The files beside the tests.
    Small,
    /// The pod that the contract's answers were recorded on.
    Contract,
}

/// A database of a test's own.
pub struct Lease {
    pub backend: Backend,
    pub url: String,
    pub folder: String,
    name: String,
}

static COUNTER: AtomicU64 = AtomicU64::new(0);

impl Lease {
    pub async fn take(backend: Backend, data: Data) -> Option<Self> {
        let template = template(backend, data)?;
        let number = COUNTER.fetch_add(1, Ordering::SeqCst);
        let name = format!("baleen_test_{}_{number}", std::process::id());
        let folder = scratch().join(&name);
        fs::create_dir_all(&folder).unwrap();
        let url = match backend {
            Backend::Sqlite => {
                fs::copy(template, folder.join("baleen.db")).unwrap();
                format!("sqlite:{}", folder.join("baleen.db").display())
            }
            Backend::Postgres => {
                run(&format!("create database {name} template {template}"))
                    .await
                    .unwrap();
                database(&name)
            }
        };
        Some(Self {
            backend,
            url,
            folder: folder.display().to_string(),
            name,
        })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Best effort: what is left over is dropped when the next run starts.
        let _ = fs::remove_dir_all(&self.folder);
        if self.backend == Backend::Postgres {
            let drop = format!("drop database if exists {} with (force)", self.name);
            let _ =
                apart(move || async move { run(&drop).await.map_err(|error| error.to_string()) });
        }
    }
}

/// Where the tests' PostgreSQL is: `BALEEN_TEST_POSTGRES`, or this machine's.
fn server() -> String {
    std::env::var("BALEEN_TEST_POSTGRES")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432".into())
}

fn database(name: &str) -> String {
    format!("{}/{name}", server())
}

async fn run(statement: &str) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(&database("postgres")).await?;
    sqlx::query(AssertSqlSafe(statement.to_owned()))
        .execute(&mut connection)
        .await?;
    connection.close().await
}

/// The folder of this run; those of earlier runs are gone.
fn scratch() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pods");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    })
}

/// The contract's folder, when it is there: `BALEEN_CONTRACT`, or beside the project.
pub fn contract() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/contract");
    let named = std::env::var_os("BALEEN_CONTRACT");
    let required = named.is_some() || std::env::var_os("BALEEN_TEST_REQUIRE_CONTRACT").is_some();
    let folder = named.map_or_else(beside, PathBuf::from);
    let found = folder.join("dataset").is_dir();
    assert!(
        found || !required,
        "no contract data in {}",
        folder.display()
    );
    found.then_some(folder)
}

/// The file or database that others are copied from; made once.
fn template(backend: Backend, data: Data) -> Option<&'static str> {
    static MADE: [OnceLock<Option<String>>; 6] = [const { OnceLock::new() }; 6];
    let index = data as usize * 2 + backend as usize;
    MADE[index].get_or_init(|| make(backend, data)).as_deref()
}

fn make(backend: Backend, data: Data) -> Option<String> {
    let name = format!("baleen_test_template_{}_{data:?}", std::process::id()).to_lowercase();
    if backend == Backend::Postgres && !postgres_is_there() {
        return None;
    }
    let folder = scratch().join(&name);
    let url = match backend {
        Backend::Sqlite => format!("sqlite:{}", folder.join("baleen.db").display()),
        Backend::Postgres => database(&name),
    };
    let from = match data {
        Data::Nothing => None,
        Data::Small => Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pod")),
        Data::Contract => Some(contract()?.join("dataset")),
    };
    let create = format!("create database {name}");
    let shown = folder.display().to_string();
    apart(move || async move {
        if backend == Backend::Postgres {
            run(&create).await.map_err(|error| error.to_string())?;
        }
        fill(&url, &shown, from).await
    })
    .unwrap_or_else(|error| panic!("the template of the tests: {error}"));
    Some(match backend {
        Backend::Sqlite => folder.join("baleen.db").display().to_string(),
        Backend::Postgres => name,
    })
}

async fn fill(url: &str, folder: &str, from: Option<PathBuf>) -> Result<(), String> {
    let key = ["--secret-key", super::SECRET_KEY];
    let arguments = [&["--database-url", url, "--data", folder], &key[..]].concat();
    let config = Config::of(&arguments).unwrap();
    let app = App::build(config, Clock::system())
        .await
        .map_err(|error| error.to_string())?;
    if let Some(from) = from {
        let order = Order {
            from: from.display().to_string(),
            media: None,
            allow_missing: false,
            dry_run: false,
        };
        import(&app, &order, &mut Nobody)
            .await
            .map_err(|error| error.to_string())?;
    }
    app.db().close().await;
    // Copies are made of the file alone.
    if !url.starts_with("sqlite:") {
        return Ok(());
    }
    let log = fs::metadata(Path::new(folder).join("baleen.db-wal"));
    match log.map_or(0, |log| log.len()) {
        0 => Ok(()),
        left => Err(format!("{left} bytes are still in the log")),
    }
}

/// Watches nothing.
pub struct Nobody;

impl Watch for Nobody {
    fn stage(&mut self, _: &str, _: u64) {}
    fn done(&mut self, _: u64) {}
}

fn postgres_is_there() -> bool {
    static FOUND: OnceLock<bool> = OnceLock::new();
    *FOUND.get_or_init(|| {
        let found = apart(|| async { clean().await.map_err(|error| error.to_string()) });
        if let Err(error) = &found {
            let required = std::env::var_os("BALEEN_TEST_REQUIRE_POSTGRES").is_some();
            assert!(
                !required,
                "PostgreSQL is required and not found at {}: {error}",
                server()
            );
            eprintln!(
                "PostgreSQL not found at {}, its suite is not run: {error}",
                server()
            );
        }
        found.is_ok()
    })
}

/// Drops what earlier runs left behind.
async fn clean() -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(&database("postgres")).await?;
    let left: Vec<(String,)> = sqlx::query_as(
        "select datname::text from pg_database d where datname like 'baleen\\_test\\_%'
         and not exists (select 1 from pg_stat_activity a where a.datname = d.datname)",
    )
    .fetch_all(&mut connection)
    .await?;
    for (name,) in left.into_iter().filter(|(name,)| !is_in_use(name)) {
        let drop = AssertSqlSafe(format!("drop database if exists {name}"));
        sqlx::query(drop).execute(&mut connection).await?;
    }
    connection.close().await
}

/// Whether the tests that made a database still run: their process is named in it.
fn is_in_use(database: &str) -> bool {
    let mut numbers = database
        .split('_')
        .filter_map(|part| part.parse::<u32>().ok());
    let process = numbers.next();
    process.is_some_and(|process| Path::new(&format!("/proc/{process}")).exists())
}

/// Runs to its end on a thread and a runtime of its own.
fn apart<T, F>(work: impl FnOnce() -> F + Send + 'static) -> Result<T, String>
where
    T: Send + 'static,
    F: Future<Output = Result<T, String>>,
{
    let thread = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.map_err(|error| error.to_string())?.block_on(work())
    });
    thread
        .join()
        .unwrap_or_else(|_| Err("it panicked".to_owned()))
}

/// A database of its own on PostgreSQL, which ends with its story.
pub struct Apart {
    pub url: String,
    name: String,
}

impl Apart {
    /// An empty one; `None` where PostgreSQL is not there.
    pub async fn new() -> Option<Self> {
        if !postgres_is_there() {
            return None;
        }
        let number = COUNTER.fetch_add(1, Ordering::SeqCst);
        let name = format!("baleen_test_{}_{number}", std::process::id());
        run(&format!("create database {name}")).await.unwrap();
        let url = database(&name);
        Some(Self { url, name })
    }

    /// The database of a running Funkwhale, restored from a dump; `None` where there is no
    /// `pg_restore` either.
    pub async fn restored(dump: &Path) -> Option<Self> {
        let made = Self::new().await?;
        let restored = std::process::Command::new("pg_restore")
            .args(["--no-owner", "--no-privileges", "-d", &made.url])
            .arg(dump)
            .output();
        let Ok(restored) = restored else {
            eprintln!("pg_restore not found, moving over from a live database is not run");
            return None;
        };
        assert!(
            restored.status.success(),
            "{}",
            String::from_utf8_lossy(&restored.stderr)
        );
        Some(made)
    }

    pub async fn run(&self, statements: &'static str) {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        sqlx::raw_sql(statements)
            .execute(&mut connection)
            .await
            .unwrap();
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        let drop = format!("drop database if exists {} with (force)", self.name);
        let _ = apart(move || async move { run(&drop).await.map_err(|error| error.to_string()) });
    }
}
