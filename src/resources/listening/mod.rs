//! Listening to audio.
pub mod listen;
pub mod stream;

use poem_openapi::OpenApi;

use crate::guard::Info;

pub const OPERATIONS: &[&[&Info]] = &[listen::OPERATIONS, stream::OPERATIONS];

pub fn rest() -> impl OpenApi + Send + Sync + 'static {
    (listen::Rest, stream::Rest)
}
