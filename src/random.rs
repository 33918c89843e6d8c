//! The one home of chance.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::{Builder, Uuid};

/// Unpredictable bytes, from the operating system.
#[expect(clippy::disallowed_methods, reason = "the one home of chance")]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has random numbers");
    bytes
}

/// A new version 4 UUID.
pub fn uuid() -> Uuid {
    Builder::from_random_bytes(bytes()).into_uuid()
}

/// A token that cannot be guessed: 256 bits in 43 letters, digits, `-` and `_`.
pub fn token() -> String {
    URL_SAFE_NO_PAD.encode(bytes::<32>())
}

/// So many letters of an alphabet, each as likely as the others.
pub fn letters(count: usize, alphabet: &[u8]) -> String {
    // Bytes above a multiple of the alphabet's size would favour its first letters.
    let fair = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(count);
    while text.len() < count {
        let drawn = bytes::<64>().map(usize::from);
        let taken = drawn.iter().filter(|byte| **byte < fair);
        text.extend(
            taken
                .take(count - text.len())
                .map(|byte| char::from(alphabet[byte % alphabet.len()])),
        );
    }
    text
}

/// A number from 0 up to, and without, this one, each as likely as the others but for one in billions.
pub fn below(end: i64) -> i64 {
    let drawn = u64::from_le_bytes(bytes());
    i64::try_from(drawn % end.max(1).unsigned_abs()).unwrap_or_default()
}

/// So many of these, by chance, in an order by chance.
pub fn some_of<T>(mut all: Vec<T>, count: usize) -> Vec<T> {
    let mut chosen = Vec::new();
    while chosen.len() < count && !all.is_empty() {
        let place = below(i64::try_from(all.len()).unwrap_or(i64::MAX));
        chosen.push(all.swap_remove(usize::try_from(place).unwrap_or_default()));
    }
    chosen
}

/// A small number to seed an order with.
pub fn seed() -> i64 {
    i64::from(u32::from_le_bytes(bytes()) % 1_000_000)
}
