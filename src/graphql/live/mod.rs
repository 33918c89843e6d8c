//! Subscriptions: what changes is sent as it happens, over WebSocket or server-sent events.
mod events;
mod fields;
mod operation;
mod socket;
mod subscription;

pub(crate) use self::fields::subscriptions;
pub use self::{
    events::stream,
    fields::{event, row_event},
    socket::upgrade,
    subscription::{Begun, Subscription},
};
