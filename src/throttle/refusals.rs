//! Who was refused lately, for those who keep the pod.
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::Ident;
use crate::time::Timestamp;

/// Callers and scopes that are remembered.
const MOST: usize = 500;
/// Seconds for which they are.
const LONGEST: i64 = 86_400;

/// The callers that this process refused lately.
#[derive(Default)]
pub struct Refusals(Mutex<HashMap<(Ident, &'static str), Times>>);

/// How often a caller was refused in a scope, and when.
#[derive(Clone, Copy, Debug)]
struct Times {
    count: u64,
    first: Timestamp,
    last: Timestamp,
}

/// A caller that was refused in a scope.
#[derive(Clone, Copy, Debug)]
pub struct Refused {
    pub ident: Ident,
    pub scope: &'static str,
    pub count: u64,
    pub first: Timestamp,
    pub last: Timestamp,
}

impl Refusals {
    fn known(&self) -> MutexGuard<'_, HashMap<(Ident, &'static str), Times>> {
        // A panic elsewhere cannot leave the counts inconsistent.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn note(&self, ident: Ident, scope: &'static str, now: Timestamp) {
        let mut known = self.known();
        if known.len() >= MOST {
            known.retain(|_, times| times.last > now.plus_seconds(-LONGEST));
        }
        if known.len() >= MOST && !known.contains_key(&(ident, scope)) {
            // Many who were refused once do not push out the one who always is.
            let least = known
                .iter()
                .min_by_key(|(_, times)| (times.count, times.last));
            if let Some(least) = least.map(|(key, _)| *key) {
                known.remove(&least);
            }
        }
        let times = known.entry((ident, scope)).or_insert(Times {
            count: 0,
            first: now,
            last: now,
        });
        times.count += 1;
        times.last = now;
    }

    /// Those of the last day, the latest first.
    pub fn latest(&self, now: Timestamp) -> Vec<Refused> {
        let since = now.plus_seconds(-LONGEST);
        let mut known = self.known();
        known.retain(|_, times| times.last > since);
        let refused = known.iter().map(|((ident, scope), times)| Refused {
            ident: *ident,
            scope,
            count: times.count,
            first: times.first,
            last: times.last,
        });
        let mut refused: Vec<_> = refused.collect();
        refused.sort_by_key(|one| std::cmp::Reverse(one.last));
        refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_remembered_and_the_rarest_give_way() {
        let refusals = Refusals::default();
        let start = crate::time::Clock::system().now();
        let at = |second: i64| start.plus_seconds(second);
        for caller in 0..MOST as i64 + 10 {
            refusals.note(Ident::User(caller), "anonymous-list", at(caller));
            refusals.note(Ident::User(-1), "anonymous-list", at(caller));
        }
        let latest = refusals.latest(at(MOST as i64 + 10));
        assert_eq!(latest.len(), MOST);
        let greedy = latest.iter().find(|one| one.ident == Ident::User(-1));
        let greedy = greedy.expect("it is refused all the time");
        assert_eq!((greedy.count, greedy.first), (MOST as u64 + 10, at(0)));
        assert!(latest.iter().all(|one| one.ident != Ident::User(0)));
        assert!(refusals.latest(at(2 * LONGEST)).is_empty());
    }
}
