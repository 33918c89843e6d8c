//! Sources of rows: the files of a data set, or the database of a running Funkwhale.
use std::{
    fs::File,
    io::{BufRead, BufReader, Lines},
    path::{Path, PathBuf},
    str::FromStr,
};

use serde_json::Value;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row, postgres::PgConnectOptions,
};

use super::funkwhale::QUERIES;
use crate::{error::Startup, store::redacted};

/// A row, and its name in error messages.
pub struct Found {
    pub place: String,
    pub row: Value,
}

/// Rows per batch.
const BATCH: usize = 500;

pub enum Source {
    Files(PathBuf),
    Database {
        connection: PgConnection,
        shown: String,
    },
}

/// The remaining rows of one kind.
pub enum Cursor {
    File {
        path: PathBuf,
        lines: Lines<BufReader<File>>,
        line: usize,
    },
    Query {
        kind: &'static str,
        row: usize,
    },
    Nothing,
}

impl Source {
    /// Opens a folder of `.jsonl` files, or `postgres://..`.
    pub async fn open(from: &str) -> Result<Self, Startup> {
        if from.starts_with("postgres://") || from.starts_with("postgresql://") {
            return Self::database(from).await;
        }
        let folder = PathBuf::from(from);
        if !folder.is_dir() {
            return Err(Startup::new(format!(
                "{from} is neither a folder of .jsonl files nor an address such as \
                 postgres://funkwhale@localhost/funkwhale"
            )));
        }
        if !QUERIES
            .iter()
            .any(|(kind, _)| file_of(&folder, kind).is_file())
        {
            return Err(Startup::new(format!(
                "{from} holds no data set: there is no users.jsonl, artists.jsonl or the like"
            )));
        }
        Ok(Self::Files(folder))
    }

    async fn database(url: &str) -> Result<Self, Startup> {
        let shown = redacted(url);
        let options = PgConnectOptions::from_str(url)
            .map_err(|error| Startup::caused(format!("{shown} is not a valid address"), error))?
            .disable_statement_logging();
        let mut connection = PgConnection::connect_with(&options)
            .await
            .map_err(|error| Startup::caused(format!("cannot reach {shown}"), error))?;
        // One snapshot, so that rows are consistent while the pod is running.
        for statement in [
            "set timezone to 'UTC'",
            "begin isolation level repeatable read read only",
        ] {
            sqlx::query(statement)
                .execute(&mut connection)
                .await
                .map_err(|error| Startup::caused(format!("cannot read from {shown}"), error))?;
        }
        Ok(Self::Database { connection, shown })
    }

    /// The number of rows of a kind.
    pub async fn count(&mut self, kind: &'static str) -> Result<u64, Startup> {
        match self {
            Self::Files(folder) => {
                let path = file_of(folder, kind);
                if !path.is_file() {
                    return Ok(0);
                }
                Ok(lines(&path)?.count() as u64)
            }
            Self::Database { connection, shown } => {
                let count = format!("select count(*) from ({}) x", query_of(kind));
                let row = sqlx::query(AssertSqlSafe(count))
                    .fetch_one(connection)
                    .await;
                let row = row.map_err(|error| unlike(shown, kind, error))?;
                Ok(u64::try_from(row.get::<i64, _>(0)).unwrap_or_default())
            }
        }
    }

    /// Starts reading the rows of a kind.
    pub async fn read(&mut self, kind: &'static str) -> Result<Cursor, Startup> {
        match self {
            Self::Files(folder) => {
                let path = file_of(folder, kind);
                if !path.is_file() {
                    return Ok(Cursor::Nothing);
                }
                Ok(Cursor::File {
                    lines: lines(&path)?,
                    path,
                    line: 0,
                })
            }
            Self::Database { connection, shown } => {
                let declare = format!(
                    "declare rows cursor for select row_to_json(x)::text from ({}) x",
                    query_of(kind)
                );
                let declared = sqlx::query(AssertSqlSafe(declare))
                    .execute(connection)
                    .await;
                declared.map_err(|error| unlike(shown, kind, error))?;
                Ok(Cursor::Query { kind, row: 0 })
            }
        }
    }

    /// The next rows; empty when all have been read.
    pub async fn next(&mut self, cursor: &mut Cursor) -> Result<Vec<Found>, Startup> {
        match (self, cursor) {
            (_, Cursor::Nothing) => Ok(Vec::new()),
            (_, Cursor::File { path, lines, line }) => next_lines(path, lines, line),
            (Self::Database { connection, shown }, Cursor::Query { kind, row }) => {
                next_rows(connection, shown, kind, row).await
            }
            (Self::Files(_), Cursor::Query { .. }) => unreachable!("a cursor is of its source"),
        }
    }
}

fn file_of(folder: &Path, kind: &str) -> PathBuf {
    folder.join(format!("{kind}.jsonl"))
}

fn query_of(kind: &str) -> &'static str {
    QUERIES
        .iter()
        .find(|(name, _)| *name == kind)
        .map_or("select 1 where false", |(_, query)| query)
}

fn lines(path: &Path) -> Result<Lines<BufReader<File>>, Startup> {
    let file = File::open(path)
        .map_err(|error| Startup::caused(format!("cannot read {}", path.display()), error))?;
    Ok(BufReader::new(file).lines())
}

fn next_lines(
    path: &Path,
    lines: &mut Lines<BufReader<File>>,
    line: &mut usize,
) -> Result<Vec<Found>, Startup> {
    let mut batch = Vec::with_capacity(BATCH);
    for text in lines.by_ref().take(BATCH) {
        *line += 1;
        let place = format!("{}:{line}", path.display());
        let text = text.map_err(|error| Startup::caused(&place, error))?;
        let row = serde_json::from_str(&text)
            .map_err(|error| Startup::new(format!("{place}: this is not JSON: {error}")))?;
        batch.push(Found { place, row });
    }
    Ok(batch)
}

async fn next_rows(
    connection: &mut PgConnection,
    shown: &str,
    kind: &str,
    row: &mut usize,
) -> Result<Vec<Found>, Startup> {
    let fetch = AssertSqlSafe(format!("fetch {BATCH} from rows"));
    let rows = sqlx::query(fetch).fetch_all(&mut *connection).await;
    let rows = rows.map_err(|error| unlike(shown, kind, error))?;
    let mut batch = Vec::with_capacity(rows.len());
    for found in &rows {
        *row += 1;
        let place = format!("{kind}, row {row}");
        let text: &str = found
            .try_get(0)
            .map_err(|error| Startup::caused(&place, error))?;
        let row = serde_json::from_str(text).map_err(|error| Startup::caused(&place, error))?;
        batch.push(Found { place, row });
    }
    if batch.is_empty() {
        let closed = sqlx::query("close rows").execute(connection).await;
        closed.map_err(|error| unlike(shown, kind, error))?;
    }
    Ok(batch)
}

fn unlike(shown: &str, kind: &str, error: sqlx::Error) -> Startup {
    Startup::caused(
        format!("cannot read {kind} from {shown}; is it the database of a Funkwhale 1.4?"),
        error,
    )
}
