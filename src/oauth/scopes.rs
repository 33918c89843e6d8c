//! Scopes for display and in tokens.
use serde::Serialize;

use crate::scope::{Access, Area, Scope, ScopeSet};

/// A scope for display.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    pub word: &'static str,
    /// `read` or `write`.
    pub access: &'static str,
    pub about: &'static str,
}

/// The scopes of a set, for display.
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

/// The scopes that a request gives: those wanted, within what the application and OAuth allow.
pub fn reachable(application: &str, wanted: &str) -> ScopeSet {
    ScopeSet::parse(wanted)
        .intersection(ScopeSet::parse(application))
        .intersection(ScopeSet::common())
}

/// Maximum length of a list of scopes; each word is compared with every scope.
const LONGEST: usize = 2_000;

/// Whether every word of a list is a scope.
pub fn are_scopes(wanted: &str) -> bool {
    wanted.len() <= LONGEST && ScopeSet::unknown(wanted).is_empty()
}

/// Limits the wanted scopes to those of the application, without duplicates. The result is the
/// `scope` of the token (RFC 6749 section 3.3).
pub fn cut(application: &str, wanted: &str) -> String {
    let allowed = ScopeSet::parse(application);
    let mut whole: Vec<&str> = Vec::new();
    let mut parts = ScopeSet::NONE;
    for word in wanted.split_whitespace() {
        let asked = ScopeSet::parse(word);
        if asked == ScopeSet::NONE || !asked.is_within(allowed) {
            parts = parts.union(asked.intersection(allowed));
        } else if !whole.contains(&word) {
            whole.push(word);
        }
    }
    let rest = parts.iter().map(Scope::word);
    let rest: Vec<_> = rest.filter(|word| !whole.contains(word)).collect();
    [whole, rest].concat().join(" ")
}

/// An area with its two scopes, for a form.
#[derive(Clone, Debug, Serialize)]
pub struct AreaTold {
    about: &'static str,
    read: Choice,
    write: Choice,
}

#[derive(Clone, Debug, Serialize)]
struct Choice {
    word: &'static str,
    /// Whether the user has this scope.
    reachable: bool,
}

/// Every area, with the scopes that the user has.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_cut_to_what_the_application_may_have() {
        for (application, wanted, granted) in [
            ("read write", "read write:playlists", "read write:playlists"),
            ("read:profile", "read write", "read:profile"),
            (
                "read:profile write:playlists",
                "write:playlists zzz",
                "write:playlists",
            ),
            ("read", "write", ""),
            ("read:profile", "read read:profile read", "read:profile"),
        ] {
            assert_eq!(cut(application, wanted), granted, "{application}, {wanted}");
        }
    }
}
