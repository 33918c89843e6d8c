//! Asking MusicBrainz: no faster than it allows, and not again for what it has answered lately.
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use moka::sync::Cache;
use poem::http::{Request, StatusCode, header};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep_until};
use url::form_urlencoded;

use crate::{
    config::Config,
    error::{Error, Result},
    fetch::{Fetcher, Unfetched},
    shares::Shares,
    throttle::Ident,
};

/// Between two requests: what MusicBrainz allows to each address.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(3_600);
/// Bytes of an answer at most: boxes of a hundred discs are that large.
const MOST: usize = 8 << 20;
/// Bytes of the answers that are kept.
const ROOM: u64 = 16 << 20;
/// Requests of one caller that wait at once.
const EACH: usize = 2;

/// The answers that are kept, and when MusicBrainz may be asked again.
pub struct MusicBrainz {
    root: String,
    /// How the pod calls itself, so that MusicBrainz knows whom to write to.
    agent: String,
    answers: Cache<String, Arc<[u8]>>,
    pace: Pace,
    shares: Shares,
}

/// When MusicBrainz may be asked next.
#[derive(Default)]
struct Pace(Mutex<Option<Instant>>);

impl MusicBrainz {
    pub fn new(config: &Config) -> Self {
        let weight = |address: &String, answer: &Arc<[u8]>| {
            u32::try_from(address.len() + answer.len()).unwrap_or(u32::MAX)
        };
        Self {
            root: config.services.musicbrainz(),
            agent: format!(
                "baleen/{} ( {} )",
                env!("CARGO_PKG_VERSION"),
                config.public_url()
            ),
            answers: Cache::builder()
                .weigher(weight)
                .max_capacity(ROOM)
                .time_to_live(KEPT)
                .build(),
            pace: Pace::default(),
            shares: Shares::of_size(EACH),
        }
    }

    /// What MusicBrainz answers.
    ///
    /// # Errors
    /// `NotFound` for what it does not know, `Refused` for a query that it does not understand, `Unprocessable` for what
    /// is too large, `Unavailable` when it does not answer, or too many wait.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        fetcher: &Fetcher,
        who: Ident,
        (path, query): (&str, &[(&str, &str)]),
    ) -> Result<T> {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .append_pair("fmt", "json")
            .finish();
        let address = format!("{}/ws/2/{path}?{query}", self.root);
        if let Some(known) = self.answers.get(&address) {
            return read(&known);
        }
        let share = self.shares.of(who);
        let Ok(_share) = share.try_acquire() else {
            let busy = "You have two requests that wait for MusicBrainz already.";
            return Err(Error::Unavailable(busy.to_owned()));
        };
        sleep_until(self.pace.turn()?).await;
        // Meanwhile somebody else may have asked the same.
        if let Some(known) = self.answers.get(&address) {
            return read(&known);
        }
        let answer: Arc<[u8]> = self.fetched(fetcher, &address).await?.into();
        let read = read(&answer)?;
        self.answers.insert(address, answer);
        Ok(read)
    }

    async fn fetched(&self, fetcher: &Fetcher, address: &str) -> Result<Vec<u8>> {
        let request = Request::get(address).header(header::USER_AGENT, &self.agent);
        let request = request.body(Vec::new()).map_err(Error::internal)?;
        let answer = fetcher.trusted(request, MOST).await.map_err(failed)?;
        match answer.status() {
            StatusCode::OK => Ok(answer.into_body()),
            StatusCode::NOT_FOUND => Err(Error::NotFound),
            StatusCode::BAD_REQUEST => Err(Error::Refused(
                "MusicBrainz does not understand this query.".to_owned(),
            )),
            status => {
                tracing::warn!(%status, "MusicBrainz refused to answer");
                Err(unavailable())
            }
        }
    }
}

fn read<T: DeserializeOwned>(answer: &[u8]) -> Result<T> {
    serde_json::from_slice(answer).map_err(|error| {
        tracing::warn!(%error, "MusicBrainz answered something unexpected");
        unavailable()
    })
}

fn failed(error: Unfetched) -> Error {
    tracing::warn!(%error, "MusicBrainz cannot be asked");
    match error {
        Unfetched::TooLarge(_) => Error::Unprocessable(
            "What MusicBrainz knows of this is more than the pod reads.".to_owned(),
        ),
        _ => unavailable(),
    }
}

fn unavailable() -> Error {
    Error::Unavailable("MusicBrainz does not answer right now. Try again in a moment.".to_owned())
}

impl Pace {
    /// When it is the turn of a request that comes now.
    fn turn(&self) -> Result<Instant> {
        // A panic elsewhere cannot leave it half-written.
        let mut next = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let turn = next.map_or(now, |next| next.max(now));
        if turn.duration_since(now) > PATIENCE {
            let busy = "Too many requests wait for MusicBrainz. Try again in a moment.";
            return Err(Error::Unavailable(busy.to_owned()));
        }
        *next = Some(turn + PAUSE);
        Ok(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_asks_each_second_and_few_wait() {
        let pace = Pace::default();
        let now = Instant::now();
        let turns: Vec<Duration> = (0..9)
            .map(|_| pace.turn().expect("it waits").duration_since(now))
            .collect();
        let seconds: Vec<Duration> = (0..9).map(Duration::from_secs).collect();
        assert_eq!(turns, seconds);
        assert!(matches!(pace.turn(), Err(Error::Unavailable(_))));
        tokio::time::advance(Duration::from_secs(20)).await;
        let turn = pace.turn().expect("nobody waits any more");
        assert_eq!(turn, Instant::now());
    }
}
