//! What reads many rows takes turns, so that requests that read one row never wait behind it.
use std::{sync::Arc, thread::available_parallelism};

use tokio::{
    sync::{AcquireError, OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{
    error::{Error, Result},
    shares::Shares,
    store::PATIENCE,
    throttle::Ident,
};

/// A few turns for requests that read many rows.
pub struct Turns {
    all: Arc<Semaphore>,
    /// One client has half of the turns at most.
    shares: Shares,
}

/// A turn, within the share of its client. Released when dropped.
pub struct Turn {
    _share: OwnedSemaphorePermit,
    _turn: OwnedSemaphorePermit,
}

impl Default for Turns {
    /// Two for each processor: one computes while the other waits for the database.
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        Self {
            all: Arc::new(Semaphore::new(2 * processors)),
            shares: Shares::of_size(processors),
        }
    }
}

impl Turns {
    /// Waits for a turn, first come, first served.
    ///
    /// # Errors
    /// `Unavailable` when none came within `PATIENCE`.
    pub async fn take(&self, client: Ident) -> Result<Turn> {
        let (share, all) = (self.shares.of(client), self.all.clone());
        let turn = timeout(PATIENCE, async {
            let _share = share.acquire_owned().await?;
            let _turn = all.acquire_owned().await?;
            Ok::<_, AcquireError>(Turn { _share, _turn })
        });
        turn.await.ok().and_then(|turn| turn.ok()).ok_or_else(|| {
            Error::Unavailable("The server is busy. Try again in a moment.".to_owned())
        })
    }
}
