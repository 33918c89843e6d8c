//! The one home of chance.
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

/// A small number to seed an order with.
pub fn seed() -> i64 {
    i64::from(u32::from_le_bytes(bytes()) % 1_000_000)
}
