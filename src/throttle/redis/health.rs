//! How Redis fares, and what is told of it.
use std::{
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use tokio::time::Instant;

use super::{PATIENCE, PAUSE, locked};

/// Between two lines of the log that say that it is away.
const SILENCE: Duration = Duration::from_secs(60);

/// How a Redis fares.
#[derive(Default)]
pub struct Health(Mutex<State>);

#[derive(Default)]
struct State {
    /// Not before then is it asked again.
    away_until: Option<Instant>,
    /// When it last answered anybody.
    answered: Option<Instant>,
    /// When it was told that it is away.
    told: Option<Instant>,
    /// Whether nothing was told since.
    told_away: bool,
}

impl Health {
    /// Of those who come while it is away, one at a time looks whether it is back.
    pub fn may_ask(&self) -> bool {
        let (mut state, now) = (self.state(), Instant::now());
        match state.away_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                state.away_until = Some(now + PAUSE);
                true
            }
        }
    }

    /// Nobody asks for a while.
    pub fn pause(&self) {
        self.state().away_until = Some(Instant::now() + PAUSE);
    }

    pub fn answered(&self) {
        let mut state = self.state();
        state.answered = Some(Instant::now());
        state.away_until = None;
        if std::mem::take(&mut state.told_away) {
            tracing::info!("Redis answers: rates are counted there again");
        }
    }

    /// Whether somebody got an answer a moment ago.
    pub fn answers_others(&self) -> bool {
        let answered = self.state().answered;
        answered.is_some_and(|answered| answered.elapsed() <= PATIENCE)
    }

    /// Writes into the log that it is away, now and then.
    pub fn tell(&self, why: &str) {
        let (mut state, now) = (self.state(), Instant::now());
        if state.told.is_none_or(|told| now >= told + SILENCE) {
            state.told = Some(now);
            state.told_away = true;
            tracing::warn!(
                why,
                "Redis does not answer: rates are not shared until it does"
            );
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.0)
    }
}
