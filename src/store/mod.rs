//! The database: SQL written once for SQLite and PostgreSQL.
mod cache;
mod changes;
mod connect;
mod counts;
mod dialect;
pub mod fulltext;
pub mod listing;
mod log;
mod made;
mod population;
mod postgres;
mod readers;
mod reword;
mod sql;
pub mod text;
mod value;
mod watched;
mod weigh;
pub mod window;
pub mod words;

use std::{ops::Deref, path::PathBuf, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use prometheus_client::metrics::counter::Counter;
use sqlx::{Sqlite, SqlitePool, Transaction};

pub use self::{
    cache::{ANSWERS, Cache, Version},
    changes::{Change, Mark, Paused, prune},
    connect::{Opening, file_of, open, redacted},
    dialect::{Dialect, Index},
    made::Made,
    population::{Population, population},
    reword::reword,
    sql::{On, OnWrite, Row, Sql, columns_of, sql},
    value::Value,
    watched::{Feed, Watch},
    weigh::Weigh,
};
use self::{counts::Counts, made::Notes, postgres::Servers, readers::Readers, watched::Watched};
use crate::{error::Result, time::Clock};

/// How long a request waits for a connection to the database, or for its turn, before it is answered
/// with 503.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db(Reads);

/// Read-only access to the database: no transactions, and no statements that write.
#[derive(Clone)]
pub struct Reads {
    pools: Arc<Pools>,
    statements: Counter,
    counts: Counts,
    cache: Arc<Cache>,
    watched: Arc<Watched>,
    /// Of one request.
    notes: Option<Arc<Notes>>,
}

enum Pools {
    /// SQLite has one writer; readers never wait for it, because of the write-ahead log.
    Sqlite {
        read: Readers,
        write: SqlitePool,
        path: PathBuf,
    },
    Postgres(Servers),
}

impl Deref for Db {
    type Target = Reads;

    fn deref(&self) -> &Reads {
        &self.0
    }
}

impl Reads {
    /// The cache of rows and lists.
    pub(crate) fn cache(&self) -> &Arc<Cache> {
        &self.cache
    }

    pub fn dialect(&self) -> Dialect {
        match *self.pools {
            Pools::Sqlite { .. } => Dialect::Sqlite,
            Pools::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Checks that the database answers.
    pub async fn ping(&self) -> Result<()> {
        sql("select cast(1 as bigint)")
            .number(self)
            .await
            .map(|_| ())
    }

    /// Number of statements sent outside of transactions since startup.
    pub fn statements(&self) -> &Counter {
        &self.statements
    }

    fn counts(&self) -> &Counts {
        &self.counts
    }

    fn count_statement(&self) {
        self.note_more();
        self.statements.inc();
    }
}

impl Db {
    fn new(pools: Pools) -> Self {
        Self(Reads {
            pools: Arc::new(pools),
            statements: Counter::default(),
            counts: Counts::default(),
            cache: Arc::new(Cache::new(0, Clock::system())),
            watched: Arc::default(),
            notes: None,
        })
    }

    /// Enables the cache, with this many megabytes of memory.
    pub fn with_cache(mut self, megabytes: u64, clock: &Clock) -> Self {
        self.0.cache = Arc::new(Cache::new(megabytes, clock.clone()));
        self
    }

    /// Starts a transaction that can write.
    pub fn begin(&self) -> BoxFuture<'_, Result<Tx>> {
        Box::pin(self.begun())
    }

    async fn begun(&self) -> Result<Tx> {
        let connection = match &*self.pools {
            // `immediate` takes the write lock now, because upgrading to it later could fail.
            Pools::Sqlite { write, .. } => {
                Connection::Sqlite(write.begin_with("begin immediate").await?)
            }
            Pools::Postgres(servers) => Connection::Postgres(servers.begin().await?),
        };
        Ok(Tx {
            connection,
            cache: self.cache.clone(),
        })
    }

    /// Updates the statistics of the query planner, after many rows changed.
    pub async fn analyze(&self) -> Result<()> {
        sql("analyze").run(self).await?;
        self.renew();
        Ok(())
    }

    /// Updates missing or outdated statistics. PostgreSQL does so by itself.
    pub async fn optimize(&self) -> Result<()> {
        match self.dialect() {
            // The flags: analyze, and check all tables, not only those queried recently.
            Dialect::Sqlite => {
                sql("pragma optimize = 0x10002").run(self).await?;
                self.renew();
                Ok(())
            }
            Dialect::Postgres => Ok(()),
        }
    }

    /// SQLite connections read the statistics only when they are opened.
    fn renew(&self) {
        if let Pools::Sqlite { read, .. } = &*self.pools {
            read.renew();
        }
    }

    /// Marks SQLite's file and its log as belonging together, anew.
    pub async fn mark_log(&self) -> Result<()> {
        if let Pools::Sqlite { write, path, .. } = &*self.pools {
            log::renew(path, write).await?;
        }
        Ok(())
    }

    /// Waits for running statements and closes every connection.
    pub async fn close(&self) {
        self.watched.stop();
        match &*self.pools {
            Pools::Sqlite { read, write, .. } => {
                read.close().await;
                log::empty(write).await;
                write.close().await;
            }
            Pools::Postgres(servers) => servers.close().await,
        }
    }
}

/// A transaction; rolled back when dropped without `commit`.
pub struct Tx {
    connection: Connection,
    cache: Arc<Cache>,
}

enum Connection {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(postgres::Transaction),
}

impl Tx {
    pub fn commit(self) -> BoxFuture<'static, Result<()>> {
        Box::pin(self.committed())
    }

    async fn committed(self) -> Result<()> {
        let _wrote = self.cache.writing();
        match self.connection {
            Connection::Sqlite(tx) => tx.commit().await?,
            Connection::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    pub fn dialect(&self) -> Dialect {
        match self.connection {
            Connection::Sqlite(_) => Dialect::Sqlite,
            Connection::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Waits for whoever refers to these rows, and keeps others from it to the end: what they wrote is seen by the next
    /// statement. SQLite has one writer anyway.
    pub async fn lock(&mut self, ids: Sql) -> Result<()> {
        if let Dialect::Postgres = self.dialect() {
            ids.then(" order by id for update").ids(self).await?;
        }
        Ok(())
    }

    /// Waits until no other transaction has this turn, and keeps it to the end of this one. SQLite has
    /// one writer anyway.
    pub async fn take_turn(&mut self, name: &str) -> Result<()> {
        if let Dialect::Sqlite = self.dialect() {
            return Ok(());
        }
        sql("select cast(1 as bigint) from pg_advisory_xact_lock(hashtext(?))")
            .bind(name)
            .number(self)
            .await
            .map(|_| ())
    }
}
