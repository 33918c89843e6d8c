//! Where requests come from, seen through the proxies in front.
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ipnet::IpNet;
use poem::{Addr, Request};

use crate::{app::App, caller::Client};

/// Where a request comes from.
pub fn of(app: &App, request: &Request) -> Client {
    const LONGEST: usize = 300;
    let agent = request.headers().get("user-agent");
    let agent = agent.and_then(|header| header.to_str().ok());
    Client {
        address: client_address(app, request),
        user_agent: agent.unwrap_or_default().chars().take(LONGEST).collect(),
    }
}

/// The client's address: the one that the last trusted proxy saw.
fn client_address(app: &App, request: &Request) -> IpAddr {
    let peer = match &request.remote_addr().0 {
        Addr::SocketAddr(address) => address.ip(),
        _ => IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let forwarded = request.headers().get_all("x-forwarded-for").iter();
    // A client may send anything: what it is does not hide what the proxies added.
    let hops: Vec<&str> = forwarded
        .flat_map(|header| header.as_bytes().split(|byte| *byte == b','))
        .map(|hop| std::str::from_utf8(hop).unwrap_or_default().trim())
        .collect();
    let trusted = &app.config().trusted_proxies;
    if !trusted.is_empty() {
        return behind(trusted, peer, &hops);
    }
    let proxies = usize::from(app.config().num_proxies);
    if proxies == 0 || hops.is_empty() {
        return peer;
    }
    hops.get(hops.len().saturating_sub(proxies))
        .and_then(|hop| address_of(hop))
        .unwrap_or(peer)
}

/// The first address, from this server outwards, that is no proxy of ours.
fn behind(trusted: &[IpNet], peer: IpAddr, hops: &[&str]) -> IpAddr {
    let is_ours = |address: IpAddr| {
        let address = address.to_canonical();
        trusted.iter().any(|network| network.contains(&address))
    };
    let mut client = peer;
    for hop in hops.iter().rev() {
        match address_of(hop) {
            Some(before) if is_ours(client) => client = before,
            _ => break,
        }
    }
    client
}

/// An address, with or without a port.
fn address_of(hop: &str) -> Option<IpAddr> {
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    let socket = || hop.parse::<SocketAddr>().map(|socket| socket.ip());
    bare.parse().or_else(|_| socket()).ok()
}
