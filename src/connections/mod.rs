//! Connections, and what they may hold: how many there are, in all and for each address, and how long
//! one may take.
mod deadlines;
mod places;

pub use self::places::{Bounded, Most};
