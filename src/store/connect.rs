use std::{
    fs::File,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection,
    migrate::{MigrateError, Migrator},
    postgres::PgConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::time::timeout;
use url::Url;

use super::{Db, PATIENCE, Pools, log, postgres::Servers, readers::Readers};
use crate::error::Startup;

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// Rows per index that SQLite samples for statistics. Plans are as good as with all rows, and
/// sampling is as fast on a million rows as on ten thousand.
const ANALYSIS_LIMIT: u32 = 1_000;

/// Rows that the thread of a connection reads ahead of whoever waits for them. All of them are waited for; with fewer,
/// the two threads wake each other again and again.
const ROWS_AHEAD: usize = 1_000;

/// How to open the database.
pub struct Opening<'a> {
    /// `sqlite:<path>`, or `postgres://user:password@host/name`.
    pub url: &'a str,
    /// Maximum number of connections: readers on SQLite, all connections on PostgreSQL.
    pub connections: u32,
    /// Whether to make the database if there is none.
    pub makes: bool,
    /// For a statement; none where statements may take hours, such as in an import.
    pub deadline: Option<Duration>,
}

/// Opens the database and runs migrations.
pub async fn open(opening: Opening<'_>) -> Result<Db, Startup> {
    match place(opening.url)? {
        Place::Sqlite(path) => sqlite(path, opening).await,
        Place::Postgres => postgres(opening).await,
    }
}

/// Where a database is.
pub(super) enum Place<'a> {
    /// The path of its file.
    Sqlite(&'a str),
    Postgres,
}

pub(super) fn place(url: &str) -> Result<Place<'_>, Startup> {
    if let Some(path) = file_of(url) {
        return match path.is_empty() || path == ":memory:" {
            true => Err(Startup::new(
                "DATABASE_URL needs the path of a file: sqlite:./data/baleen.db",
            )),
            false => Ok(Place::Sqlite(path)),
        };
    }
    match url.split_once(':') {
        Some(("postgres" | "postgresql", _)) => Ok(Place::Postgres),
        _ => Err(Startup::new(format!(
            "DATABASE_URL must start with sqlite: or postgres://, and {} does not",
            redacted(url)
        ))),
    }
}

/// The path of SQLite's file.
pub fn file_of(url: &str) -> Option<&str> {
    let path = url.strip_prefix("sqlite:")?;
    Some(path.trim_start_matches("//"))
}

async fn sqlite(path: &str, opening: Opening<'_>) -> Result<Db, Startup> {
    if !opening.makes && !Path::new(path).exists() {
        return Err(none_yet(path));
    }
    let folder = Path::new(path).parent();
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| {
        Startup::new(format!(
            "cannot make the folder {}: {error}",
            folder.display()
        ))
    })?;
    let turn = take_turn(folder.to_owned()).await;
    log::check(Path::new(path)).await?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        .analysis_limit(ANALYSIS_LIMIT)
        .statement_cache_capacity(200)
        .row_buffer_size(ROWS_AHEAD)
        .disable_statement_logging();
    let failed = |error| Startup::caused(format!("cannot open the database {path}"), error);
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(PATIENCE)
        // When the disk is full, SQLite rolls back by itself. The driver, whose own rollback fails
        // then, believes that the transaction goes on, and would begin no other.
        .before_acquire(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }))
        .connect_with(options.clone())
        .await
        .map_err(failed)?;
    let tables: Vec<String> = sqlx::query_scalar(SQLITE_TABLES)
        .fetch_all(&write)
        .await
        .map_err(failed)?;
    check_owner(&tables, path, opening.makes)?;
    SQLITE.run(&write).await.map_err(outdated)?;
    drop(turn);
    let options = options.read_only(true).create_if_missing(false);
    let read = Readers::open(options, opening.connections, PATIENCE, opening.deadline);
    let read = read.await.map_err(failed)?;
    let path = PathBuf::from(path);
    Ok(Db::new(Pools::Sqlite { read, write, path }))
}

async fn postgres(opening: Opening<'_>) -> Result<Db, Startup> {
    let shown = redacted(opening.url);
    let options = PgConnectOptions::from_str(opening.url)
        .map_err(|error| Startup::caused(format!("DATABASE_URL is not valid: {shown}"), error))?
        .application_name("baleen")
        .statement_cache_capacity(200)
        .disable_statement_logging();
    let away = |error: sqlx::Error| {
        let line = format!("cannot reach PostgreSQL at {shown}; is it running?");
        Startup::caused(line, error)
    };
    // Migrations may take as long as they need: they have a connection of their own.
    let first = timeout(PATIENCE, options.connect()).await;
    let first = first.unwrap_or_else(|late| Err(sqlx::Error::Io(late.into())));
    let mut first = first.map_err(away)?;
    let tables: Vec<String> = sqlx::query_scalar(POSTGRES_TABLES)
        .fetch_all(&mut first)
        .await
        .map_err(|error| Startup::caused(format!("cannot read {shown}"), error))?;
    check_owner(&tables, &shown, opening.makes)?;
    POSTGRES.run(&mut first).await.map_err(outdated)?;
    first.close().await.map_err(away)?;
    let servers = Servers::open(options, opening.connections, PATIENCE, opening.deadline);
    Ok(Db::new(Pools::Postgres(servers.await.map_err(away)?)))
}

/// The tables in a database.
pub(super) const SQLITE_TABLES: &str = "select name from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\'";
/// The same; extensions, such as PostGIS, bring tables of their own.
pub(super) const POSTGRES_TABLES: &str = "select cast(relname as text) from pg_class table_
     where relnamespace = cast(current_schema() as regnamespace) and relkind in ('r', 'p')
         and not exists (select 1 from pg_depend where objid = table_.oid and deptype = 'e'
             and classid = cast('pg_class' as regclass))
     order by relname";

/// The table in which the migrations that ran are written down.
const OURS: &str = "_sqlx_migrations";

/// Refuses the database of another program, which would get our tables between its own.
pub(super) fn check_owner(tables: &[String], shown: &str, makes: bool) -> Result<(), Startup> {
    if tables.iter().any(|table| table == OURS) {
        return Ok(());
    }
    let Some(foreign) = tables.first() else {
        return if makes { Ok(()) } else { Err(none_yet(shown)) };
    };
    let advice = match tables.iter().any(|table| table == "music_track") {
        true => {
            " It is Funkwhale's: name another one in DATABASE_URL, and move the pod over with \
             `baleen import funkwhale URL`"
        }
        false => " Name an empty one in DATABASE_URL",
    };
    Err(Startup::new(format!(
        "the database {shown} belongs to another program: it has the table {foreign}.{advice}"
    )))
}

fn none_yet(shown: &str) -> Startup {
    Startup::new(format!(
        "there is no pod in {shown} yet: start the server, or use `baleen user create`, `scan` or `import`"
    ))
}

/// Waits until no other process makes or migrates a database in this folder. The lock ends with the
/// file that is returned.
async fn take_turn(folder: PathBuf) -> Option<File> {
    let locked = tokio::task::spawn_blocking(move || {
        let folder = File::open(folder)?;
        folder.lock()?;
        Ok::<_, std::io::Error>(folder)
    });
    // Where folders cannot be locked, the first start has to be alone.
    locked.await.ok().and_then(Result::ok)
}

fn outdated(error: MigrateError) -> Startup {
    match error {
        MigrateError::VersionMissing(version) => Startup::new(format!(
            "the database has schema {version}, which this program does not know: \
             it was used by a newer baleen. Start that version, or restore a backup"
        )),
        error => Startup::caused("cannot bring the database up to date", error),
    }
}

/// A database URL without its password and its parameters, for messages. What is no URL may have a
/// password anywhere, so nothing of it is shown.
pub fn redacted(url: &str) -> String {
    if url.starts_with("sqlite:") {
        return url.to_owned();
    }
    let Some(mut shown) = Url::parse(url).ok().filter(Url::has_host) else {
        return "a text that is no URL".to_owned();
    };
    if shown.password().is_some() {
        // Fails only for URLs that cannot have a password, and this one has one.
        let _ = shown.set_password(Some("****"));
    }
    shown.set_query(None);
    shown.to_string()
}
