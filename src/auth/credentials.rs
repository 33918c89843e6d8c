use std::sync::Arc;

use moka::sync::Cache;
use sha2::{Digest, Sha256};

use crate::{context::Identity, time::Timestamp};

/// Credentials kept at most.
const CAPACITY: u64 = 20_000;
/// Seconds for which one is believed without a look into the database: so long may another
/// process's revocation take to be heard here.
const BELIEVED: i64 = 1;

/// Who is behind the credentials that were seen a moment ago, by the hash of each.
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

    /// `read`: when it was looked up, and when it expires by itself.
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

    /// Forgets a token by the hash that is stored of it.
    pub fn forget_hash(&self, hash: &[u8]) {
        if let Ok(key) = hash.try_into() {
            self.0.invalidate::<[u8; 32]>(&key);
        }
    }

    /// After a change whose credentials are not at hand: rights, passwords, families of tokens.
    pub fn forget_all(&self) {
        self.0.invalidate_all();
    }
}

fn key(credential: &str) -> [u8; 32] {
    Sha256::digest(credential.as_bytes()).into()
}
