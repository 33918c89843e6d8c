//! What managing any kind of object has in common.
pub mod bulk;
pub mod parts;
pub mod removal;
pub mod search;
pub mod stats;
