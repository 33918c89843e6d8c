//! Whether the write-ahead log beside an SQLite file belongs to it. SQLite cannot tell: the log of a crash
//! beside a restored backup would be replayed into it.
//!
//! The file holds a number in its header (`user_version`), and a small file beside it holds the same. The
//! number changes now and then, so that the file of an earlier time has another one.
use std::{
    fs, io,
    path::{Path, PathBuf},
};

use sqlx::{ConnectOptions, Connection, SqlitePool, sqlite::SqliteConnectOptions};

use crate::error::Startup;

/// Refuses to open a database beside the log of another one. Without a log it is what it is: what is
/// written to it from now on belongs to it.
pub async fn check(database: &Path) -> Result<(), Startup> {
    let log = beside(database, "-wal");
    let known = fs::read_to_string(beside(database, "-mark")).unwrap_or_default();
    let Ok(held) = held(database).await else {
        return Ok(());
    };
    if known.is_empty() || known.lines().any(|known| known == held.to_string()) {
        return Ok(());
    }
    if fs::metadata(&log).map_or(0, |log| log.len()) == 0 {
        let noted = note(database, &[held]);
        return noted.map_err(|error| {
            Startup::caused(format!("cannot write beside {}", database.display()), error)
        });
    }
    Err(Startup::new(format!(
        "{} does not belong to {}: a backup was restored beside the log of a crash. Move the log and \
         {} away, as docs/BACKUP.md says, and start again",
        log.display(),
        database.display(),
        beside(database, "-shm").display(),
    )))
}

/// Gives the file and what stands beside it a new number.
pub async fn renew(database: &Path, write: &SqlitePool) -> sqlx::Result<()> {
    let now: i64 = sqlx::query_scalar("pragma user_version")
        .fetch_one(write)
        .await?;
    let next = i64::from(u32::from_be_bytes(crate::random::bytes()) >> 1);
    // Whenever it ends, one of the numbers is the file's: an earlier checkpoint may have been too busy
    // to write the present one there.
    note(database, &[held(database).await?, now, next])?;
    let set = format!("pragma user_version = {next}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(set))
        .execute(write)
        .await?;
    // Without waiting for readers: whoever waits to write would wait too.
    sqlx::raw_sql("pragma wal_checkpoint(passive)")
        .execute(write)
        .await?;
    if held(database).await? == next {
        note(database, &[next])?;
    }
    Ok(())
}

/// Brings what the log holds into the file. SQLite does so when its last connection closes, unless that
/// one can only read: another program's, or a reader of ours that ends in the background.
pub async fn empty(write: &SqlitePool) {
    // Best effort, without waiting for readers: what stays in the log is found at the next start.
    let empty =
        "pragma wal_checkpoint(passive); pragma busy_timeout = 0; pragma wal_checkpoint(truncate)";
    let _ = sqlx::raw_sql(empty).execute(write).await;
}

fn note(database: &Path, numbers: &[i64]) -> io::Result<()> {
    let lines: Vec<String> = numbers.iter().map(i64::to_string).collect();
    let (note, new) = (beside(database, "-mark"), beside(database, "-mark.new"));
    fs::write(&new, lines.join("\n"))?;
    fs::rename(new, note)
}

/// The number in the file itself, without its log.
///
/// SQLite reads it. Whoever opens and closes the file in another way gives up all locks that SQLite holds
/// on it in this process (POSIX); the next program that looks into the database then takes it for unused,
/// and removes the log under our feet.
async fn held(database: &Path) -> sqlx::Result<i64> {
    let options = SqliteConnectOptions::new()
        .filename(database)
        .read_only(true)
        .immutable(true);
    let mut connection = options.connect().await?;
    let held = sqlx::query_scalar("pragma user_version")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(held)
}

fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(ending);
    path.into()
}
