use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Ident, Quota, Rate, window::Window};

const SHARDS: usize = 64;
/// Windows kept at most in a shard; beyond that the empty ones go, and then the shard.
const CAPACITY: usize = 16_384;

type Key = (&'static str, Ident);
type Shard = HashMap<Key, Window>;

/// The windows of this process.
pub struct Memory {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
}

impl Default for Memory {
    fn default() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self {
            shards,
            hasher: RandomState::new(),
        }
    }
}

impl Memory {
    /// Counts a request at `now` (milliseconds since 1970), and whether it passes.
    pub fn spend(&self, scope: &'static str, rate: &Rate, ident: Ident, now: u64) -> (bool, Quota) {
        let mut shard = self.shard((scope, ident));
        if shard.len() >= CAPACITY && !shard.contains_key(&(scope, ident)) {
            make_room(&mut shard, now);
        }
        let window = shard.entry((scope, ident)).or_default();
        let passes = window.spend(rate, now);
        (passes, window.quota(scope, rate, now))
    }

    /// What is left of a budget, without spending.
    pub fn peek(&self, scope: &'static str, rate: &Rate, ident: Ident, now: u64) -> Quota {
        let mut shard = self.shard((scope, ident));
        match shard.get_mut(&(scope, ident)) {
            Some(window) => {
                window.forget(now);
                window.quota(scope, rate, now)
            }
            None => Window::default().quota(scope, rate, now),
        }
    }

    fn shard(&self, key: Key) -> MutexGuard<'_, Shard> {
        let hash = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or_default();
        // A panic elsewhere cannot leave a window half-changed: counting does not panic.
        self.shards[hash]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Idle windows go; when all are in use, the shard starts anew:
/// a flood of strangers may win them a few requests, never the process its memory.
fn make_room(shard: &mut Shard, now: u64) {
    shard.retain(|_, window| {
        window.forget(now);
        !window.is_empty()
    });
    if shard.len() >= CAPACITY {
        shard.clear();
    }
}
