//! Everything the server is made of, built once and shared by `main` and the tests.
use std::sync::Arc;

use crate::{
    cached::Cached,
    config::Config,
    error::{Result, Startup},
    fetch::Fetcher,
    media::Media,
    resources::instance::{Figures, Preferences},
    store::{self, Db, Opening},
    telemetry::Metrics,
    throttle::{Ident, Memory, Quota, Rates},
    time::Clock,
};

/// The parts of a running server. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

struct Parts {
    config: Config,
    db: Db,
    clock: Clock,
    windows: Memory,
    metrics: Metrics,
    media: Media,
    fetcher: Fetcher,
    preferences: Cached<Preferences>,
    figures: Cached<Figures>,
}

impl App {
    /// Opens the database, brings it up to date, and puts the parts together.
    pub async fn build(config: Config, clock: Clock) -> Result<Self, Startup> {
        let url = config.database_url();
        let opening = Opening {
            url: &url,
            connections: config.database_connections,
        };
        let db = store::open(opening).await?;
        Ok(Self::with_db(config, clock, db))
    }

    pub fn with_db(config: Config, clock: Clock, db: Db) -> Self {
        Self(Arc::new(Parts {
            media: Media::new(&config),
            fetcher: Fetcher::new(config.fetch_private),
            config,
            db,
            clock,
            windows: Memory::default(),
            metrics: Metrics::default(),
            preferences: Cached::for_seconds(1),
            figures: Cached::for_seconds(60),
        }))
    }

    pub fn config(&self) -> &Config {
        &self.0.config
    }

    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Files: audio, pictures, conversions.
    pub fn media(&self) -> &Media {
        &self.0.media
    }

    /// The way to other servers.
    pub(crate) fn fetcher(&self) -> &Fetcher {
        &self.0.fetcher
    }

    /// Not for handlers: they reach the database through a permit.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// The rate of every throttling scope.
    pub fn rates(&self) -> &Rates {
        &self.0.config.throttling_rates
    }

    /// Counts a request, and whether it passes; `None` where nothing is counted.
    pub fn spend(&self, scope: &'static str, ident: Ident) -> Option<(bool, Quota)> {
        let rate = self
            .rates()
            .get(scope)
            .filter(|_| self.0.config.throttling_enabled)?;
        let (passes, quota) = self.0.windows.spend(scope, rate, ident, self.millis());
        self.metrics().count_throttled(scope, passes);
        Some((passes, quota))
    }

    /// What is left of a budget, without spending.
    pub fn peek(&self, scope: &'static str, ident: Ident) -> Option<Quota> {
        let rate = self.rates().get(scope)?;
        Some(self.0.windows.peek(scope, rate, ident, self.millis()))
    }

    /// The pod's settings; another process's change is seen within a second.
    pub async fn preferences(&self) -> Result<Arc<Preferences>> {
        self.0
            .preferences
            .get(&self.0.clock, Preferences::load(self.db()))
            .await
    }

    /// Makes the next look at the settings a fresh one.
    pub fn forget_preferences(&self) {
        self.0.preferences.forget();
    }

    /// The figures of the pod, a minute old at most.
    pub async fn figures(&self) -> Result<Arc<Figures>> {
        let read = Figures::load(self.db(), self.config(), self.clock().now());
        self.0.figures.get(&self.0.clock, read).await
    }

    fn millis(&self) -> u64 {
        self.0.clock.now().unix_millis().unsigned_abs()
    }
}
