//! How many may wait to hear of what happens: subscriptions, and web sockets of the REST API.
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    error::{Error, Result},
    shares::Shares,
    throttle::Ident,
};

/// Of all clients.
const ALL: usize = 10_000;
/// Of one client.
pub const EACH: usize = 50;

/// The places of those who wait.
pub struct Places {
    all: Arc<Semaphore>,
    shares: Shares,
}

/// A place, until it is dropped.
pub struct Place {
    _share: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            all: Arc::new(Semaphore::new(ALL)),
            shares: Shares::of_size(EACH),
        }
    }
}

impl Places {
    /// # Errors
    /// `Refused` if the client has too many, `Unavailable` if all clients have.
    pub fn take(&self, client: Ident) -> Result<Place> {
        let share = self.shares.of(client).try_acquire_owned();
        let place = self.all.clone().try_acquire_owned();
        match (share, place) {
            (Ok(_share), Ok(_place)) => Ok(Place { _share, _place }),
            (Err(_), _) => Err(Error::Refused(format!(
                "You have {EACH} subscriptions and web sockets, the maximum. End one of them first."
            ))),
            _ => Err(Error::Unavailable(
                "The server has too many subscriptions and web sockets. Try again in a moment."
                    .to_owned(),
            )),
        }
    }
}
