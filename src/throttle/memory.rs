use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Ident, Quota, Rate, Verdict, window::Window};

const SHARDS: usize = 64;
/// Maximum number of windows in a shard. Beyond it idle windows are removed, or else all of them.
const CAPACITY: usize = 16_384;

type Key = (&'static str, Ident);
/// The window, and when its newest request leaves it, in Unix milliseconds.
type Shard = HashMap<Key, (Window, u64)>;

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
    /// Counts a request at `now` (Unix milliseconds); returns whether it passes.
    pub fn spend(&self, scope: &'static str, rate: &Rate, ident: Ident, now: u64) -> Verdict {
        let mut shard = self.shard((scope, ident));
        if shard.len() >= CAPACITY && !shard.contains_key(&(scope, ident)) {
            make_room(&mut shard, now);
        }
        let (window, until) = shard.entry((scope, ident)).or_default();
        let passes = window.spend(rate, now);
        *until = now + rate.millis();
        Verdict {
            passes,
            quota: window.quota(scope, rate, now),
        }
    }

    /// Uncounts the newest request.
    pub fn give_back(&self, scope: &'static str, ident: Ident) {
        if let Some((window, _)) = self.shard((scope, ident)).get_mut(&(scope, ident)) {
            window.give_back();
        }
    }

    /// The quota, without counting a request.
    pub fn look(&self, scope: &'static str, rate: &Rate, ident: Ident, now: u64) -> Quota {
        let mut shard = self.shard((scope, ident));
        match shard.get_mut(&(scope, ident)) {
            Some((window, _)) => {
                window.forget(rate, now);
                window.quota(scope, rate, now)
            }
            None => Window::default().quota(scope, rate, now),
        }
    }

    /// Removes windows that are empty.
    pub fn tidy(&self, now: u64) {
        for shard in &self.shards {
            let mut shard = locked(shard);
            forget_idle(&mut shard, now);
            shard.shrink_to_fit();
        }
    }

    fn shard(&self, key: Key) -> MutexGuard<'_, Shard> {
        let hash = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or_default();
        locked(&self.shards[hash])
    }
}

/// Ignores poisoning, because counting does not panic.
fn locked(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn forget_idle(shard: &mut Shard, now: u64) {
    shard.retain(|_, (window, until)| *until > now && !window.is_empty());
}

/// Removes idle windows, or all windows if none is idle: a flood of anonymous callers may gain a
/// few requests, but cannot exhaust memory.
fn make_room(shard: &mut Shard, now: u64) {
    forget_idle(shard, now);
    if shard.len() >= CAPACITY {
        shard.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_strangers_takes_bounded_room() {
        let (memory, rate) = (Memory::default(), "10/m".parse().unwrap());
        for number in 0..2_000_000_u32 {
            let ident = Ident::Address(std::net::Ipv4Addr::from(number).into());
            memory.spend("anonymous-list", &rate, ident, u64::from(number) / 100);
        }
        let kept: usize = memory.shards.iter().map(|shard| locked(shard).len()).sum();
        assert!(kept <= SHARDS * CAPACITY, "{kept}");
        memory.tidy(1_000_000);
        let kept: usize = memory.shards.iter().map(|shard| locked(shard).len()).sum();
        assert_eq!(kept, 0);
    }
}
