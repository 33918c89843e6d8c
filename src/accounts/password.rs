//! Passwords: what they must be, and how they are kept (argon2id, RFC 9106).
use argon2::{Argon2, PasswordHasher};

use crate::error::{Error, Result};

/// Characters of a password at least.
const SHORTEST: usize = 8;
/// Bytes of a password at most: hashing takes longer for longer ones.
const LONGEST: usize = 1_000;

/// Refuses passwords that are too short or too long.
pub fn check(plain: &str) -> Result<()> {
    let complaint = if plain.chars().count() < SHORTEST {
        format!("Use at least {SHORTEST} characters.")
    } else if plain.len() > LONGEST {
        format!("Use at most {LONGEST} bytes.")
    } else {
        return Ok(());
    };
    Err(Error::field("password", complaint))
}

/// What is stored of a password.
pub fn hash(plain: &str) -> Result<String> {
    let salt = crate::random::bytes::<16>();
    let hash = Argon2::default().hash_password_with_salt(plain.as_bytes(), &salt);
    Ok(hash
        .map_err(|error| Error::internal(error.to_string()))?
        .to_string())
}

/// A password that nobody has chosen: 20 characters, about 103 bits.
pub fn drawn() -> String {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let letters = crate::random::bytes::<64>();
    // Bytes above a multiple of 36 would favour the first letters.
    let fair = letters.iter().filter(|byte| **byte < 252);
    fair.take(20)
        .map(|byte| char::from(LETTERS[usize::from(*byte) % 36]))
        .collect()
}
