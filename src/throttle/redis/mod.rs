//! Sliding windows shared by several processes, on Redis or a Redis cluster.
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

/// How long a request waits for Redis if Redis answers no calls.
pub const PATIENCE: Duration = Duration::from_millis(200);
/// How long a request waits for Redis if Redis answers other calls.
const MOST_PATIENCE: Duration = Duration::from_secs(2);
/// Maximum number of concurrent calls; further requests wait for a permit.
const UNDER_WAY: usize = 128;
/// Maximum number of callers remembered whose part of a cluster does not answer.
const CALLERS: u64 = 10_000;
/// How long a Redis that did not answer is not called.
const PAUSE: Duration = Duration::from_millis(500);

/// A Redis, its connections and its health.
pub struct Redis {
    pool: Pool,
    /// Shared connections, one per processor. Calls are pipelined, so many requests use one
    /// connection at once.
    lanes: Vec<Mutex<Option<Connection>>>,
    next: AtomicUsize,
    prefix: String,
    script: Script,
    turns: Semaphore,
    health: Health,
    /// Callers whose part of a cluster does not answer; the parts of a cluster fail independently.
    away: Cache<Ident, ()>,
}

/// Why a call failed.
enum Failure {
    /// Redis answered with an error, so it is available.
    Refused(String),
    /// Redis did not answer.
    Silent(String),
}

/// Redis did not answer, or not in time.
#[derive(Debug)]
pub struct Away;

/// What the script does with windows.
#[derive(Clone, Copy, Debug)]
pub enum Deed {
    Spend,
    Look,
    Back,
}

/// One scope and its rate.
pub type Scoped<'a> = (&'static str, &'a Rate);

impl Redis {
    /// `url` is one server, or several servers of a cluster separated by commas.
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

    /// Runs the script on several windows of one caller, in one round trip. `now` is in Unix
    /// milliseconds; 0 means Redis's own clock.
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

    /// Deletes the windows of a caller.
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

    /// All windows of a caller are in one cluster slot: only the part in braces is hashed.
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

    /// Waits for an answer; longer if other calls are answered, because then this process is slow.
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

    /// Marks a single server as unavailable for all callers, a cluster for this caller only.
    fn is_away(&self, ident: Ident, lane: usize) {
        let others = self.health.answers_others();
        let one = matches!(self.pool, Pool::One(_));
        if !one {
            self.away.insert(ident, ());
        } else if !others {
            self.health.pause();
        }
        // A cluster connection repairs itself while any part of the cluster answers.
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

/// Ignores poisoning, because the values are set in one step.
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
