//! Redirect URIs (RFC 6749 section 3.1.2, RFC 8252, RFC 9700 section 2.1).
use url::{Host, Url};

use crate::error::{Error, Result};

/// Out of band: the page shows the code, and the user copies it into the application.
pub const OOB: &str = "urn:ietf:wg:oauth:2.0:oob";
const OOB_AUTO: &str = "urn:ietf:wg:oauth:2.0:oob:auto";

/// Maximum length of a redirect URI, and maximum number per application.
const LONGEST: usize = 2_000;
const MOST: usize = 20;

/// Redirect URIs that known clients register though they follow no rule: the Android app of
/// Funkwhale.
const KNOWN: &[&str] = &["urn:/audio.funkwhale.funkwhale-android/oauth/callback"];

/// Whether a redirect URI, with or without a query, is an out-of-band one.
pub fn is_out_of_band(uri: &str) -> bool {
    let bare = uri.split('?').next().unwrap_or_default();
    bare == OOB || bare == OOB_AUTO
}

/// Checks a list of redirect URIs, separated by white space.
pub fn check(list: &str) -> Result<()> {
    let refused = |complaint: String| Err(Error::field("redirect_uris", complaint));
    if list.split_whitespace().count() > MOST {
        return refused(format!("At most {MOST} redirect URIs are allowed."));
    }
    for uri in list.split_whitespace() {
        if let Some(why) = fault(uri) {
            return refused(format!("{uri:.100}: {why}"));
        }
    }
    Ok(())
}

/// Why a redirect URI is not allowed.
fn fault(uri: &str) -> Option<&'static str> {
    if uri == OOB || uri == OOB_AUTO || KNOWN.contains(&uri) {
        return None;
    }
    if uri.len() > LONGEST {
        return Some("this is too long.");
    }
    let Ok(url) = Url::parse(uri) else {
        return Some("this is not an absolute address.");
    };
    if url.fragment().is_some() || uri.contains('#') {
        return Some("an address to come back to has no fragment.");
    }
    // Browsers read backslashes as slashes, and a domain in other letters may look like another one.
    if uri.contains('\\') || !uri.is_ascii() {
        return Some("write it in ASCII, without backslashes (a domain as xn--...).");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("an address to come back to has no user name and no password.");
    }
    match url.scheme() {
        "https" => None,
        "http" if is_loopback(&url) => None,
        "http" => Some("http is for addresses on the device itself, such as http://127.0.0.1/."),
        "urn" => Some("the only URN is urn:ietf:wg:oauth:2.0:oob."),
        // A private-use scheme of an app on a device is the name of a domain in reverse (RFC 8252
        // section 7.1). Without a dot it may be one of the system, such as `ms-settings`.
        scheme if scheme.contains('.') => None,
        _ => Some("the scheme of an app on a device has a dot, such as com.example.app:/callback."),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Whether a redirect URI is registered and still allowed. The texts match exactly, except for the
/// port of loopback URIs (RFC 8252 section 7.3).
pub fn is_registered(uri: &str, registered: &str) -> bool {
    fault(uri).is_none()
        && registered
            .split_whitespace()
            .any(|known| known == uri || is_same_device(uri, known))
}

fn is_same_device(wanted: &str, known: &str) -> bool {
    let is_device =
        |uri: &str| Url::parse(uri).is_ok_and(|url| url.scheme() == "http" && is_loopback(&url));
    let (Some(wanted), Some(known)) = (
        Some(wanted).filter(|uri| is_device(uri)).and_then(portless),
        Some(known).filter(|uri| is_device(uri)).and_then(portless),
    ) else {
        return false;
    };
    wanted == known
}

/// The host and the rest of an `http` URI, as they are written, without the port.
fn portless(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let host = match authority.rsplit_once(':') {
        Some((host, port))
            if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            host
        }
        _ => authority,
    };
    Some((host, rest))
}

/// Adds parameters to the query of a URI.
pub fn with(uri: &str, params: &[(&str, &str)]) -> String {
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(params)
        .finish();
    let separator = match uri.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    format!("{uri}{separator}{query}")
}

/// Describes the target of a redirect URI for people: its host or its scheme.
pub fn shown(uri: &str) -> String {
    match Url::parse(uri) {
        Ok(url) if url.scheme() == "http" && is_loopback(&url) => {
            "a program on this device".to_owned()
        }
        Ok(url) => match url.host_str() {
            Some(host) if url.scheme() == "https" || url.scheme() == "http" => host.to_owned(),
            _ => format!(
                "the program on this device that opens {}: links",
                url.scheme()
            ),
        },
        Err(_) => uri.to_owned(),
    }
}

/// The source that a page's Content-Security-Policy must allow for its form to redirect there.
pub fn source(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    match url.scheme() {
        "https" | "http" => Some(url.origin().ascii_serialization()),
        "urn" if is_out_of_band(uri) => None,
        scheme => Some(format!("{scheme}:")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_when_they_are_registered() {
        for good in [
            "https://c.example/cb?x=1",
            "http://127.0.0.1/cb",
            "http://[::1]:8080/cb",
            "http://localhost:3000",
            "com.example.app:/cb",
            "urn:/audio.funkwhale.funkwhale-android/oauth/callback",
            "urn:ietf:wg:oauth:2.0:oob urn:ietf:wg:oauth:2.0:oob:auto",
            "",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "https://c.example/#x",
            "http://c.example/cb",
            "http://127.0.0.1.evil.example/",
            "/relative",
            "urn:other",
            "ms-settings:x",
            "search-ms:query=x",
            "market://details",
            "intent://x",
            "https://ok.example javascript:x",
            "https://pod.test@c.example/cb",
            "https://:secret@c.example/cb",
            "https://c.example\\@pod.test/cb",
            "https://b\u{fc}cher.example/cb",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn matching_is_exact_but_for_the_port_of_the_device() {
        let known = "https://c.example/cb http://127.0.0.1/cb http://[::1]/x com.example.app:/cb";
        for good in [
            "https://c.example/cb",
            "http://127.0.0.1:51004/cb",
            "http://[::1]:8080/x",
            "com.example.app:/cb",
        ] {
            assert!(is_registered(good, known), "{good}");
        }
        for bad in [
            "https://c.example/cb/",
            "https://c.example/cb?x",
            "https://c.example:444/cb",
            "https://C.example/cb",
            "https://c.example/cb/../x",
            "http://127.0.0.1:51004/other",
            "http://localhost:51004/cb",
            "http://127.1/cb",
            "http://127.0.0.1:80:80/cb",
            "http://127.0.0.1/\tcb",
            "http://x@127.0.0.1/cb",
            "http://127.0.0.1\\@evil.example/cb",
            "com.example.app:/cb2",
            "",
        ] {
            assert!(!is_registered(bad, known), "{bad}");
        }
        assert!(!is_registered("javascript:x", "javascript:x"));
    }

    #[test]
    fn parameters_are_added_to_what_is_there() {
        assert_eq!(
            with("https://a/b", &[("code", "x y")]),
            "https://a/b?code=x+y"
        );
        assert_eq!(
            with("https://a/b?c=1", &[("d", "&")]),
            "https://a/b?c=1&d=%26"
        );
        assert_eq!(
            with(OOB, &[("code", "1")]),
            "urn:ietf:wg:oauth:2.0:oob?code=1"
        );
    }
}
