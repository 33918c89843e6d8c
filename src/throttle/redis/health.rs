//! Whether Redis answers, and the log messages about it.
use std::{
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use tokio::time::Instant;

use super::{PATIENCE, PAUSE, locked};

/// Minimum time between two warnings that Redis does not answer.
const SILENCE: Duration = Duration::from_secs(60);

/// The health of a Redis.
#[derive(Default)]
pub struct Health(Mutex<State>);

#[derive(Default)]
struct State {
    /// No calls before this time.
    away_until: Option<Instant>,
    /// When it last answered any call.
    answered: Option<Instant>,
    /// When the last warning was logged.
    told: Option<Instant>,
    /// Whether a warning was logged and Redis has not answered since.
    told_away: bool,
}

impl Health {
    /// Whether Redis may be called. While it is unavailable, one call per pause tries again.
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

    /// Suspends calls for a while.
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

    /// Whether any call was answered recently.
    pub fn answers_others(&self) -> bool {
        let answered = self.state().answered;
        answered.is_some_and(|answered| answered.elapsed() <= PATIENCE)
    }

    /// Logs that Redis does not answer, at limited frequency.
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
