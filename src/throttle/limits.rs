use super::{
    Ident, Memory, Quota, Rate, Rates, Refusals, Refused, Throttle, Verdict,
    redis::{Deed, Redis, Scoped},
};
use crate::{
    config::Config,
    error::{Error, Result, Startup},
    telemetry::Metrics,
    time::Clock,
};

/// The rates, and the counted requests: in this process, or on a Redis shared by several processes.
pub struct Limits {
    rates: Rates,
    enabled: bool,
    clock: Clock,
    memory: Memory,
    refusals: Refusals,
    redis: Option<Redis>,
    /// Whether requests are counted in this process while Redis does not answer; otherwise they are
    /// answered with 503.
    without_redis: bool,
}

impl Limits {
    pub fn new(config: &Config, clock: &Clock) -> Result<Self, Startup> {
        let redis = config.cache_url.as_deref();
        let redis = redis.map(|url| Redis::new(url, &config.cache_prefix));
        Ok(Self {
            rates: config.throttling_rates.clone(),
            enabled: config.throttling_enabled,
            clock: clock.clone(),
            memory: Memory::default(),
            refusals: Refusals::default(),
            redis: redis.transpose()?,
            without_redis: config.throttling_without_redis,
        })
    }

    /// The rate of every rate-limit scope.
    pub fn rates(&self) -> &Rates {
        &self.rates
    }

    pub fn are_enabled(&self) -> bool {
        self.enabled
    }

    /// Whether the limits are shared on Redis.
    pub fn are_shared(&self) -> bool {
        self.redis.is_some()
    }

    /// Counts a request in each of these scopes. Verdicts are in the same order; none if throttling
    /// is disabled.
    pub async fn spend(
        &self,
        ident: Ident,
        scopes: &[&'static str],
        metrics: &Metrics,
    ) -> Result<Vec<Verdict>> {
        if !self.enabled || scopes.is_empty() {
            return Ok(Vec::new());
        }
        let verdicts = self.run(Deed::Spend, ident, scopes).await?;
        for verdict in &verdicts {
            metrics.count_throttled(verdict.quota.scope, verdict.passes);
            if !verdict.passes {
                let now = self.clock.now();
                self.refusals.note(ident, verdict.quota.scope, now);
            }
        }
        Ok(verdicts)
    }

    /// Uncounts the newest request.
    pub async fn give_back(&self, ident: Ident, scope: &'static str) -> Result<()> {
        if self.enabled {
            self.run(Deed::Back, ident, &[scope]).await?;
        }
        Ok(())
    }

    /// The quota of every scope, without counting a request: the caller's, and for scopes that are
    /// counted by address, the address's.
    pub async fn look(&self, ident: Ident, address: Ident) -> Result<Vec<Quota>> {
        let (theirs, own): (Vec<_>, Vec<_>) = self
            .scopes()
            .into_iter()
            .partition(|scope| ident != address && Throttle::BY_ADDRESS.contains(scope));
        let mut verdicts = self.run(Deed::Look, ident, &own).await?;
        if !theirs.is_empty() {
            verdicts.extend(self.run(Deed::Look, address, &theirs).await?);
        }
        verdicts.sort_by_key(|verdict| verdict.quota.scope);
        Ok(verdicts.into_iter().map(|verdict| verdict.quota).collect())
    }

    /// The quotas of a caller on Redis; an error if Redis does not answer.
    pub async fn look_shared(&self, ident: Ident) -> Result<Vec<Quota>> {
        let Some(redis) = &self.redis else {
            return Ok(Vec::new());
        };
        let scoped = self.scoped(&self.scopes());
        let verdicts = redis
            .run(Deed::Look, ident, &scoped, self.redis_time())
            .await;
        let verdicts = verdicts.map_err(|_| unavailable())?;
        Ok(verdicts.into_iter().map(|verdict| verdict.quota).collect())
    }

    /// Deletes the counted requests of a caller on Redis.
    pub async fn reset(&self, ident: Ident) -> Result<()> {
        let Some(redis) = &self.redis else {
            return Ok(());
        };
        let reset = redis.reset(ident, &self.scopes()).await;
        reset.map_err(|_| unavailable())
    }

    /// Those whom this process refused within the last day, the latest first.
    pub fn refused(&self) -> Vec<Refused> {
        self.refusals.latest(self.clock.now())
    }

    /// Removes empty windows from memory.
    pub fn tidy(&self) {
        self.memory.tidy(self.millis());
    }

    fn scopes(&self) -> Vec<&'static str> {
        self.rates.iter().map(|(scope, ..)| scope).collect()
    }

    async fn run(&self, deed: Deed, ident: Ident, scopes: &[&'static str]) -> Result<Vec<Verdict>> {
        let scoped = self.scoped(scopes);
        if let Some(redis) = &self.redis {
            let asked = redis.run(deed, ident, &scoped, self.redis_time());
            // Boxed to keep the futures that await it small.
            match Box::pin(asked).await {
                Ok(verdicts) => return Ok(verdicts),
                Err(_) if self.without_redis => {}
                Err(_) => return Err(unavailable()),
            }
        }
        let now = self.millis();
        let local = scoped.iter().map(|(scope, rate)| match deed {
            Deed::Spend => self.memory.spend(scope, rate, ident, now),
            Deed::Back | Deed::Look => {
                if matches!(deed, Deed::Back) {
                    self.memory.give_back(scope, ident);
                }
                Verdict {
                    passes: true,
                    quota: self.memory.look(scope, rate, ident, now),
                }
            }
        });
        Ok(local.collect())
    }

    fn scoped(&self, scopes: &[&'static str]) -> Vec<Scoped<'_>> {
        let scoped = scopes.iter().map(|scope| (*scope, self.rate(scope)));
        scoped.collect()
    }

    /// 0, which means Redis's own clock, unless a test controls the clock.
    fn redis_time(&self) -> u64 {
        match self.clock.is_machine() {
            true => 0,
            false => self.millis(),
        }
    }

    fn rate(&self, scope: &str) -> &Rate {
        self.rates.get(scope).expect("every scope has a rate")
    }

    fn millis(&self) -> u64 {
        self.clock.now().unix_millis().unsigned_abs()
    }
}

fn unavailable() -> Error {
    Error::Unavailable("Rate limits cannot be checked right now. Try again in a moment.".to_owned())
}
