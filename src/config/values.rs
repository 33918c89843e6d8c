//! Reading the values of settings.
use std::net::IpAddr;

use ipnet::IpNet;
use url::Url;

/// Parses a network or a single address.
pub fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "networks such as 10.0.0.0/8, or addresses, with commas between".to_owned())
}

pub fn issuer(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    match matches!(url.scheme(), "http" | "https") && url.query().is_none() {
        true => Ok(url),
        false => Err("an address such as https://id.example.org".to_owned()),
    }
}

pub fn workers(text: &str) -> Result<usize, String> {
    let workers = text.parse().ok().filter(|workers| *workers <= 256);
    workers.ok_or_else(|| "a number from 0 to 256".to_owned())
}

pub fn jobs(text: &str) -> Result<usize, String> {
    let jobs = text.parse().ok().filter(|jobs| (1..=256).contains(jobs));
    jobs.ok_or_else(|| "a number from 1 to 256".to_owned())
}

pub fn host(text: &str) -> Result<String, String> {
    let whole = Url::parse(&format!("http://{text}/"));
    let valid = whole.is_ok_and(|url| url.path() == "/" && url.username().is_empty());
    if valid && !text.contains('/') {
        Ok(text.to_owned())
    } else {
        Err("a host name such as music.example.org, without a scheme".to_owned())
    }
}
