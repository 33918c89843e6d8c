use super::{
    Ident, Memory, Quota, Rate, Rates, Throttle, Verdict,
    redis::{Deed, Redis, Scoped},
};
use crate::{
    config::Config,
    error::{Error, Result, Startup},
    telemetry::Metrics,
    time::Clock,
};

/// The rates, and what was spent of them: in this process, or on a Redis that several share.
pub struct Limits {
    rates: Rates,
    enabled: bool,
    clock: Clock,
    memory: Memory,
    redis: Option<Redis>,
    /// Whether requests are counted here while Redis does not answer; else they are refused.
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
            redis: redis.transpose()?,
            without_redis: config.throttling_without_redis,
        })
    }

    /// The rate of every throttling scope.
    pub fn rates(&self) -> &Rates {
        &self.rates
    }

    pub fn are_enabled(&self) -> bool {
        self.enabled
    }

    /// Whether several processes share them.
    pub fn are_shared(&self) -> bool {
        self.redis.is_some()
    }

    /// Counts a request in each of these scopes, in order; nothing where nothing is counted.
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
        }
        Ok(verdicts)
    }

    /// Takes the newest request of a budget back.
    pub async fn give_back(&self, ident: Ident, scope: &'static str) -> Result<()> {
        if self.enabled {
            self.run(Deed::Back, ident, &[scope]).await?;
        }
        Ok(())
    }

    /// What is left of the budgets of every scope, without spending: those of a caller, and where
    /// they are kept by address, those of the address.
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

    /// What Redis tells of every budget of a caller; an error where it does not answer.
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

    /// Makes every budget whole that is kept on Redis.
    pub async fn reset(&self, ident: Ident) -> Result<()> {
        let Some(redis) = &self.redis else {
            return Ok(());
        };
        let reset = redis.reset(ident, &self.scopes()).await;
        reset.map_err(|_| unavailable())
    }

    /// Forgets what is empty by now.
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
            // Boxed, so that what waits for it is not as large as all that it may wait for.
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

    /// Redis's own clock, unless a test steers ours.
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
    Error::Unavailable("The rates cannot be counted just now. Try again in a while.".to_owned())
}
