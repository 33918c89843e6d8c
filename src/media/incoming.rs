//! What people are sending just now, so that files which are not whole yet count in their quotas.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Bytes that are coming in, by actor. Cheap to clone.
#[derive(Clone, Default)]
pub struct Incoming(Arc<Mutex<HashMap<i64, i64>>>);

/// The bytes of one file that is coming in.
pub struct Share {
    all: Incoming,
    actor: i64,
    bytes: i64,
}

impl Incoming {
    pub fn share(&self, actor: i64) -> Share {
        Share {
            all: self.clone(),
            actor,
            bytes: 0,
        }
    }

    fn change(&self, actor: i64, by: i64) -> i64 {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = all.entry(actor).or_default();
        *bytes += by;
        let left = *bytes;
        if left == 0 {
            all.remove(&actor);
        }
        left
    }
}

impl Share {
    /// Counts more bytes; returns all that the actor is sending.
    pub fn add(&mut self, bytes: usize) -> i64 {
        let more = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.bytes += more;
        self.all.change(self.actor, more)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.all.change(self.actor, -self.bytes);
    }
}
