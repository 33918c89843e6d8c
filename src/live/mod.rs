//! Connections that tell of what happens: what they wait for, and how many there may be.
mod places;
mod socket;
mod source;

pub use self::{
    places::{Place, Places},
    socket::{Closing, end, is_upgrade, prepared},
    source::{Row, Source},
};
