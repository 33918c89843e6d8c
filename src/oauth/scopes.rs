//! Scopes as people and clients are told of them.
use serde::Serialize;

use crate::scope::{Access, Area, Scope, ScopeSet};

/// One scope, for a person.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    pub word: &'static str,
    /// `read` or `write`.
    pub access: &'static str,
    pub about: &'static str,
}

/// The scopes of a set, for a person.
pub fn told(set: ScopeSet) -> Vec<Told> {
    set.iter()
        .map(|scope| Told {
            word: scope.word(),
            access: match scope.0 {
                Access::Read => "read",
                Access::Write => "write",
            },
            about: scope.1.about(),
        })
        .collect()
}

/// What an application can ask of people at most.
pub fn reachable(application: &str, wanted: &str) -> ScopeSet {
    ScopeSet::parse(wanted)
        .intersection(ScopeSet::parse(application))
        .intersection(ScopeSet::common())
}

/// One area, for a form to choose scopes in.
#[derive(Clone, Debug, Serialize)]
pub struct AreaTold {
    about: &'static str,
    read: Choice,
    write: Choice,
}

#[derive(Clone, Debug, Serialize)]
struct Choice {
    word: &'static str,
    /// Whether the user's rights hold it.
    reachable: bool,
}

/// Every area, with whether its scopes are within reach.
pub fn areas(own: ScopeSet) -> Vec<AreaTold> {
    let choice = |access, area| {
        let scope = Scope(access, area);
        Choice {
            word: scope.word(),
            reachable: own.contains(scope),
        }
    };
    let area = |area: &Area| AreaTold {
        about: area.about(),
        read: choice(Access::Read, *area),
        write: choice(Access::Write, *area),
    };
    Area::ALL.iter().map(area).collect()
}
