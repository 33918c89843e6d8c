//! Automatic persisted queries: a query by its hash, once it was sent whole (Apollo's APQ).
use std::sync::Arc;

use moka::sync::Cache;
use sha2::{Digest, Sha256};

use crate::{
    error::{Error, Result},
    hex::hex,
};

/// Bytes of queries that are remembered at most.
const CAPACITY: u64 = 16 << 20;

/// The queries that were sent whole.
#[derive(Clone)]
pub struct Persisted(Cache<String, Arc<str>>);

impl Default for Persisted {
    fn default() -> Self {
        let weight = |key: &String, query: &Arc<str>| {
            u32::try_from(key.len() + query.len()).unwrap_or(u32::MAX)
        };
        Self(
            Cache::builder()
                .weigher(weight)
                .max_capacity(CAPACITY)
                .build(),
        )
    }
}

impl Persisted {
    /// The query of this hash: the one that was sent, which is remembered, or the one remembered.
    /// `None` when neither is there.
    pub fn resolve(&self, hash: &str, sent: &str) -> Result<Option<Arc<str>>> {
        if sent.is_empty() {
            return Ok(self.0.get(hash));
        }
        if hex(Sha256::digest(sent.as_bytes())) != hash.to_ascii_lowercase() {
            return Err(Error::Refused(
                "The hash does not match the query.".to_owned(),
            ));
        }
        let query: Arc<str> = sent.into();
        self.0.insert(hash.to_owned(), query.clone());
        Ok(Some(query))
    }
}
