//! Connections that tell of what happens: what they wait for, and how they end.
mod socket;
mod source;

pub use self::{
    socket::{Closing, end, is_upgrade, prepared},
    source::{Row, Source},
};
