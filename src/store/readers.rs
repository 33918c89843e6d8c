//! The read-only connections of SQLite. sqlx runs each connection on its own thread, which would
//! finish a statement even after its caller has disconnected; here such statements are interrupted.
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::TryStreamExt;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Error, SqliteConnection,
    sqlite::{SqliteArguments, SqliteConnectOptions},
};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::sql::Rows;

/// Virtual machine steps of SQLite between two checks for an interrupt: some tens of microseconds.
const STEPS: i32 = 1_000;

/// A pool of read-only connections. Cheap to clone.
#[derive(Clone)]
pub struct Readers(Arc<Pool>);

struct Pool {
    options: SqliteConnectOptions,
    patience: Duration,
    deadline: Option<Duration>,
    connections: u32,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Reader>>,
    /// Connections of earlier generations are closed instead of reused.
    generation: AtomicU64,
}

struct Reader {
    connection: SqliteConnection,
    generation: u64,
    /// Set to interrupt the running statement.
    abandoned: Arc<AtomicBool>,
}

/// A connection in use.
struct Lease {
    pool: Arc<Pool>,
    reader: Option<Reader>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Readers {
    /// At most `connections`, opened on demand. A statement that waits for one longer than
    /// `patience` fails with `PoolTimedOut`.
    pub async fn open(
        options: SqliteConnectOptions,
        connections: u32,
        patience: Duration,
        deadline: Option<Duration>,
    ) -> Result<Self, Error> {
        let pool = Pool {
            options,
            patience,
            deadline,
            connections,
            permits: Arc::new(Semaphore::new(connections as usize)),
            idle: Mutex::default(),
            generation: AtomicU64::new(0),
        };
        let first = pool.connect().await?;
        pool.idle().push(first);
        Ok(Self(Arc::new(pool)))
    }

    /// The rows of a statement. Dropping the future interrupts the statement.
    pub async fn fetch(
        &self,
        text: AssertSqlSafe<String>,
        arguments: SqliteArguments,
        rows: &mut dyn Rows,
    ) -> Result<(), Error> {
        let mut lease = Lease::take(&self.0).await?;
        let reader = lease.reader.as_mut().expect("a lease begins with one");
        let done = collect(&mut reader.connection, text, arguments, rows);
        let done = match self.0.deadline {
            None => done.await,
            Some(deadline) => timeout(deadline, done)
                .await
                .map_err(|late| Error::Io(late.into()))?,
        };
        lease.end(done.as_ref().err());
        done
    }

    /// Makes connections read the schema and statistics again.
    pub fn renew(&self) {
        self.0.generation.fetch_add(1, Ordering::Relaxed);
        self.0.idle().clear();
    }

    /// Waits for running statements and closes every connection.
    pub async fn close(&self) {
        // Fails only if the pool is already closed.
        let all = self.0.permits.acquire_many(self.0.connections).await;
        self.0.permits.close();
        drop(all);
        let idle = std::mem::take(&mut *self.0.idle());
        for reader in idle {
            // Errors do not matter to a read-only connection.
            let _ = reader.connection.close().await;
        }
    }
}

/// Runs a statement and hands over its rows.
pub async fn collect(
    connection: &mut SqliteConnection,
    text: AssertSqlSafe<String>,
    arguments: SqliteArguments,
    rows: &mut dyn Rows,
) -> Result<(), Error> {
    let mut found = sqlx::query_with(text, arguments).fetch(connection);
    while let Some(row) = found.try_next().await? {
        rows.sqlite(&row)?;
    }
    Ok(())
}

impl Pool {
    fn idle(&self) -> MutexGuard<'_, Vec<Reader>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self) -> Result<Reader, Error> {
        let generation = self.generation.load(Ordering::Relaxed);
        let mut connection = self.options.connect().await?;
        let abandoned = Arc::new(AtomicBool::new(false));
        let watched = abandoned.clone();
        let mut handle = connection.lock_handle().await?;
        handle.set_progress_handler(STEPS, move || !watched.load(Ordering::Relaxed));
        drop(handle);
        Ok(Reader {
            connection,
            generation,
            abandoned,
        })
    }

    fn give_back(&self, reader: Reader) {
        if reader.generation == self.generation.load(Ordering::Relaxed) {
            self.idle().push(reader);
        }
    }
}

impl Lease {
    async fn take(pool: &Arc<Pool>) -> Result<Self, Error> {
        let permit = timeout(pool.patience, pool.permits.clone().acquire_owned()).await;
        let permit = permit
            .map_err(|_| Error::PoolTimedOut)?
            .map_err(|_| Error::PoolClosed)?;
        let idle = pool.idle().pop();
        let reader = match idle {
            Some(reader) => reader,
            None => pool.connect().await?,
        };
        Ok(Self {
            pool: pool.clone(),
            reader: Some(reader),
            permit: Some(permit),
        })
    }

    /// Ends the lease. Drops the connection if it failed for reasons other than its statement.
    fn end(mut self, error: Option<&Error>) {
        let broken =
            error.is_some_and(|error| matches!(error, Error::Io(_) | Error::WorkerCrashed));
        if let Some(reader) = self.reader.take().filter(|_| !broken) {
            self.pool.give_back(reader);
        }
    }
}

/// Only a lease that was not ended still has its reader: its statement is interrupted.
impl Drop for Lease {
    fn drop(&mut self) {
        let (Some(mut reader), Ok(runtime)) = (self.reader.take(), Handle::try_current()) else {
            return;
        };
        reader.abandoned.store(true, Ordering::Relaxed);
        let (pool, permit) = (self.pool.clone(), self.permit.take());
        runtime.spawn(async move {
            // The connection's thread answers once the statement has ended.
            if reader.connection.ping().await.is_ok() {
                reader.abandoned.store(false, Ordering::Relaxed);
                pool.give_back(reader);
            }
            drop(permit);
        });
    }
}
