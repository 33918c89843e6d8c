use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use moka::sync::Cache;
use sha2::{Digest, Sha256};

use crate::{caller::Identity, time::Timestamp};

/// Maximum number of cached credentials.
const CAPACITY: u64 = 20_000;
/// Seconds for which a cached credential is trusted. A revocation by another process takes effect
/// here after this time at the latest.
const BELIEVED: i64 = 1;

/// A cache of the identities behind recently used credentials, by the hash of the credential.
pub struct Credentials {
    seen: Cache<[u8; 32], Seen>,
    /// How often something was forgotten.
    age: AtomicU64,
}

/// What a session's token is cached as: not as a bearer token, which needs no CSRF token.
pub fn of_session(token: &str) -> String {
    format!("session {token}")
}

#[derive(Clone)]
struct Seen {
    identity: Arc<Identity>,
    until: Timestamp,
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            seen: Cache::new(CAPACITY),
            age: AtomicU64::new(0),
        }
    }
}

impl Credentials {
    pub fn get(&self, credential: &str, now: Timestamp) -> Option<Arc<Identity>> {
        let seen = self.seen.get(&key(credential))?;
        (now < seen.until).then_some(seen.identity)
    }

    /// Grows whenever something is forgotten.
    pub fn age(&self) -> u64 {
        self.age.load(Ordering::SeqCst)
    }

    /// `read`: when the credential was looked up, and when it expires. `age` is that of before: what
    /// was forgotten since is not kept.
    pub fn keep(
        &self,
        credential: &str,
        identity: &Arc<Identity>,
        read: (Timestamp, Option<Timestamp>),
        age: u64,
    ) {
        let believed = read.0.plus_seconds(BELIEVED);
        let seen = Seen {
            identity: identity.clone(),
            until: read.1.map_or(believed, |expires| expires.min(believed)),
        };
        let key = key(credential);
        self.seen.insert(key, seen);
        if self.age() != age {
            self.seen.invalidate(&key);
        }
    }

    pub fn forget(&self, credential: &str) {
        self.grow();
        self.seen.invalidate(&key(credential));
    }

    /// Forgets a token by its stored hash.
    pub fn forget_hash(&self, hash: &[u8]) {
        if let Ok(key) = hash.try_into() {
            self.grow();
            self.seen.invalidate::<[u8; 32]>(&key);
        }
    }

    /// For changes that affect unknown credentials: permissions, passwords, token families.
    pub fn forget_all(&self) {
        self.grow();
        self.seen.invalidate_all();
    }

    fn grow(&self) {
        self.age.fetch_add(1, Ordering::SeqCst);
    }
}

fn key(credential: &str) -> [u8; 32] {
    Sha256::digest(credential.as_bytes()).into()
}
