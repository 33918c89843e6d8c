//! Asking MusicBrainz: no faster than it allows, and not again for what it has answered lately.
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use moka::sync::Cache;
use poem::http::{Request, StatusCode, header};
use tokio::time::{Instant, sleep_until};
use url::form_urlencoded;

use crate::{
    config::Config,
    error::{Error, Result},
    fetch::Fetcher,
};

/// Between two requests: what MusicBrainz allows to each address.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(3_600);
/// Bytes of the answers that are kept.
const ROOM: u64 = 8 << 20;

/// The answers that are kept, and when MusicBrainz may be asked again.
pub struct MusicBrainz {
    root: String,
    /// How the pod calls itself, so that MusicBrainz knows whom to write to.
    agent: String,
    answers: Cache<String, Arc<[u8]>>,
    pace: Pace,
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
        }
    }

    /// What MusicBrainz answers.
    ///
    /// # Errors
    /// `NotFound` for what it does not know, `Refused` for a query that it does not understand, `Unavailable` when it
    /// does not answer, or too many wait.
    pub async fn ask(
        &self,
        fetcher: &Fetcher,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Arc<[u8]>> {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .append_pair("fmt", "json")
            .finish();
        let address = format!("{}/ws/2/{path}?{query}", self.root);
        if let Some(known) = self.answers.get(&address) {
            return Ok(known);
        }
        sleep_until(self.pace.turn()?).await;
        let request = Request::get(&address).header(header::USER_AGENT, &self.agent);
        let request = request.body(Vec::new()).map_err(Error::internal)?;
        let answer = fetcher.trusted(request).await.map_err(|error| {
            tracing::warn!(%error, "MusicBrainz cannot be asked");
            unavailable()
        })?;
        match answer.status() {
            StatusCode::OK => {
                let answer: Arc<[u8]> = answer.into_body().into();
                self.answers.insert(address, answer.clone());
                Ok(answer)
            }
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

pub fn unavailable() -> Error {
    Error::Unavailable("MusicBrainz does not answer right now. Try again in a moment.".to_owned())
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
