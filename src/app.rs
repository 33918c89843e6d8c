//! Everything the server is made of, built once and shared by `main` and the tests.
use std::{net::IpAddr, sync::Arc, time::Duration};

use tokio::sync::{Notify, futures::Notified, watch};

use crate::{
    accounts::password::Hashing,
    auth::{checks::Checks, credentials::Credentials},
    cached::Cached,
    config::Config,
    error::{Result, Startup},
    fetch::Fetcher,
    kept::Kept,
    listeners::Places,
    mail::Mailer,
    media::Media,
    musicbrainz::MusicBrainz,
    overload::Turns,
    pod::{Figures, Preferences, Stored},
    seal::Seal,
    store::{self, Db, Opening, sql},
    telemetry::Metrics,
    throttle::{Ident, Limits, Verdict},
    time::Clock,
};

/// For a statement of the server; then it is given up with 503.
const STATEMENT: Duration = Duration::from_secs(30);

/// The parts of a running server. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The names in the pod's links, which every answer repeats.
pub struct Names {
    /// Host, and port where there is one.
    pub host: String,
    /// Scheme and host, without a slash at the end.
    pub public_url: String,
    /// Where pictures are, with a slash at the end.
    pub media_url: String,
    /// The path of that address.
    pub media_path: String,
}

struct Parts {
    config: Config,
    names: Names,
    db: Db,
    clock: Clock,
    limits: Limits,
    metrics: Metrics,
    media: Media,
    fetcher: Fetcher,
    credentials: Credentials,
    basic_checks: Checks,
    hashing: Hashing,
    mailer: Mailer,
    turns: Turns,
    foreign_hash: Cached<Option<String>>,
    preferences: Cached<Preferences>,
    figures: Cached<Figures>,
    stored: Cached<Stored>,
    stopping: watch::Sender<bool>,
    /// Jobs were added.
    jobs: Notify,
    places: Places,
    kept: Kept,
    seal: Seal,
    musicbrainz: MusicBrainz,
}

impl App {
    /// Opens or makes the database, brings it up to date, and puts the parts together.
    pub async fn build(config: Config, clock: Clock) -> Result<Self, Startup> {
        Self::opened(config, clock, true, None).await
    }

    /// The same, for what only looks at or changes what is there: makes no database.
    pub async fn build_on_existing(config: Config, clock: Clock) -> Result<Self, Startup> {
        Self::opened(config, clock, false, None).await
    }

    /// The same, for the server, whose statements have a deadline, and whose files have to be there.
    pub async fn build_to_serve(config: Config, clock: Clock) -> Result<Self, Startup> {
        let app = Self::opened(config, clock, true, Some(STATEMENT)).await?;
        if let Some(bucket) = app.media().storage.bucket() {
            bucket.check(&app.config().s3).await?;
        }
        Ok(app)
    }

    async fn opened(
        config: Config,
        clock: Clock,
        makes: bool,
        deadline: Option<Duration>,
    ) -> Result<Self, Startup> {
        let url = config.database_url();
        let opening = Opening {
            url: &url,
            connections: config.database_connections,
            makes,
            deadline,
        };
        let db = store::open(opening).await?;
        Self::with_db(config, clock, db)
    }

    pub fn with_db(config: Config, clock: Clock, db: Db) -> Result<Self, Startup> {
        let db = db.with_cache(config.cache_mb, &clock);
        let kept = Kept::new(config.cache_mb);
        Ok(Self(Arc::new(Parts {
            mailer: Mailer::new(&config)?,
            limits: Limits::new(&config, &clock)?,
            credentials: Credentials::default(),
            basic_checks: Checks::default(),
            hashing: Hashing::default(),
            turns: Turns::default(),
            foreign_hash: Cached::for_seconds(60),
            media: Media::new(&config, &clock)?,
            fetcher: Fetcher::new(config.fetch_private),
            seal: Seal::new(&config)?,
            musicbrainz: MusicBrainz::new(&config),
            names: Names {
                host: config.hostname(),
                public_url: config.public_url(),
                media_url: config.media_url(),
                media_path: config.media_path(),
            },
            config,
            metrics: Metrics::of(db.statements().clone(), kept.used().clone()),
            kept,
            db,
            clock,
            preferences: Cached::for_seconds(1),
            figures: Cached::for_seconds(60),
            stored: Cached::for_seconds(60),
            stopping: watch::Sender::new(false),
            jobs: Notify::new(),
            places: Places::default(),
        })))
    }

    /// What MusicBrainz has answered lately, and whose turn it is.
    pub fn musicbrainz(&self) -> &MusicBrainz {
        &self.0.musicbrainz
    }

    /// The places of those who wait to hear of what happens.
    pub fn places(&self) -> &Places {
        &self.0.places
    }

    /// Whole answers.
    pub(crate) fn kept(&self) -> &Kept {
        &self.0.kept
    }

    /// The seal of what is read again.
    pub fn seal(&self) -> &Seal {
        &self.0.seal
    }

    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The client that an address belongs to.
    pub fn ident(&self, address: IpAddr) -> Ident {
        Ident::of_address(address, self.config().ipv6_client)
    }

    /// The names in the pod's links.
    pub fn names(&self) -> &Names {
        &self.0.names
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

    /// Passwords of `Authorization` headers that are looked at just now.
    pub(crate) fn basic_checks(&self) -> &Checks {
        &self.0.basic_checks
    }

    /// Who is behind the credentials that were seen a moment ago.
    pub(crate) fn credentials(&self) -> &Credentials {
        &self.0.credentials
    }

    /// The hashing of passwords.
    pub(crate) fn hashing(&self) -> &Hashing {
        &self.0.hashing
    }

    /// The turns of requests that read many rows.
    pub(crate) fn turns(&self) -> &Turns {
        &self.0.turns
    }

    /// The way of mails.
    pub(crate) fn mailer(&self) -> &Mailer {
        &self.0.mailer
    }

    /// The dearest of the passwords' hashes that came from another server, while any is left.
    pub async fn foreign_hash(&self) -> Result<Arc<Option<String>>> {
        let read = async || {
            let row: Option<(String,)> = sql(
                "select password from users where password like 'pbkdf2\\_%' escape '\\'
                 order by case when substr(password, 22, 1) = '$' then 7
                   when substr(password, 21, 1) = '$' then 6
                   when substr(password, 20, 1) = '$' then 5 else 4 end desc,
                   substr(password, 15, 7) desc limit 1",
            )
            .optional(self.db())
            .await?;
            Ok(row.map(|row| row.0))
        };
        self.0.foreign_hash.get(&self.0.clock, read).await
    }

    /// Not for handlers: they reach the database through a permit.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// The rates, and what was spent of them.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Counts a request in each of these scopes; see `Limits::spend`.
    pub async fn spend(&self, ident: Ident, scopes: &[&'static str]) -> Result<Vec<Verdict>> {
        self.limits().spend(ident, scopes, self.metrics()).await
    }

    /// The pod's settings; another process's change is seen within a second.
    pub async fn preferences(&self) -> Result<Arc<Preferences>> {
        self.0
            .preferences
            .get(&self.0.clock, async || Preferences::load(self.db()).await)
            .await
    }

    /// Makes the next look at the settings a fresh one.
    pub fn forget_preferences(&self) {
        self.0.preferences.forget();
    }

    /// Tells what lasts that the server is about to stop.
    pub fn stop(&self) {
        self.0.stopping.send_replace(true);
    }

    /// Waits until the server is about to stop.
    pub async fn stopped(&self) {
        let mut stopping = self.0.stopping.subscribe();
        // The sender is a part of the server, and lives as long.
        _ = stopping.wait_for(|is_stopping| *is_stopping).await;
    }

    pub fn is_stopping(&self) -> bool {
        *self.0.stopping.borrow()
    }

    /// Tells those who work on jobs that there may be one more.
    pub fn add_jobs(&self) {
        self.0.jobs.notify_waiters();
    }

    /// Waits until jobs are added by this process after this is called.
    pub fn jobs_added(&self) -> Notified<'_> {
        self.0.jobs.notified()
    }

    /// What the pod stores, a minute old at most.
    pub async fn stored(&self) -> Result<Arc<Stored>> {
        let read = async || Stored::load(self.db()).await;
        self.0.stored.get(&self.0.clock, read).await
    }

    /// The figures of the pod, a minute old at most.
    pub async fn figures(&self) -> Result<Arc<Figures>> {
        let now = self.clock().now();
        let read = async || Figures::load(self.db(), self.config(), now).await;
        self.0.figures.get(&self.0.clock, read).await
    }
}
