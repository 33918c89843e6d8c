//! Password rules and hashing (argon2id, RFC 9106). Imported hashes of Django are accepted, and
//! replaced at the next sign-in.
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// Minimum length of a password in characters.
const SHORTEST: usize = 8;
/// Maximum length of a password in bytes; it bounds the time that hashing takes.
pub const LONGEST: usize = 1_000;

/// Checks the length of a password; errors are reported for `field`.
pub fn check(field: &str, plain: &str) -> Result<()> {
    let complaint = if plain.chars().count() < SHORTEST {
        format!("This password is too short. It must contain at least {SHORTEST} characters.")
    } else if plain.len() > LONGEST {
        format!("This password is too long. It may have at most {LONGEST} bytes.")
    } else {
        return Ok(());
    };
    Err(Error::field(field, complaint))
}

/// Hashes a password for storage.
pub fn hash(plain: &str) -> Result<String> {
    let salt = crate::random::bytes::<16>();
    let hash = Argon2::default().hash_password_with_salt(plain.as_bytes(), &salt);
    Ok(hash
        .map_err(|error| Error::internal(error.to_string()))?
        .to_string())
}

/// Generates a password: 20 characters, about 103 bits.
pub fn drawn() -> String {
    crate::random::letters(20, b"abcdefghijklmnopqrstuvwxyz0123456789")
}

/// Whether a stored hash has the current format and parameters.
pub fn is_current(stored: &str) -> bool {
    stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
}

/// Hashes passwords on other threads than those that answer requests, a few at a time.
pub struct Hashing {
    slots: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// Maximum number of waiting passwords: about three seconds of work.
const QUEUE: usize = 128;

impl Default for Hashing {
    /// Uses half of the processors and leaves the others to requests.
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            slots: Arc::new(Semaphore::new((processors / 2).max(1))),
            waiting: AtomicUsize::new(0),
        }
    }
}

impl Hashing {
    pub async fn hash(&self, plain: &str) -> Result<String> {
        let plain = plain.to_owned();
        self.run(move || hash(&plain)).await?
    }

    /// Whether a password matches a stored hash. Takes the same time if nothing is stored and, if
    /// `foreign` (the dearest imported hash) is given, for all kinds of hashes.
    pub async fn verify(
        &self,
        plain: &str,
        stored: Option<String>,
        foreign: Option<String>,
    ) -> Result<bool> {
        if plain.len() > LONGEST {
            return Ok(false);
        }
        let plain = plain.to_owned();
        self.run(move || {
            let stored = stored.as_deref().filter(|stored| is_hash(stored));
            let right = matches(&plain, stored.unwrap_or(DECOY));
            if let Some(foreign) = foreign {
                std::hint::black_box(make_up(&plain, stored, &foreign));
            }
            right && stored.is_some()
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = self.queue()?;
        let slot = self
            .slots
            .clone()
            .acquire_owned()
            .await
            .map_err(Error::internal)?;
        drop(place);
        // The task owns the slot, so that a disconnecting client does not free it early.
        let hashing = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(slot);
            done
        });
        hashing.await.map_err(Error::internal)
    }

    /// Takes a place in the queue, which is released on drop.
    fn queue(&self) -> Result<Place<'_>> {
        let place = Place(&self.waiting);
        match self.waiting.fetch_add(1, Ordering::Relaxed) < QUEUE {
            true => Ok(place),
            false => Err(Error::Unavailable(
                "Too many people are signing in. Try again in a few seconds.".to_owned(),
            )),
        }
    }
}

struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A hash that no password matches, as slow to verify as a real one.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                     AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What is left to compute of one hash of ours and of the dearest imported one, so that timing
/// reveals neither whether the account exists nor where its hash came from.
fn left_over(stored: Option<&str>, foreign: &str) -> (bool, u32) {
    let (done, all) = (stored.map_or(0, iterations), iterations(foreign));
    let ours = stored.is_some_and(is_django);
    (ours, all.saturating_sub(done))
}

fn make_up(plain: &str, stored: Option<&str>, foreign: &str) -> [u8; 32] {
    let (ours, rounds) = left_over(stored, foreign);
    if ours {
        std::hint::black_box(matches(plain, DECOY));
    }
    let mut found = [0; 32];
    if rounds > 0 {
        pbkdf2::pbkdf2_hmac::<Sha256>(plain.as_bytes(), b"some salt", rounds, &mut found);
    }
    found
}

const DJANGO: &str = "pbkdf2_sha256$";

/// Whether a stored text is a password hash; accounts without a password have none.
pub fn is_hash(stored: &str) -> bool {
    is_django(stored) || stored.starts_with("$argon2") || stored.starts_with("argon2$argon2")
}

fn is_django(stored: &str) -> bool {
    stored.starts_with(DJANGO)
}

/// Whether a secret matches a hash of baleen or Django. Other texts, such as the `!` of accounts
/// without a password, match nothing.
pub fn matches(plain: &str, stored: &str) -> bool {
    if let Some(parts) = stored.strip_prefix(DJANGO) {
        return matches_django(plain, parts).unwrap_or(false);
    }
    let phc = stored
        .strip_prefix("argon2$argon2")
        .map_or_else(|| stored.to_owned(), |rest| format!("$argon2{rest}"));
    Argon2::default()
        .verify_password(plain.as_bytes(), phc.as_str())
        .is_ok()
}

/// Maximum number of iterations of an imported hash.
const MOST: u32 = 10_000_000;

/// The iterations of a hash of Django; 0 for other hashes.
fn iterations(stored: &str) -> u32 {
    let count = stored
        .strip_prefix(DJANGO)
        .and_then(|parts| parts.split('$').next());
    let count = count.and_then(|count| count.parse().ok());
    count.filter(|count| *count <= MOST).unwrap_or(0)
}

/// `iterations$salt$hash`, PBKDF2 with HMAC-SHA256.
fn matches_django(plain: &str, parts: &str) -> Option<bool> {
    let mut parts = parts.splitn(3, '$');
    let iterations = parts.next()?.parse().ok().filter(|count| *count <= MOST)?;
    let salt = parts.next()?;
    let expected = STANDARD.decode(parts.next()?).ok()?;
    let mut found = [0; 32];
    pbkdf2::pbkdf2_hmac::<Sha256>(plain.as_bytes(), salt.as_bytes(), iterations, &mut found);
    Some(found.as_slice().ct_eq(&expected).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_ours_and_of_django_are_read() {
        let ours = hash("averylongpw").expect("it is hashed");
        assert!(is_current(&ours) && matches("averylongpw", &ours));
        assert!(!matches("another", &ours));
        let django = "pbkdf2_sha256$1000$salt$qN+JnzxPIE2WfgrWPAkph8EAVeuwF7PZ0ordIY1Peq0=";
        assert!(matches("secret", django) && !is_current(django));
        assert!(!matches("secrets", django));
        let argon = format!("argon2{}", hash("x").expect("it is hashed"));
        assert!(matches("x", &argon) && !is_current(&argon));
        for none in ["", "!", "!abc", "pbkdf2_sha256$x$y$z", "md5$a$b"] {
            assert!(!matches("", none), "{none}");
        }
    }

    #[test]
    fn as_much_is_computed_for_everybody() {
        let dearest = "pbkdf2_sha256$600000$salt$Zm9v";
        let cheaper = "pbkdf2_sha256$1000$salt$Zm9v";
        assert_eq!(left_over(None, dearest), (false, 600_000));
        assert_eq!(left_over(Some(DECOY), dearest), (false, 600_000));
        assert_eq!(left_over(Some(cheaper), dearest), (true, 599_000));
        assert_eq!(left_over(Some(dearest), dearest), (true, 0));
    }

    #[test]
    fn the_decoy_is_as_costly_as_any() {
        assert!(is_current(DECOY));
        assert!(argon2::password_hash::phc::PasswordHash::new(DECOY).is_ok());
    }
}
