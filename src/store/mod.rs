//! The database: one text of SQL for SQLite and PostgreSQL.
mod connect;
mod counts;
mod dialect;
pub mod fulltext;
pub mod listing;
mod sql;
mod value;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};

use self::counts::Counts;
pub use self::{
    connect::{Opening, open, redacted},
    dialect::{Dialect, Index},
    sql::{On, Row, Sql, sql},
    value::Value,
};
use crate::error::Result;

/// The pools of one database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pools: Pools,
    statements: Arc<AtomicU64>,
    counts: Counts,
}

#[derive(Clone)]
enum Pools {
    /// SQLite has one writer; readers never wait for it (WAL).
    Sqlite {
        read: SqlitePool,
        write: SqlitePool,
    },
    Postgres(PgPool),
}

impl Db {
    fn new(pools: Pools) -> Self {
        Self {
            pools,
            statements: Arc::default(),
            counts: Counts::default(),
        }
    }

    pub fn dialect(&self) -> Dialect {
        match self.pools {
            Pools::Sqlite { .. } => Dialect::Sqlite,
            Pools::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Starts a transaction that can write.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(match &self.pools {
            // `immediate` takes the write lock at once: a later upgrade could only fail.
            Pools::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("begin immediate").await?),
            Pools::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        sql("select cast(1 as bigint)")
            .number(self)
            .await
            .map(|_| ())
    }

    /// How many statements ran outside of transactions since the start.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    fn counts(&self) -> &Counts {
        &self.counts
    }

    fn count_statement(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits for running statements and closes every connection.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

/// One transaction; dropped without `commit`, it never happened.
pub enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }
}
