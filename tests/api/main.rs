//! The whole server, asked through both of its doors, on both of its databases.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests may fail, and read where their services are"
)]

mod accounts;
mod artists;
mod audits;
mod browser;
mod cache;
mod catalogue;
mod channels;
mod cli;
mod clients;
mod contract;
mod documents;
mod edits;
mod errors;
mod explorers;
mod failing;
mod feeds;
mod follows;
mod front;
mod front_server;
mod graphql;
mod guards;
mod import;
mod instance;
mod keepers;
mod kept;
mod libraries;
mod listening;
mod live;
mod musicbrainz;
mod nested;
mod oauth;
mod pages;
mod pictures;
mod scanning;
mod schema;
mod subsonic;
mod support;
mod throttling;
mod transfer;
mod uploads;
mod web;
mod writing;
