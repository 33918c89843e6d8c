//! A value that is read again when it is too old.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    error::Result,
    time::{Clock, Timestamp},
};

/// One value, kept for some seconds. Two readers may find it too old at once; both then read.
pub struct Cached<T> {
    slot: Mutex<Option<(Timestamp, Arc<T>)>>,
    seconds: i64,
}

impl<T> Cached<T> {
    pub fn for_seconds(seconds: i64) -> Self {
        Self {
            slot: Mutex::new(None),
            seconds,
        }
    }

    pub async fn get(
        &self,
        clock: &Clock,
        read: impl AsyncFnOnce() -> Result<T>,
    ) -> Result<Arc<T>> {
        let now = clock.now();
        if let Some((since, value)) = &*self.slot()
            && now < since.plus_seconds(self.seconds)
        {
            return Ok(value.clone());
        }
        // Boxed, because every caller's future would otherwise be as large as this one.
        let value = Arc::new(Box::pin(read()).await?);
        *self.slot() = Some((now, value.clone()));
        Ok(value)
    }

    pub fn forget(&self) {
        *self.slot() = None;
    }

    fn slot(&self) -> MutexGuard<'_, Option<(Timestamp, Arc<T>)>> {
        // A panic elsewhere cannot leave the slot half-written: it is set in one go.
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
