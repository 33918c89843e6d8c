//! What is in a database before anything is written to it.
use std::{path::Path, str::FromStr};

use sqlx::{ConnectOptions, FromRow, postgres::PgConnectOptions, sqlite::SqliteConnectOptions};
use tokio::time::timeout;

use super::{
    PATIENCE,
    connect::{POSTGRES_TABLES, Place, SQLITE_TABLES, check_owner, place, redacted},
};
use crate::error::Startup;

/// How much a pod has that an import would collide with.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Population {
    users: i64,
    actors: i64,
    artists: i64,
}

impl Population {
    pub const SELECT: &str = "select (select count(*) from users) as users,
        (select count(*) from actors) as actors, (select count(*) from artists) as artists";

    /// Refuses to mix two pods.
    pub fn check_empty(&self) -> Result<(), Startup> {
        let Self {
            users,
            actors,
            artists,
        } = self;
        if users + actors + artists == 0 {
            return Ok(());
        }
        Err(Startup::new(format!(
            "the database is not empty: it has {users} users, {actors} accounts and {artists} \
             artists, and an import would mix two pods. Name a new one by --data or DATABASE_URL"
        )))
    }
}

/// What a database holds; `None` if there is no pod in it. Nothing is written.
pub async fn population(url: &str) -> Result<Option<Population>, Startup> {
    let shown = redacted(url);
    let failed = |error| Startup::caused(format!("cannot read {shown}"), error);
    // The same for both, whose connections are types of their own.
    macro_rules! held_by {
        ($options:expr, $tables:expr) => {{
            let connected = timeout(PATIENCE, $options.connect()).await;
            let connected = connected.unwrap_or_else(|late| Err(sqlx::Error::Io(late.into())));
            let mut connection = connected.map_err(failed)?;
            let tables = sqlx::query_scalar($tables).fetch_all(&mut connection);
            let tables: Vec<String> = tables.await.map_err(failed)?;
            check_owner(&tables, &shown, true)?;
            if tables.is_empty() {
                return Ok(None);
            }
            let held = sqlx::query_as(Population::SELECT).fetch_one(&mut connection);
            held.await.map(Some).map_err(failed)
        }};
    }
    match place(url)? {
        Place::Sqlite(path) if !Path::new(path).exists() => Ok(None),
        Place::Sqlite(path) => {
            let options = SqliteConnectOptions::new().filename(path).read_only(true);
            held_by!(options, SQLITE_TABLES)
        }
        Place::Postgres => {
            let options = PgConnectOptions::from_str(url).map_err(failed)?;
            held_by!(options, POSTGRES_TABLES)
        }
    }
}
