//! The connections to PostgreSQL, which may be away, stand still, or lie behind a network that fell
//! silent: nothing waits for it without end.
use std::{future::pending, io::ErrorKind, sync::Arc, time::Duration};

use futures_util::TryStreamExt;
use sqlx::{
    AssertSqlSafe, Connection, Error, PgConnection, PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgArguments, PgConnectOptions, PgPoolOptions},
};
use tokio::{
    net::{TcpStream, UnixStream},
    time::{sleep, timeout},
};

use super::sql::Rows;

/// A pool of connections. Cheap to clone.
#[derive(Clone)]
pub struct Servers {
    pool: PgPool,
    place: Arc<Place>,
    /// For a statement; none where statements may take hours, such as in an import.
    deadline: Option<Duration>,
}

/// Where the server listens.
enum Place {
    Port(String, u16),
    Socket(std::path::PathBuf),
}

/// A connection that was idle for longer is tried before it is used.
const FRESH: Duration = Duration::from_secs(1);
/// A connection that comes later makes us look whether there is a server at all.
const PROMPT: Duration = Duration::from_millis(200);
/// For taking back what an abandoned transaction did.
const ROLLBACK: Duration = Duration::from_secs(5);

impl Servers {
    /// At most `connections`, the first of them now. Whoever waits for one longer than `patience` fails
    /// with `PoolTimedOut`.
    pub async fn open(
        options: PgConnectOptions,
        connections: u32,
        patience: Duration,
        deadline: Option<Duration>,
    ) -> Result<Self, Error> {
        let place = match options.get_socket() {
            Some(folder) => socket(folder, options.get_port()),
            None if options.get_host().starts_with('/') => {
                socket(options.get_host().as_ref(), options.get_port())
            }
            None => Place::Port(options.get_host().to_owned(), options.get_port()),
        };
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(deadline.map_or(patience, |deadline| deadline.min(patience)))
            .test_before_acquire(false)
            .before_acquire(|connection, used| {
                Box::pin(async move {
                    if used.idle_for > FRESH {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .after_connect(move |connection, _| Box::pin(bound(connection, deadline)))
            .connect_with(options)
            .await?;
        Ok(Self {
            pool,
            place: Arc::new(place),
            deadline,
        })
    }

    pub async fn fetch(
        &self,
        text: AssertSqlSafe<String>,
        arguments: PgArguments,
        rows: &mut dyn Rows,
    ) -> Result<(), Error> {
        self.lease().await?.fetch(text, arguments, rows).await
    }

    pub async fn execute(
        &self,
        text: AssertSqlSafe<String>,
        arguments: PgArguments,
    ) -> Result<u64, Error> {
        self.lease().await?.execute(text, arguments).await
    }

    pub async fn begin(&self) -> Result<Transaction, Error> {
        let mut lease = self.lease().await?;
        lease.command("begin").await?;
        Ok(Transaction(Some(lease)))
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }

    async fn lease(&self) -> Result<Lease, Error> {
        let connection = tokio::select! {
            connection = self.pool.acquire() => connection?,
            refused = self.place.refuses() => return Err(refused),
        };
        Ok(Lease {
            connection: Some(connection),
            is_busy: false,
            deadline: self.deadline,
        })
    }
}

fn socket(folder: &std::path::Path, port: u16) -> Place {
    Place::Socket(folder.join(format!(".s.PGSQL.{port}")))
}

/// Has the server end what takes too long, and what nobody waits for any more.
async fn bound(connection: &mut PgConnection, deadline: Option<Duration>) -> Result<(), Error> {
    let Some(deadline) = deadline else {
        return Ok(());
    };
    let milliseconds = deadline.as_millis();
    let bound = format!("set statement_timeout = {milliseconds}");
    sqlx::query(AssertSqlSafe(bound))
        .execute(&mut *connection)
        .await?;
    // Older servers, and some systems, do not have it.
    let watch = sqlx::query("set client_connection_check_interval = 5000");
    let _ = watch.execute(connection).await;
    Ok(())
}

impl Place {
    /// The error, if nobody listens there any more; looked at when a connection is late. The pool would
    /// try again until its patience ends.
    async fn refuses(&self) -> Error {
        sleep(PROMPT).await;
        let tried = match self {
            Self::Port(host, port) => TcpStream::connect((host.as_str(), *port)).await.map(drop),
            Self::Socket(path) => UnixStream::connect(path).await.map(drop),
        };
        match tried {
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::ConnectionRefused | ErrorKind::NotFound
                ) =>
            {
                Error::Io(error)
            }
            _ => pending().await,
        }
    }
}

/// A connection in use. One that is dropped in the middle of a statement is closed.
struct Lease {
    connection: Option<PoolConnection<Postgres>>,
    is_busy: bool,
    deadline: Option<Duration>,
}

impl Lease {
    async fn fetch(
        &mut self,
        text: AssertSqlSafe<String>,
        arguments: PgArguments,
        rows: &mut dyn Rows,
    ) -> Result<(), Error> {
        let query = sqlx::query_with(text, arguments);
        self.run(async |connection| {
            let mut found = query.fetch(connection);
            while let Some(row) = found.try_next().await? {
                rows.postgres(&row)?;
            }
            Ok(())
        })
        .await
    }

    async fn execute(
        &mut self,
        text: AssertSqlSafe<String>,
        arguments: PgArguments,
    ) -> Result<u64, Error> {
        let query = sqlx::query_with(text, arguments);
        let done = self.run(async |connection| query.execute(connection).await);
        done.await.map(|done| done.rows_affected())
    }

    async fn command(&mut self, text: &'static str) -> Result<(), Error> {
        let done = self.run(async |connection| sqlx::raw_sql(text).execute(connection).await);
        done.await.map(drop)
    }

    /// Runs a statement until its deadline.
    async fn run<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let connection = self.connection.as_mut().ok_or(Error::PoolClosed)?;
        self.is_busy = true;
        let work = work(connection);
        let done = match self.deadline {
            None => work.await,
            // The server ends it first, if it can.
            Some(deadline) => timeout(deadline + FRESH, work)
                .await
                .map_err(|_| Error::Io(ErrorKind::TimedOut.into()))?,
        };
        self.is_busy = matches!(done, Err(Error::Io(_) | Error::Protocol(_)));
        done
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.is_busy
            && let Some(connection) = self.connection.take()
        {
            drop(connection.detach());
        }
    }
}

/// A transaction; rolled back when dropped without `commit`.
pub struct Transaction(Option<Lease>);

impl Transaction {
    pub async fn fetch(
        &mut self,
        text: AssertSqlSafe<String>,
        arguments: PgArguments,
        rows: &mut dyn Rows,
    ) -> Result<(), Error> {
        let lease = self.0.as_mut().ok_or(Error::PoolClosed)?;
        lease.fetch(text, arguments, rows).await
    }

    pub async fn execute(
        &mut self,
        text: AssertSqlSafe<String>,
        arguments: PgArguments,
    ) -> Result<u64, Error> {
        let lease = self.0.as_mut().ok_or(Error::PoolClosed)?;
        lease.execute(text, arguments).await
    }

    pub async fn commit(mut self) -> Result<(), Error> {
        let mut lease = self.0.take().ok_or(Error::PoolClosed)?;
        lease.command("commit").await
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        // What is closed is rolled back by the server.
        if let Some(mut lease) = self.0.take().filter(|lease| !lease.is_busy)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move { timeout(ROLLBACK, lease.command("rollback")).await });
        }
    }
}
