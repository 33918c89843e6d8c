//! Windows that several processes share, on Redis or on a cluster of it.
use std::{
    pin::pin,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use deadpool_redis::{
    PoolConfig, Runtime, cluster,
    redis::{
        Cmd, RedisError, RedisResult, Script, aio::MultiplexedConnection,
        cluster_async::ClusterConnection, cmd,
    },
};
use moka::sync::Cache;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

use super::{Ident, Quota, Rate, Verdict, window::width};
use crate::error::Startup;

/// Longer than this no request waits for a Redis that answers nobody.
const PATIENCE: Duration = Duration::from_millis(200);
/// Longer than this no request waits for one that answers others.
const MOST_PATIENCE: Duration = Duration::from_secs(2);
/// Requests that wait for Redis at once; the others wait for their turn here.
const UNDER_WAY: usize = 128;
/// Callers of a cluster whose part of it does not answer, at most.
const CALLERS: u64 = 10_000;
/// So long nobody asks a Redis that did not answer.
const PAUSE: Duration = Duration::from_millis(500);
/// Between two lines of the log that say so.
const SILENCE: Duration = Duration::from_secs(60);

/// A Redis, and how it fares.
pub struct Redis {
    pool: Pool,
    /// Connections that are shared: one for each processor. Answers come back in order, so many
    /// requests wait on one connection at once.
    lanes: Vec<Mutex<Option<Connection>>>,
    next: AtomicUsize,
    prefix: String,
    script: Script,
    turns: Semaphore,
    health: Mutex<Health>,
    /// The same for each caller of a cluster, whose parts fail one by one.
    away: Cache<Ident, ()>,
}

enum Pool {
    One(deadpool_redis::Pool),
    Cluster(cluster::Pool),
}

#[derive(Clone)]
enum Connection {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

#[derive(Default)]
struct Health {
    /// Not before then is it asked again.
    away_until: Option<Instant>,
    /// When it last answered anybody.
    answered: Option<Instant>,
    /// When it was told that it is away.
    told: Option<Instant>,
    /// Whether nothing was told since.
    told_away: bool,
}

/// Why there is no answer.
enum Failure {
    /// It answered that it does not do this: no reason not to ask again.
    Refused(String),
    /// Nothing came back.
    Silent(String),
}

/// That Redis did not answer, or not in time.
#[derive(Debug)]
pub struct Away;

/// What the script is to do with windows.
#[derive(Clone, Copy, Debug)]
pub enum Deed {
    Spend,
    Look,
    Back,
}

/// One scope and its rate.
pub type Scoped<'a> = (&'static str, &'a Rate);

impl Redis {
    /// `url` names one server, or several of a cluster with commas between.
    pub fn new(url: &str, prefix: &str) -> Result<Self, Startup> {
        let lanes = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            pool: Pool::new(url, lanes)?,
            lanes: (0..lanes).map(|_| Mutex::default()).collect(),
            next: AtomicUsize::new(0),
            prefix: prefix.to_owned(),
            script: Script::new(include_str!("redis.lua")),
            turns: Semaphore::new(UNDER_WAY),
            health: Mutex::default(),
            away: Cache::builder()
                .max_capacity(CALLERS)
                .time_to_live(PAUSE)
                .build(),
        })
    }

    /// Does the same to several windows of one caller, in one round trip. `now` is in milliseconds
    /// since 1970; 0 is Redis's own clock.
    pub async fn run(
        &self,
        deed: Deed,
        ident: Ident,
        scopes: &[Scoped<'_>],
        now: u64,
    ) -> Result<Vec<Verdict>, Away> {
        let mut call = self.script.prepare_invoke();
        call.arg(match deed {
            Deed::Spend => "spend",
            Deed::Look => "look",
            Deed::Back => "back",
        });
        call.arg(now);
        for (scope, rate) in scopes {
            call.key(self.key(ident, scope));
            call.arg(rate.limit).arg(rate.millis()).arg(width(rate));
        }
        let answers: Vec<i64> = self
            .asked(ident, async |connection| match connection {
                Connection::One(one) => call.invoke_async(one).await,
                Connection::Cluster(all) => call.invoke_async(all).await,
            })
            .await?;
        let rows = answers.chunks_exact(4).zip(scopes);
        Ok(rows.map(|(row, scoped)| verdict(row, *scoped)).collect())
    }

    /// Forgets what a caller has spent.
    pub async fn reset(&self, ident: Ident, scopes: &[&'static str]) -> Result<(), Away> {
        let mut delete: Cmd = cmd("DEL");
        for scope in scopes {
            delete.arg(self.key(ident, scope));
        }
        self.asked(ident, async |connection| match connection {
            Connection::One(one) => delete.query_async(one).await,
            Connection::Cluster(all) => delete.query_async(all).await,
        })
        .await
    }

    /// All windows of a caller lie in one slot of a cluster: the braces name what is hashed.
    fn key(&self, ident: Ident, scope: &str) -> String {
        format!(
            "{}:throttle:{{{}:{ident}}}:{scope}",
            self.prefix,
            ident.kind()
        )
    }

    async fn asked<T>(
        &self,
        ident: Ident,
        ask: impl AsyncFnOnce(&mut Connection) -> RedisResult<T>,
    ) -> Result<T, Away> {
        let _turn = self.turns.acquire().await.map_err(|_| Away)?;
        if !self.may_ask(ident) {
            return Err(Away);
        }
        let lane = self.next.fetch_add(1, Ordering::Relaxed) % self.lanes.len();
        let asking = async {
            let mut connection = self.connection(lane).await.map_err(Failure::Silent)?;
            ask(&mut connection).await.map_err(Failure::of)
        };
        match self.patiently(asking).await {
            Ok(answer) => {
                self.is_here();
                Ok(answer)
            }
            Err(Failure::Refused(why)) => {
                self.tell(&why);
                Err(Away)
            }
            Err(Failure::Silent(why)) => {
                self.is_away(ident, lane);
                self.tell(&why);
                Err(Away)
            }
        }
    }

    /// Waits for an answer, longer while others get theirs: then it is this process that is slow.
    async fn patiently<T>(
        &self,
        asking: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let mut asking = pin!(asking);
        let started = Instant::now();
        loop {
            if let Ok(answer) = timeout(PATIENCE, &mut asking).await {
                return answer;
            }
            if !self.answers_others() || started.elapsed() > MOST_PATIENCE {
                return Err(Failure::Silent("it does not answer in time".to_owned()));
            }
        }
    }

    fn answers_others(&self) -> bool {
        let answered = locked(&self.health).answered;
        answered.is_some_and(|answered| answered.elapsed() <= PATIENCE)
    }

    async fn connection(&self, lane: usize) -> Result<Connection, String> {
        if let Some(connection) = &*locked(&self.lanes[lane]) {
            return Ok(connection.clone());
        }
        let fresh = self.pool.connect().await?;
        *locked(&self.lanes[lane]) = Some(fresh.clone());
        Ok(fresh)
    }

    /// Of those who come while it is away, one at a time looks whether it is back.
    fn may_ask(&self, ident: Ident) -> bool {
        if self.away.contains_key(&ident) {
            return false;
        }
        let (mut health, now) = (locked(&self.health), Instant::now());
        match health.away_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                health.away_until = Some(now + PAUSE);
                true
            }
        }
    }

    fn is_here(&self) {
        let mut health = locked(&self.health);
        health.answered = Some(Instant::now());
        health.away_until = None;
        if std::mem::take(&mut health.told_away) {
            tracing::info!("Redis answers: rates are counted there again");
        }
    }

    /// One server is away for all; of a cluster, the part that counts for this caller.
    fn is_away(&self, ident: Ident, lane: usize) {
        let others = self.answers_others();
        match self.pool {
            Pool::One(_) => {
                *locked(&self.lanes[lane]) = None;
                if !others {
                    locked(&self.health).away_until = Some(Instant::now() + PAUSE);
                }
            }
            Pool::Cluster(_) => {
                self.away.insert(ident, ());
                if !others {
                    *locked(&self.lanes[lane]) = None;
                }
            }
        }
    }

    fn tell(&self, why: &str) {
        let (mut health, now) = (locked(&self.health), Instant::now());
        if health.told.is_none_or(|told| now >= told + SILENCE) {
            health.told = Some(now);
            health.told_away = true;
            tracing::warn!(
                why,
                "Redis does not answer: rates are not shared until it does"
            );
        }
    }
}

impl Failure {
    fn of(error: RedisError) -> Self {
        match error.code() {
            Some(_) => Self::Refused(error.to_string()),
            None => Self::Silent(error.to_string()),
        }
    }
}

/// A panic elsewhere cannot leave these half-changed: they are set in one go.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn verdict(row: &[i64], scoped: Scoped<'_>) -> Verdict {
    let used = u32::try_from(row[1]).unwrap_or(u32::MAX);
    let left = |millis: i64| u64::try_from(millis).ok();
    Verdict {
        passes: row[0] == 1,
        quota: Quota::of(scoped, used, (left(row[2]), left(row[3]))),
    }
}

impl Pool {
    fn new(url: &str, size: usize) -> Result<Self, Startup> {
        let wrong = |error: &dyn std::error::Error| {
            Startup::new(format!(
                "CACHE_URL is not redis://HOST:PORT/N, or several with commas for a cluster ({error})"
            ))
        };
        let config = PoolConfig::new(size);
        let urls: Vec<String> = url.split(',').map(|part| part.trim().to_owned()).collect();
        if let [one] = &urls[..] {
            let builder = deadpool_redis::Config::from_url(one).builder();
            let builder = builder.map_err(|error| wrong(&error))?;
            let pool = builder.config(config).runtime(Runtime::Tokio1).build();
            return pool.map(Self::One).map_err(|error| wrong(&error));
        }
        let builder = cluster::Config::from_urls(urls).builder();
        let builder = builder.map_err(|error| wrong(&error))?;
        let pool = builder.config(config).runtime(Runtime::Tokio1).build();
        pool.map(Self::Cluster).map_err(|error| wrong(&error))
    }

    async fn connect(&self) -> Result<Connection, String> {
        match self {
            Self::One(pool) => {
                let pooled = pool.get().await.map_err(|error| error.to_string())?;
                Ok(Connection::One(deadpool_redis::Connection::take(pooled)))
            }
            Self::Cluster(pool) => {
                let pooled = pool.get().await.map_err(|error| error.to_string())?;
                Ok(Connection::Cluster(cluster::Connection::take(pooled)))
            }
        }
    }
}
