//! What reads many rows takes turns, so that requests that read one row never wait behind it.
use std::{sync::Arc, thread::available_parallelism, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::error::{Error, Result};

/// How long a request waits, for its turn or for a connection to the database, before it is
/// answered with 503.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A few turns for requests that read many rows.
pub struct Turns(Arc<Semaphore>);

/// One request's turn; dropped, it is another's.
pub type Turn = OwnedSemaphorePermit;

impl Default for Turns {
    /// Two for each processor: one computes while the other waits for the database.
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(2 * processors)))
    }
}

impl Turns {
    /// Waits for a turn, first come, first served.
    ///
    /// # Errors
    /// `Unavailable` when none came within `PATIENCE`.
    pub async fn take(&self) -> Result<Turn> {
        let turn = timeout(PATIENCE, self.0.clone().acquire_owned()).await;
        turn.ok().and_then(|turn| turn.ok()).ok_or_else(|| {
            Error::Unavailable("The server is busy. Try again in a moment.".to_owned())
        })
    }
}
