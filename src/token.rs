//! Tokens as they are stored.
use sha2::{Digest, Sha256};

/// The stored form of a token, which is useless to those who read the database. Tokens are random,
/// so one round of hashing is enough.
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}
