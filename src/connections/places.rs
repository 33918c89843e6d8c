//! How many connections there are, in all and for each address.
use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use poem::{
    Addr,
    http::uri::Scheme,
    listener::Acceptor,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};

use super::deadlines::Timed;
use crate::{config::Config, throttle::Ident};

/// How many connections there may be.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    pub all: usize,
    /// None where all come from a proxy.
    pub per_address: Option<usize>,
    /// Bits of an IPv6 address that stand for one client.
    pub ipv6_client: u8,
}

impl Most {
    /// As many as there are file descriptors for, beside the files and connections that answers need.
    /// From one address fewer, unless a proxy is in front.
    pub fn of(config: &Config) -> Self {
        let files = raise_limit();
        Self {
            all: (files / 3).clamp(64, 8_192),
            per_address: (config.num_proxies == 0).then_some(256),
            ipv6_client: config.ipv6_client,
        }
    }
}

/// Raises the limit of open files as far as the system lets, and returns it.
#[cfg(unix)]
fn raise_limit() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let raised = setrlimit(Resource::Nofile, wanted).map_or(limit.current, |()| limit.maximum);
    raised.map_or(usize::MAX, |files| {
        usize::try_from(files).unwrap_or(usize::MAX)
    })
}

#[cfg(not(unix))]
fn raise_limit() -> usize {
    4_096
}

/// After a connection could not be accepted, so that the reason can pass.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections within these bounds.
pub struct Bounded<A> {
    inner: A,
    most: Most,
    places: Arc<Semaphore>,
    addresses: Addresses,
}

type Addresses = Arc<Mutex<HashMap<Ident, usize>>>;

impl<A> Bounded<A> {
    pub fn new(inner: A, most: Most) -> Self {
        Self {
            inner,
            most,
            places: Arc::new(Semaphore::new(most.all)),
            addresses: Addresses::default(),
        }
    }

    /// A place for one more connection of this address, if it may have one.
    fn seat(&self, address: Option<Ident>, place: OwnedSemaphorePermit) -> Option<Seat> {
        let counted = address.filter(|_| self.most.per_address.is_some());
        if let (Some(address), Some(most)) = (counted, self.most.per_address) {
            let mut addresses = self
                .addresses
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let count = addresses.entry(address).or_default();
            if *count >= most {
                return None;
            }
            *count += 1;
        }
        Some(Seat {
            address: counted,
            addresses: self.addresses.clone(),
            _place: place,
        })
    }
}

/// What a connection holds while it lasts.
pub struct Seat {
    address: Option<Ident>,
    addresses: Addresses,
    _place: OwnedSemaphorePermit,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let mut addresses = self
            .addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = addresses.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                addresses.remove(&address);
            }
        }
    }
}

impl<A: Acceptor> Acceptor for Bounded<A> {
    type Io = Timed<A::Io, Seat>;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.inner.local_addr()
    }

    /// Never fails: what cannot be accepted is logged and passed over.
    async fn accept(&mut self) -> io::Result<(Self::Io, LocalAddr, RemoteAddr, Scheme)> {
        loop {
            let place = self.places.clone().acquire_owned().await;
            let place = place.map_err(io::Error::other)?;
            let (io, local, remote, scheme) = match self.inner.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(PAUSE).await;
                    continue;
                }
            };
            // Programs on this machine, such as a proxy, speak for many.
            let address = match &remote.0 {
                Addr::SocketAddr(address) if !address.ip().is_loopback() => {
                    Some(Ident::of_address(address.ip(), self.most.ipv6_client))
                }
                _ => None,
            };
            if let Some(seat) = self.seat(address, place) {
                return Ok((Timed::new(io, seat), local, remote, scheme));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seats(all: usize, per_address: usize) -> Bounded<()> {
        let per_address = Some(per_address);
        Bounded::new(
            (),
            Most {
                all,
                per_address,
                ipv6_client: 64,
            },
        )
    }

    fn seat(bounded: &Bounded<()>, last: u8) -> Option<Seat> {
        let place = bounded.places.clone().try_acquire_owned().ok()?;
        bounded.seat(Some(Ident::Address([203, 0, 113, last].into())), place)
    }

    #[test]
    fn an_address_has_its_share_and_all_have_theirs() {
        let bounded = seats(3, 2);
        let held = [seat(&bounded, 1), seat(&bounded, 1)];
        assert!(held.iter().all(Option::is_some) && seat(&bounded, 1).is_none());
        let other = seat(&bounded, 2);
        assert!(other.is_some() && seat(&bounded, 3).is_none());
        drop(held);
        assert!(seat(&bounded, 1).is_some());
        drop(other);
        let left = bounded.addresses.lock().expect("nobody panicked").len();
        assert_eq!((left, bounded.places.available_permits()), (0, 3));
    }
}
