//! The whole server, asked through both of its doors, on both of its databases.
mod artists;
mod catalogue;
mod cli;
mod contract;
mod documents;
mod errors;
mod graphql;
mod guards;
mod import;
mod instance;
mod pages;
mod schema;
mod support;
mod throttling;
