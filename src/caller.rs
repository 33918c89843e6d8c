//! Who asks, and how far the credentials reach that were sent.
use std::{net::IpAddr, sync::Arc};

use uuid::Uuid;

use crate::{
    error::{Error, Result, TokenProblem},
    scope::{Permissions, Scope, ScopeSet},
};

/// What strangers may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anonymous {
    Always,
    /// Unless the pod asks everybody to sign in (`common__api_authentication_required`).
    Setting,
    Never,
}

/// The client of a request.
#[derive(Clone, Debug)]
pub struct Client {
    pub address: IpAddr,
    /// `User-Agent` header, shortened.
    pub user_agent: String,
}

/// Who asks.
#[derive(Clone, Debug)]
pub enum Caller {
    Anonymous,
    /// A token was sent and not taken: a stranger where strangers are let in, refused elsewhere.
    Rejected(TokenProblem),
    /// Credentials that are refused everywhere: a wrong password, a forged request.
    Refused(Error),
    User(Arc<Identity>),
}

/// A user, and how far the credentials that were sent reach.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    pub user_id: i64,
    pub actor_id: Option<i64>,
    pub username: String,
    pub permissions: Permissions,
    pub scopes: ScopeSet,
    pub credential: Credential,
}

/// What a caller showed. What is made with it cannot do more, nor last longer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Credential {
    /// A password, by what it proves until it changes.
    Password(Uuid),
    Session(i64),
    /// A token of an authorization, by the family of its tokens.
    Family(Uuid),
    /// A token without a family, by its hash: an application token, or an imported one.
    Token(Vec<u8>),
    /// A Subsonic token, as it is stored.
    Subsonic(String),
    /// A token that was made with another credential, such as those in audio URLs.
    Derived,
}

impl Identity {
    /// Whether a password or a session was shown, not a token of an application.
    pub fn in_person(&self) -> bool {
        matches!(
            self.credential,
            Credential::Password(_) | Credential::Session(_)
        )
    }

    /// The browser session that the request belongs to.
    pub fn session_id(&self) -> Option<i64> {
        match self.credential {
            Credential::Session(id) => Some(id),
            _ => None,
        }
    }
}

impl Caller {
    pub fn identity(&self) -> Option<&Identity> {
        match self {
            Self::User(identity) => Some(identity),
            Self::Anonymous | Self::Rejected(_) | Self::Refused(_) => None,
        }
    }

    /// Why nothing is answered, whatever is asked.
    pub fn refusal(&self) -> Option<&Error> {
        match self {
            Self::Refused(error) => Some(error),
            _ => None,
        }
    }

    /// Refuses credentials that are not accepted, where strangers are not meant by them.
    ///
    /// # Errors
    /// `Unauthenticated` for a token that is unknown, revoked or expired; the refusal of `Refused`.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::Refused(error) => Err(error.clone()),
            Self::Rejected(problem @ (TokenProblem::Invalid | TokenProblem::Expired)) => {
                Err(Error::Unauthenticated(Some(*problem)))
            }
            _ => Ok(()),
        }
    }

    /// The rule of every operation: 401 for strangers where it is closed, 403 without the scope.
    pub fn may(&self, anonymous: Anonymous, closed: bool, scope: Option<Scope>) -> Result<()> {
        let problem = match self {
            Self::User(identity) => {
                return match scope.filter(|scope| !identity.scopes.contains(*scope)) {
                    None => Ok(()),
                    Some(lacking) => Err(Error::OutOfScope(lacking)),
                };
            }
            Self::Refused(error) => return Err(error.clone()),
            Self::Anonymous => None,
            Self::Rejected(problem) => Some(*problem),
        };
        let welcome = match anonymous {
            Anonymous::Always => true,
            Anonymous::Setting => !closed,
            Anonymous::Never => false,
        };
        if welcome {
            Ok(())
        } else {
            Err(Error::Unauthenticated(problem))
        }
    }
}
