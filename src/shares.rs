//! Shares of something that all callers use: so much for each caller who holds any of it.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::Semaphore;

use crate::throttle::Ident;

/// The shares that are held.
pub struct Shares {
    each: usize,
    held: Mutex<HashMap<Ident, Weak<Semaphore>>>,
}

impl Shares {
    pub fn of_size(each: usize) -> Self {
        Self {
            each,
            held: Mutex::default(),
        }
    }

    /// The share of one caller, which ends when nobody holds it.
    pub fn of(&self, who: Ident) -> Arc<Semaphore> {
        // A panic elsewhere cannot leave the map inconsistent.
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, share| share.strong_count() > 0);
        if let Some(share) = held.get(&who).and_then(Weak::upgrade) {
            return share;
        }
        let share = Arc::new(Semaphore::new(self.each));
        held.insert(who, Arc::downgrade(&share));
        share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_leaves_the_rest_to_others() {
        let shares = Shares::of_size(2);
        let share = shares.of(Ident::User(1));
        let held = [share.try_acquire(), share.try_acquire()];
        assert!(held.iter().all(Result::is_ok));
        assert!(shares.of(Ident::User(1)).try_acquire().is_err());
        assert!(shares.of(Ident::User(2)).try_acquire().is_ok());
    }
}
