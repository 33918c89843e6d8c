use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::{
    app::{App, Names},
    caller::{Caller, Identity},
    config::Config,
    error::{Error, Result},
    media::Media,
    pod::{Figures, Preferences, Stored},
    store::Reads,
    throttle::{Ident, Limits},
    time::Clock,
};

/// What a permit opens: the store, and what rules on single objects ask of the caller.
pub struct Reader {
    app: App,
    db: Reads,
    caller: Caller,
}

impl Reader {
    pub(super) fn new(app: App, caller: Caller) -> Self {
        let db = app.db().noting();
        Self { app, db, caller }
    }

    /// The database, which notes what answers are made of. Whatever else they depend on has to be noted here.
    pub fn db(&self) -> &Reads {
        &self.db
    }

    /// The server, for what an answer depends on beside the database.
    pub(super) fn app(&self) -> &App {
        self.db.note_more();
        &self.app
    }

    /// The server, for what no answer depends on.
    pub(super) fn server(&self) -> &App {
        &self.app
    }

    pub fn clock(&self) -> &Clock {
        self.app().clock()
    }

    pub fn config(&self) -> &Config {
        self.app.config()
    }

    /// The names in the pod's links.
    pub fn names(&self) -> &Names {
        self.app.names()
    }

    /// Files: audio, pictures, conversions.
    pub fn media(&self) -> &Media {
        self.app().media()
    }

    /// The pod's settings.
    pub async fn preferences(&self) -> Result<Arc<Preferences>> {
        self.app().preferences().await
    }

    /// What the pod stores, a minute old at most.
    pub async fn stored(&self) -> Result<Arc<Stored>> {
        self.app().stored().await
    }

    /// The figures of the pod, a minute old at most.
    pub async fn figures(&self) -> Result<Arc<Figures>> {
        self.app().figures().await
    }

    /// A text that was sealed with the pod's key.
    pub fn opened(&self, sealed: &str) -> Option<String> {
        self.app().seal().opened(sealed)
    }

    /// The rates, and what was spent of them.
    pub fn limits(&self) -> &Limits {
        self.app().limits()
    }

    /// What MusicBrainz answers; see `MusicBrainz::ask`.
    pub async fn ask_musicbrainz<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T> {
        let who = Ident::User(self.user()?.user_id);
        let service = self.app().musicbrainz();
        service.ask(self.app().fetcher(), who, (path, query)).await
    }

    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Whether a domain is this pod's.
    pub fn is_local_domain(&self, domain: &str) -> bool {
        domain == self.app.names().host
    }

    /// Whether an ActivityPub identifier is this pod's; what has none was made here.
    pub fn is_local(&self, fid: Option<&str>) -> bool {
        let host = fid
            .and_then(|fid| fid.split_once("://"))
            .map(|(_, rest)| rest.split('/').next());
        host.is_none_or(|host| host.is_some_and(|host| self.is_local_domain(host)))
    }

    pub fn user_id(&self) -> Option<i64> {
        self.caller.identity().map(|identity| identity.user_id)
    }

    /// The user who asks, where only users may.
    pub fn user(&self) -> Result<&Identity> {
        self.caller.identity().ok_or(Error::Unauthenticated(None))
    }

    pub fn actor_id(&self) -> Option<i64> {
        self.caller
            .identity()
            .and_then(|identity| identity.actor_id)
    }
}
