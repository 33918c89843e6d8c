//! Fetching what other servers have, and never from this machine's own network.
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::OnceLock,
    time::Duration,
};

use poem::http;
use reqwest::{
    Client, Response, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::{Attempt, Policy},
};

/// A client for addresses that other people name.
pub struct Fetcher {
    private: bool,
    client: OnceLock<Option<Client>>,
    trusted: OnceLock<Option<Client>>,
}

/// Why something was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum Unfetched {
    #[error("the address is not one of http or https with a public host")]
    Address,
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the server answered {0}")]
    Status(u16),
    #[error(transparent)]
    Failed(#[from] reqwest::Error),
    #[error("the system's certificates cannot be read")]
    NoClient,
}

const REDIRECTS: usize = 4;

impl Fetcher {
    /// With `private`, private and loopback addresses are fetched from too.
    pub fn new(private: bool) -> Self {
        Self {
            private,
            client: OnceLock::new(),
            trusted: OnceLock::new(),
        }
    }

    /// What lies at an address, so many bytes at most.
    pub async fn bytes(&self, address: &str, most: usize) -> Result<Vec<u8>, Unfetched> {
        let url = Url::parse(address).map_err(|_| Unfetched::Address)?;
        if !may_ask(&url, self.private) {
            return Err(Unfetched::Address);
        }
        let client = self.client.get_or_init(|| client(self.private, REDIRECTS));
        let client = client.as_ref().ok_or(Unfetched::NoClient)?;
        let response = client.get(url).send().await?;
        if !response.status().is_success() {
            return Err(Unfetched::Status(response.status().as_u16()));
        }
        whole(response, most).await
    }

    /// Asks a server that the settings name, which may be of a private network. It is not followed
    /// elsewhere.
    pub async fn trusted(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, Unfetched> {
        let client = self.trusted.get_or_init(|| client(true, 0));
        let client = client.as_ref().ok_or(Unfetched::NoClient)?;
        let response = client.execute(request.try_into()?).await?;
        let mut answer = http::Response::new(Vec::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = response.headers().clone();
        *answer.body_mut() = whole(response, TRUSTED).await?;
        Ok(answer)
    }
}

/// Bytes of an answer of a trusted server at most.
const TRUSTED: usize = 1 << 20;

async fn whole(mut response: Response, most: usize) -> Result<Vec<u8>, Unfetched> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > most {
            return Err(Unfetched::TooLarge(most));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn client(private: bool, redirects: usize) -> Option<Client> {
    // Already chosen is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let follow = move |attempt: Attempt<'_>| {
        if attempt.previous().len() > redirects || !may_ask(attempt.url(), private) {
            attempt.stop()
        } else {
            attempt.follow()
        }
    };
    Client::builder()
        .user_agent(concat!("baleen/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(20))
        .redirect(Policy::custom(follow))
        .dns_resolver(Public(private))
        .referer(false)
        .no_proxy()
        .build()
        .inspect_err(|error| tracing::error!(%error, "cannot fetch from other servers"))
        .ok()
}

/// A host that is an address is looked at here, a name when it is resolved.
fn may_ask(url: &Url, private: bool) -> bool {
    let web = matches!(url.scheme(), "http" | "https") && url.username().is_empty();
    let literal = match url.host() {
        Some(url::Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(url::Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        Some(url::Host::Domain(_)) => None,
        None => return false,
    };
    web && (private || literal.is_none_or(is_public))
}

/// Resolves names to public addresses only.
struct Public(bool);

impl Resolve for Public {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.0;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found
                .filter(|address| private || is_public(address.ip()))
                .collect();
            if public.is_empty() {
                return Err("the host has no public address".into());
            }
            let addresses: Addrs = Box::new(public.into_iter());
            Ok(addresses)
        })
    }
}

/// Whether an address is of the public network (the registries of RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = a == 0
        || a >= 224
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b));
    !special
        && !address.is_private()
        && !address.is_loopback()
        && !address.is_link_local()
        && !address.is_documentation()
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    // Only 2000::/3 is given out; of it, the tunnels to IPv4 and documentation are not for us.
    (parts[0] & 0xe000) == 0x2000
        && parts[0] != 0x2002
        && !(parts[0] == 0x2001 && (parts[1] < 0x0200 || parts[1] == 0x0db8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_and_loopback_addresses_are_refused_in_every_spelling() {
        for address in [
            "http://127.0.0.1/a",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://10.0.0.1/",
            "http://172.16.0.1/",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest",
            "http://100.64.0.1/",
            "http://0.0.0.0/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[fe80::1]/",
            "http://[fd00::1]/",
            "http://[2002:7f00:1::]/",
            "http://[64:ff9b::7f00:1]/",
            "file:///etc/passwd",
            "ftp://example.org/",
            "http://user@example.org/",
        ] {
            let url = Url::parse(address).unwrap();
            assert!(!may_ask(&url, false), "{address}");
        }
        for address in [
            "https://example.org/a",
            "http://93.184.216.34/",
            "http://[2606:2800::1]/",
        ] {
            assert!(may_ask(&Url::parse(address).unwrap(), false), "{address}");
        }
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_not_resolved() {
        let fetched = Fetcher::new(false).bytes("http://localhost:9/", 10).await;
        assert!(matches!(fetched, Err(Unfetched::Failed(_))), "{fetched:?}");
    }
}
