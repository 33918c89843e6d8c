//! Texts that the pod has to be able to read again, but nobody who reads the database alone: sealed with a key
//! that is not in it.
use std::{
    fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use sha2::Sha256;

use crate::{config::Config, error::Startup, random};

/// In front of a sealed text.
const MARK: &str = "sealed:";
const NONCE: usize = 12;

/// Seals and opens texts (ChaCha20-Poly1305, RFC 8439).
#[derive(Clone)]
pub struct Seal(LessSafeKey);

impl Seal {
    /// The seal of a pod: with its secret key, or with that in its data folder, which is made if there is none.
    pub fn new(config: &Config) -> Result<Self, Startup> {
        match config.secret_key.as_deref().filter(|key| !key.is_empty()) {
            Some(key) => Ok(Self::with(key.as_bytes())),
            None => Ok(Self::with(&kept(&config.data.join("secret.key"))?)),
        }
    }

    /// The seal of a secret.
    pub fn with(secret: &[u8]) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any key will do");
        mac.update(b"baleen: sealed texts");
        let key = mac.finalize().into_bytes();
        let key = UnboundKey::new(&CHACHA20_POLY1305, &key).expect("it has 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// A text as it is stored; another one each time.
    pub fn sealed(&self, text: &str) -> String {
        let nonce = random::bytes::<NONCE>();
        let mut bytes = text.as_bytes().to_vec();
        let sealing = Nonce::assume_unique_for_key(nonce);
        self.0
            .seal_in_place_append_tag(sealing, Aad::empty(), &mut bytes)
            .expect("a text is short");
        format!("{MARK}{}", STANDARD.encode([&nonce, &bytes[..]].concat()))
    }

    /// A stored text; `None` if it was sealed with another key.
    pub fn opened(&self, stored: &str) -> Option<String> {
        let bytes = STANDARD.decode(stored.strip_prefix(MARK)?).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let opened = self
            .0
            .open_in_place(nonce, Aad::empty(), &mut sealed)
            .ok()?;
        String::from_utf8(opened.to_vec()).ok()
    }

    /// Whether a stored text is sealed, with whatever key.
    pub fn is_sealed(stored: &str) -> bool {
        stored.starts_with(MARK)
    }
}

/// The key in a file, which only its owner can read.
fn kept(path: &Path) -> Result<Vec<u8>, Startup> {
    let failed = |error: io::Error| {
        Startup::new(format!(
            "the secret key {}: {error}; it has to belong to the user that baleen runs as",
            path.display()
        ))
    };
    match fs::read(path) {
        Ok(key) if key.len() >= 32 => Ok(key),
        Ok(_) => Err(Startup::new(format!(
            "the secret key {} has fewer than 32 bytes; restore it from a backup, or remove it to get a new one",
            path.display()
        ))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(path).map_err(failed)?;
            fs::read(path).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

/// Makes a key under another name first, so that no other process reads a part of it.
fn make(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let draft: PathBuf = path.with_extension(format!("{}.key", random::token()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let key = STANDARD.encode(random::bytes::<32>());
    let mut file = options.open(&draft)?;
    io::Write::write_all(&mut file, key.as_bytes())?;
    file.sync_all()?;
    // Of several processes that begin at once, the key of the first stays.
    match fs::hard_link(&draft, path) {
        Ok(()) => fs::remove_file(&draft),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::remove_file(&draft),
        // Not every file system has links.
        Err(_) => fs::rename(&draft, path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_with_its_key_alone() {
        let (seal, other) = (Seal::with(b"one"), Seal::with(b"two"));
        let sealed = seal.sealed("token");
        assert!(Seal::is_sealed(&sealed) && !sealed.contains("token"));
        assert_ne!(sealed, seal.sealed("token"));
        assert_eq!(seal.opened(&sealed).as_deref(), Some("token"));
        assert_eq!(other.opened(&sealed), None);
        assert_eq!(seal.opened("token"), None);
        assert_eq!(seal.opened("sealed:AAAA"), None);
    }
}
