//! OAuth scopes: what a token gives access to (contract section 2).
use std::fmt;

/// Declares the scopes: for each a `read:` and a `write:` form.
macro_rules! scopes {
    ($($(#[doc = $doc:literal])+ $scope:ident = $name:literal;)*) => {
        /// An area of the API; each has a `read:` and a `write:` scope.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Area { $($(#[doc = $doc])+ $scope,)* }

        impl Area {
            pub const ALL: &[Area] = &[$(Area::$scope,)*];

            fn words(self) -> (&'static str, &'static str) {
                match self { $(Self::$scope => (concat!("read:", $name), concat!("write:", $name)),)* }
            }

            /// Whether it is about the pod as a whole, which only its keepers may change.
            pub fn is_of_instance(self) -> bool {
                self.words().0.starts_with("read:instance:")
            }

            /// A description for people.
            pub fn about(self) -> &'static str {
                match self { $(Self::$scope => concat!($($doc),+).trim_ascii(),)* }
            }
        }
    };
}

scopes! {
    /// Profile, email address and client settings
    Profile = "profile";
    /// Artists, albums, tracks, uploads, libraries and audio
    Libraries = "libraries";
    /// Suggested edits of artists, albums and tracks
    Edits = "edits";
    /// Follows of libraries and channels
    Follows = "follows";
    /// Favorite tracks
    Favorites = "favorites";
    /// Content filters (hidden artists)
    Filters = "filters";
    /// Listening history
    Listenings = "listenings";
    /// Radios
    Radios = "radios";
    /// Playlists
    Playlists = "playlists";
    /// Notifications
    Notifications = "notifications";
    /// Password, sessions, tokens and authorized applications
    Security = "security";
    /// Reports to moderators
    Reports = "reports";
    /// Plugins
    Plugins = "plugins";
    /// Settings of the pod
    InstanceSettings = "instance:settings";
    /// User accounts of the pod
    InstanceUsers = "instance:users";
    /// Invitations to the pod
    InstanceInvitations = "instance:invitations";
    /// Edits suggested by any user
    InstanceEdits = "instance:edits";
    /// Catalogue and libraries of the whole pod
    InstanceLibraries = "instance:libraries";
    /// Accounts of this and other pods (moderation)
    InstanceAccounts = "instance:accounts";
    /// Domains of other pods (moderation)
    InstanceDomains = "instance:domains";
    /// Moderation policies
    InstancePolicies = "instance:policies";
    /// Reports by any user
    InstanceReports = "instance:reports";
    /// Sign-up requests
    InstanceRequests = "instance:requests";
    /// Moderation notes
    InstanceNotes = "instance:notes";
}

/// Reading or writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

/// A scope: read or write access to an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope(pub Access, pub Area);

impl Scope {
    /// The name of the scope: `read:libraries`.
    pub fn word(self) -> &'static str {
        let (read, write) = self.1.words();
        match self.0 {
            Access::Read => read,
            Access::Write => write,
        }
    }

    fn bit(self) -> u64 {
        let half = match self.0 {
            Access::Read => 0,
            Access::Write => 32,
        };
        1 << (half + self.1 as u64)
    }

    /// Every scope.
    pub fn all() -> impl Iterator<Item = Self> {
        let both = |area: &Area| [Self(Access::Read, *area), Self(Access::Write, *area)];
        Area::ALL.iter().flat_map(both)
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ScopeSet(u64);

impl ScopeSet {
    pub const NONE: Self = Self(0);

    /// Parses a space-separated list. `read` and `write` include all scopes below them; unknown
    /// words are ignored (contract section 2).
    pub fn parse(words: &str) -> Self {
        words
            .split_whitespace()
            .map(Self::of_word)
            .fold(Self::NONE, Self::union)
    }

    fn of_word(word: &str) -> Self {
        Scope::all()
            .filter(|scope| {
                let name = scope.word();
                name == word
                    || name
                        .split_once(':')
                        .is_some_and(|(parent, _)| parent == word)
            })
            .collect()
    }

    /// The words of a list that are not scopes.
    pub fn unknown(words: &str) -> Vec<&str> {
        let unknown = |word: &&str| Self::of_word(word) == Self::NONE;
        words.split_whitespace().filter(unknown).collect()
    }

    /// Whether this is a subset of `others`.
    pub fn is_within(self, others: Self) -> bool {
        self.0 & !others.0 == 0
    }

    /// The scopes of the set, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::all().filter(move |scope| self.contains(*scope))
    }

    pub fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The scopes of anonymous callers, for operations that admit them.
    pub fn anonymous() -> Self {
        Self::parse(
            "read:libraries read:playlists read:listenings read:favorites read:radios read:edits",
        )
    }

    /// The scopes that OAuth access tokens can have at most.
    pub fn common() -> Self {
        Self::anonymous().union(Self::parse(
            "read:profile write:profile write:libraries write:playlists read:follows write:follows \
             write:favorites read:notifications write:notifications write:radios write:edits \
             read:filters write:filters read:reports write:reports write:listenings",
        ))
    }

    /// The scopes of a user in person, by the user's permissions.
    pub fn of_user(permissions: Permissions) -> Self {
        let own = "read:security write:security read:plugins write:plugins";
        let mut scopes = Self::common().union(Self::parse(own));
        let mut add = |held: bool, areas: &[Area]| {
            if held {
                let both = |area: &Area| [Scope(Access::Read, *area), Scope(Access::Write, *area)];
                scopes = scopes.union(areas.iter().flat_map(both).collect());
            }
        };
        use Area::*;
        add(
            permissions.moderation,
            &[
                InstancePolicies,
                InstanceAccounts,
                InstanceDomains,
                InstanceReports,
                InstanceRequests,
                InstanceNotes,
            ],
        );
        add(permissions.library, &[InstanceEdits, InstanceLibraries]);
        add(
            permissions.settings,
            &[InstanceSettings, InstanceUsers, InstanceInvitations],
        );
        scopes
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held: Vec<_> = Scope::all()
            .filter(|scope| self.contains(*scope))
            .map(Scope::word)
            .collect();
        f.write_str(&held.join(" "))
    }
}

/// How a credential limits the scopes of its user.
#[derive(Clone, Copy, Debug)]
pub enum Bounds<'a> {
    /// A password or a browser session: no limit.
    InPerson,
    /// A Subsonic token: what OAuth allows at most.
    Player,
    /// An application token, with the application's scopes.
    Application(&'a str),
    /// An OAuth access token, with the scopes of the application and of the token.
    AccessToken {
        application: &'a str,
        token: &'a str,
    },
}

/// The scopes of a credential: those of its user, limited by its application, by the token and, for
/// access tokens, by what OAuth allows at most (contract section 2).
pub fn effective(permissions: Permissions, bounds: Bounds<'_>) -> ScopeSet {
    let own = ScopeSet::of_user(permissions);
    match bounds {
        Bounds::InPerson => own,
        Bounds::Player => own.intersection(ScopeSet::common()),
        Bounds::Application(scope) => own.intersection(ScopeSet::parse(scope)),
        Bounds::AccessToken { application, token } => own
            .intersection(ScopeSet::parse(application))
            .intersection(ScopeSet::parse(token))
            .intersection(ScopeSet::common()),
    }
}

/// Staff permissions of a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Permissions {
    pub moderation: bool,
    pub library: bool,
    pub settings: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_stands_for_its_children_and_unknown_words_for_nothing() {
        let read = ScopeSet::parse("read nonsense");
        assert!(read.contains(Scope(Access::Read, Area::InstanceNotes)));
        assert!(!read.contains(Scope(Access::Write, Area::Libraries)));
        assert_eq!(ScopeSet::parse("write:zzz"), ScopeSet::NONE);
    }

    #[test]
    fn an_access_token_reaches_neither_security_nor_the_instance() {
        let common = ScopeSet::common();
        for scope in Scope::all() {
            let word = scope.word();
            let privileged = ["security", "plugins", "instance:"]
                .iter()
                .any(|area| word.contains(area));
            assert_eq!(common.contains(scope), !privileged, "{word}");
        }
    }

    #[test]
    fn rights_are_what_user_application_token_and_oauth_have_in_common() {
        let plain = Permissions::default();
        let all = Permissions {
            moderation: true,
            library: true,
            settings: true,
        };
        let person = Bounds::InPerson;
        let app = Bounds::Application;
        let token = |application, token| Bounds::AccessToken { application, token };
        for (permissions, bounds, word, reached) in [
            (plain, person, "write:security", true),
            (plain, person, "read:instance:users", false),
            (all, person, "write:instance:users", true),
            (plain, app("read write"), "write:security", true),
            (plain, app("read write"), "read:instance:settings", false),
            (plain, app("read write"), "write:instance:users", false),
            (all, app("read write"), "read:instance:settings", true),
            (all, app("read:favorites"), "read:favorites", true),
            (all, app("read:favorites"), "read:libraries", false),
            (plain, app(""), "read:libraries", false),
            (
                plain,
                token("read write", "read write"),
                "write:playlists",
                true,
            ),
            (plain, token("read", "read write"), "write:playlists", false),
            (plain, token("read write", "read"), "write:playlists", false),
            (
                plain,
                token("read write", "write:playlists"),
                "read:playlists",
                false,
            ),
            (
                all,
                token("read write", "read write"),
                "read:security",
                false,
            ),
            (
                all,
                token("read write", "read write"),
                "read:plugins",
                false,
            ),
            (
                all,
                token("read write", "read write"),
                "read:instance:users",
                false,
            ),
        ] {
            let found = effective(permissions, bounds);
            let scope = Scope::all().find(|scope| scope.word() == word).unwrap();
            assert_eq!(
                found.contains(scope),
                reached,
                "{permissions:?} {bounds:?} {word}"
            );
        }
    }

    #[test]
    fn permissions_open_their_areas_only() {
        let library = Permissions {
            library: true,
            ..Permissions::default()
        };
        let scopes = ScopeSet::of_user(library);
        assert!(scopes.contains(Scope(Access::Write, Area::InstanceLibraries)));
        assert!(scopes.contains(Scope(Access::Read, Area::Security)));
        assert!(!scopes.contains(Scope(Access::Read, Area::InstanceUsers)));
    }
}
