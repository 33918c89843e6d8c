//! Subscriptions: what changes is sent as it happens, over WebSocket or server-sent events.
mod events;
mod fields;
mod operation;
mod places;
mod socket;
mod source;
mod subscription;

pub(crate) use self::fields::subscriptions;
pub use self::{
    events::stream,
    fields::event,
    places::Places,
    socket::{is_upgrade, upgrade},
    subscription::{Begun, Subscription},
};
