//! The plugins that ship, and what each needs to know.
use crate::error::{Error, Result};

/// A plugin: it tells a service elsewhere what somebody has played.
#[derive(Debug)]
pub struct Plugin {
    pub name: &'static str,
    pub label: &'static str,
    pub description: &'static str,
    pub homepage: &'static str,
    pub fields: &'static [Field],
}

/// Something that a plugin needs to know.
#[derive(Debug)]
pub struct Field {
    pub name: &'static str,
    pub kind: FieldKind,
    pub label: &'static str,
    pub help: &'static str,
    pub is_required: bool,
    /// Of what is true or false.
    pub default: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    Text,
    Url,
    /// It is never shown again.
    Secret,
    Boolean,
}

impl FieldKind {
    /// What the forms of clients call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Url => "url",
            Self::Secret => "password",
            Self::Boolean => "boolean",
        }
    }
}

impl Field {
    const fn new(
        name: &'static str,
        kind: FieldKind,
        label: &'static str,
        help: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            label,
            help,
            is_required: true,
            default: None,
        }
    }

    const fn optional(self) -> Self {
        Self {
            is_required: false,
            ..self
        }
    }

    const fn by_default(self, default: bool) -> Self {
        Self {
            is_required: false,
            default: Some(default),
            ..self
        }
    }
}

pub const SCROBBLER: &str = "scrobbler";
pub const LISTENBRAINZ: &str = "listenbrainz";
pub const MALOJA: &str = "maloja";

pub const PLUGINS: &[Plugin] = &[
    Plugin {
        name: SCROBBLER,
        label: "Scrobbler",
        description: "Scrobbles what you play to Last.fm, Libre.fm, or another service that speaks the Audioscrobbler protocol.",
        homepage: "https://www.last.fm/",
        fields: &[
            Field::new(
                "url",
                FieldKind::Url,
                "Address of the service",
                "Empty for Last.fm; http://turtle.libre.fm/ for Libre.fm.",
            )
            .optional(),
            Field::new("username", FieldKind::Text, "Username at the service", ""),
            Field::new("password", FieldKind::Secret, "Password at the service", ""),
        ],
    },
    Plugin {
        name: LISTENBRAINZ,
        label: "ListenBrainz",
        description: "Sends what you play, and your favorites, to ListenBrainz.",
        homepage: "https://listenbrainz.org/",
        fields: &[
            Field::new(
                "user_token",
                FieldKind::Secret,
                "User token",
                "It is on the settings page of your ListenBrainz account.",
            ),
            Field::new("user_name", FieldKind::Text, "Username at ListenBrainz", "").optional(),
            Field::new(
                "submit_listenings",
                FieldKind::Boolean,
                "Send what you play",
                "",
            )
            .by_default(true),
            Field::new(
                "submit_favorites",
                FieldKind::Boolean,
                "Send your favorites",
                "Only those that MusicBrainz knows.",
            )
            .by_default(false),
        ],
    },
    Plugin {
        name: MALOJA,
        label: "Maloja",
        description: "Sends what you play to a Maloja server.",
        homepage: "https://github.com/krateng/maloja",
        fields: &[
            Field::new("server_url", FieldKind::Url, "Address of the server", ""),
            Field::new("api_key", FieldKind::Secret, "API key", ""),
            Field::new(
                "nofix",
                FieldKind::Boolean,
                "Leave the names as they are",
                "",
            )
            .by_default(false),
        ],
    },
];

/// The plugin of this name.
///
/// # Errors
/// `NotFound` if there is none.
pub fn plugin(name: &str) -> Result<&'static Plugin> {
    let mut plugins = PLUGINS.iter();
    plugins
        .find(|plugin| plugin.name == name)
        .ok_or(Error::NotFound)
}
