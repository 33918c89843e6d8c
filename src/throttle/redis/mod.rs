//! Windows that several processes share, on Redis or on a cluster of it.
mod health;
mod pool;

use std::{
    pin::pin,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use deadpool_redis::redis::{Cmd, RedisError, RedisResult, Script, cmd};
use moka::sync::Cache;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

use self::{
    health::Health,
    pool::{Connection, Pool},
};
use super::{Ident, Quota, Rate, Verdict, window::width};
use crate::error::Startup;

/// Longer than this no request waits for a Redis that answers nobody.
pub const PATIENCE: Duration = Duration::from_millis(200);
/// Longer than this no request waits for one that answers others.
const MOST_PATIENCE: Duration = Duration::from_secs(2);
/// Requests that wait for Redis at once; the others wait for their turn here.
const UNDER_WAY: usize = 128;
/// Callers of a cluster whose part of it does not answer, at most.
const CALLERS: u64 = 10_000;
/// So long nobody asks a Redis that did not answer.
const PAUSE: Duration = Duration::from_millis(500);

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
    health: Health,
    /// The same for each caller of a cluster, whose parts fail one by one.
    away: Cache<Ident, ()>,
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
            script: Script::new(include_str!("windows.lua")),
            turns: Semaphore::new(UNDER_WAY),
            health: Health::default(),
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
                self.health.answered();
                Ok(answer)
            }
            Err(Failure::Refused(why)) => {
                self.health.tell(&why);
                Err(Away)
            }
            Err(Failure::Silent(why)) => {
                self.is_away(ident, lane);
                self.health.tell(&why);
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
            let slow = matches!(self.pool, Pool::One(_)) && self.health.answers_others();
            if !slow || started.elapsed() > MOST_PATIENCE {
                return Err(Failure::Silent("it does not answer in time".to_owned()));
            }
        }
    }

    async fn connection(&self, lane: usize) -> Result<Connection, String> {
        if let Some(connection) = &*locked(&self.lanes[lane]) {
            return Ok(connection.clone());
        }
        let fresh = self.pool.connect().await?;
        *locked(&self.lanes[lane]) = Some(fresh.clone());
        Ok(fresh)
    }

    fn may_ask(&self, ident: Ident) -> bool {
        !self.away.contains_key(&ident) && self.health.may_ask()
    }

    /// One server is away for all; of a cluster, the part that counts for this caller.
    fn is_away(&self, ident: Ident, lane: usize) {
        let others = self.health.answers_others();
        let one = matches!(self.pool, Pool::One(_));
        if !one {
            self.away.insert(ident, ());
        } else if !others {
            self.health.pause();
        }
        // The connection to a cluster mends itself, while a part of it answers.
        if one || !others {
            *locked(&self.lanes[lane]) = None;
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
pub fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
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
