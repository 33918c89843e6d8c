//! What a person sees in a browser: the start page, the explorers, the player for other sites.
//! Everything they need comes from this server.
mod assets;
mod pages;

pub use self::{assets::Assets, pages::Page};
