use std::sync::Arc;

use moka::sync::Cache;
use sha2::{Digest, Sha256};

use crate::{caller::Identity, time::Timestamp};

/// Maximum number of cached credentials.
const CAPACITY: u64 = 20_000;
/// Seconds for which a cached credential is trusted. A revocation by another process takes effect
/// here after this time at the latest.
const BELIEVED: i64 = 1;

/// A cache of the identities behind recently used credentials, by the hash of the credential.
pub struct Credentials(Cache<[u8; 32], Seen>);

#[derive(Clone)]
struct Seen {
    identity: Arc<Identity>,
    until: Timestamp,
}

impl Default for Credentials {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

impl Credentials {
    pub fn get(&self, credential: &str, now: Timestamp) -> Option<Arc<Identity>> {
        let seen = self.0.get(&key(credential))?;
        (now < seen.until).then_some(seen.identity)
    }

    /// `read`: when the credential was looked up, and when it expires.
    pub fn keep(
        &self,
        credential: &str,
        identity: &Arc<Identity>,
        read: (Timestamp, Option<Timestamp>),
    ) {
        let believed = read.0.plus_seconds(BELIEVED);
        let seen = Seen {
            identity: identity.clone(),
            until: read.1.map_or(believed, |expires| expires.min(believed)),
        };
        self.0.insert(key(credential), seen);
    }

    pub fn forget(&self, credential: &str) {
        self.0.invalidate(&key(credential));
    }

    /// Forgets a token by its stored hash.
    pub fn forget_hash(&self, hash: &[u8]) {
        if let Ok(key) = hash.try_into() {
            self.0.invalidate::<[u8; 32]>(&key);
        }
    }

    /// For changes that affect unknown credentials: permissions, passwords, token families.
    pub fn forget_all(&self) {
        self.0.invalidate_all();
    }
}

fn key(credential: &str) -> [u8; 32] {
    Sha256::digest(credential.as_bytes()).into()
}
