//! Channels, and what other sites show of this pod.
pub mod channels;
pub mod oembed;

use poem_openapi::OpenApi;

use crate::guard::Info;

pub const OPERATIONS: &[&[&Info]] = &[oembed::OPERATIONS];

pub fn rest() -> impl OpenApi + Send + Sync + 'static {
    oembed::Rest
}
