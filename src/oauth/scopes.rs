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

/// Characters of a list of scopes at most: every word is compared with all that there are.
const LONGEST: usize = 2_000;

/// Whether a list names scopes and nothing else.
pub fn are_scopes(wanted: &str) -> bool {
    wanted.len() <= LONGEST && ScopeSet::unknown(wanted).is_empty()
}

/// The words of what is wanted, each once, cut to what an application may ask for: a token says
/// what it reaches (RFC 6749 section 3.3).
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
