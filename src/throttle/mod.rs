//! Rate limits: rates, and the sliding windows that count requests (contract section 4).
mod limits;
mod memory;
mod rates;
mod redis;
mod refusals;
mod window;

use std::{fmt, net::IpAddr};

pub use self::{
    limits::Limits,
    memory::Memory,
    rates::{Rate, Rates, Unit},
    refusals::{Refusals, Refused},
    window::Quota,
};

/// Whether a request passes, and the remaining quota.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub passes: bool,
    pub quota: Quota,
}

/// What a request counts as. Most kinds have one scope for anonymous callers and one for users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throttle {
    /// Not counted.
    Never,
    Wildcard,
    List,
    Retrieve,
    Create,
    Update,
    Destroy,
    OauthApp,
    Reports,
    Subsonic,
    Fetch,
    OauthAuthorize,
    OauthToken,
    OauthRevokeToken,
    Login,
    Signup,
    VerifyEmail,
    PasswordChange,
    PasswordReset,
    PasswordResetConfirm,
}

impl Throttle {
    /// The names of its scopes, for anonymous callers and for users.
    pub fn scopes(self) -> (&'static str, &'static str) {
        macro_rules! both {
            ($name:literal) => {
                (
                    concat!("anonymous-", $name),
                    concat!("authenticated-", $name),
                )
            };
        }
        match self {
            Self::Never => ("none", "none"),
            Self::Wildcard => both!("wildcard"),
            Self::List => both!("list"),
            Self::Retrieve => both!("retrieve"),
            Self::Create => both!("create"),
            Self::Update => both!("update"),
            Self::Destroy => both!("destroy"),
            Self::OauthApp => both!("oauth-app"),
            Self::Reports => both!("reports"),
            Self::Subsonic => ("subsonic", "subsonic"),
            Self::Fetch => ("none", "fetch"),
            Self::OauthAuthorize => ("oauth-authorize", "oauth-authorize"),
            Self::OauthToken => ("oauth-token", "oauth-token"),
            Self::OauthRevokeToken => ("oauth-revoke-token", "oauth-revoke-token"),
            Self::Login => ("login", "login"),
            Self::Signup => ("signup", "signup"),
            Self::VerifyEmail => ("verify-email", "verify-email"),
            Self::PasswordChange => ("password-change", "password-change"),
            Self::PasswordReset => ("password-reset", "password-reset"),
            Self::PasswordResetConfirm => ("password-reset-confirm", "password-reset-confirm"),
        }
    }

    /// Whether users are counted by address too, so that an account does not allow more password
    /// guesses or more sign-ups.
    pub fn is_by_address(self) -> bool {
        Self::BY_ADDRESS.contains(&self.scopes().0)
    }

    /// The scopes that are always counted by address.
    pub const BY_ADDRESS: [&'static str; 4] = [
        "login",
        "signup",
        "password-reset",
        "password-reset-confirm",
    ];

    /// The scope that the caller's request counts in; `None` if it is not counted.
    pub fn scope(self, ident: &Ident) -> Option<&'static str> {
        let (anonymous, authenticated) = self.scopes();
        let scope = match ident {
            Ident::Address(_) | Ident::Login(_) => anonymous,
            Ident::User(_) => authenticated,
        };
        (scope != "none").then_some(scope)
    }
}

/// The caller that a request is counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ident {
    /// A user, with all of their sessions, tokens and applications.
    User(i64),
    /// The address of an anonymous caller; for IPv6 its /64 network.
    Address(IpAddr),
    /// A name that somebody tries to sign in with, by its hash, from any address.
    Login(u64),
}

impl Ident {
    /// IPv6 addresses are cut to the network of so many bits that one client owns; IPv4-mapped addresses
    /// become IPv4.
    pub fn of_address(address: IpAddr, network: u8) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(v6) => {
                let host = 128 - u32::from(network.min(128));
                let mask = u128::MAX.checked_shl(host).unwrap_or_default();
                IpAddr::V6((u128::from(v6) & mask).into())
            }
            v4 => v4,
        })
    }

    /// `anonymous` or `authenticated`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "authenticated",
            Self::Address(_) | Self::Login(_) => "anonymous",
        }
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Address(address) => address.fmt(f),
            Self::Login(hash) => write!(f, "login-{hash:016x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_are_one_client() {
        let ident = |address: &str, network| {
            let address = address.parse().expect("it is an address");
            Ident::of_address(address, network)
        };
        let (one, near) = ("2001:db8:0:1::1", "2001:db8:0:2::1");
        assert_ne!(ident(one, 64), ident(near, 64));
        assert_eq!(ident(one, 56), ident(near, 56));
        assert_eq!(ident("2001:db8:0:1::2", 64), ident(one, 64));
        assert_ne!(ident("2001:db8:0:1::2", 128), ident(one, 128));
        assert_eq!(ident("::ffff:192.0.2.1", 56), ident("192.0.2.1", 64));
        assert_ne!(ident("192.0.2.1", 32), ident("192.0.2.2", 32));
    }
}
