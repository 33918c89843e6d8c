//! baleen: a music and audio API server, the Funkwhale REST API and GraphQL behind one permit.
// The root objects of GraphQL are merged twice, by area and over all: futures within futures.
#![recursion_limit = "256"]

pub mod accounts;
pub mod app;
pub mod auth;
mod cached;
pub mod caller;
pub mod cli;
pub mod config;
mod connections;
pub mod context;
pub mod demo;
pub mod error;
mod fetch;
mod generate;
pub mod graphql;
pub mod guard;
mod health;
mod hex;
pub mod import;
pub mod jobs;
pub mod ledger;
mod listeners;
pub mod live;
mod load;
mod mail;
pub mod media;
pub mod oauth;
mod overload;
mod pod;
mod proof;
mod random;
mod reading;
pub mod resources;
pub mod rest;
pub mod scan;
pub mod scope;
pub mod server;
mod shares;
pub mod stop;
pub mod store;
pub mod telemetry;
pub mod throttle;
pub mod time;
pub mod token;
mod web;
