//! IDs that players keep: the kind of a thing and its number, as in `al-5`.
use std::fmt;

use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::refusal::{Refusal, Told};

/// What an ID names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Id {
    Artist(i64),
    Album(i64),
    Track(i64),
    Playlist(i64),
    /// A picture.
    Picture(Uuid),
    /// The folder with all that there is.
    Root,
}

/// The kinds that have numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Artist,
    Album,
    Track,
    Playlist,
}

/// The ID of the only music folder.
pub const ROOT: i32 = 1;

impl Kind {
    fn of(self, number: i64) -> Id {
        match self {
            Self::Artist => Id::Artist(number),
            Self::Album => Id::Album(number),
            Self::Track => Id::Track(number),
            Self::Playlist => Id::Playlist(number),
        }
    }

    /// What an error calls a thing of this kind.
    fn word(self) -> &'static str {
        match self {
            Self::Artist => "Artist",
            Self::Album => "Album",
            Self::Track => "Song",
            Self::Playlist => "Playlist",
        }
    }

    /// A thing of this kind that is not there.
    pub fn missing(self) -> Refusal {
        Refusal::missing(self.word())
    }

    /// The number of a thing of this kind. Funkwhale had numbers without kinds, which players may still send.
    pub fn number(self, text: &str) -> Told<i64> {
        match text.parse() {
            Ok(number) => Ok(number),
            Err(_) => match Id::read(text)? {
                Id::Artist(number) if self == Self::Artist => Ok(number),
                Id::Album(number) if self == Self::Album => Ok(number),
                Id::Track(number) if self == Self::Track => Ok(number),
                Id::Playlist(number) if self == Self::Playlist => Ok(number),
                _ => Err(self.missing()),
            },
        }
    }
}

impl Id {
    /// Reads an ID that names its kind.
    pub fn read(text: &str) -> Told<Self> {
        let unreadable = || Refusal::generic(format!("For input string \"{text}\""));
        if text.parse() == Ok(ROOT) {
            return Ok(Self::Root);
        }
        let (kind, rest) = text.split_once('-').ok_or_else(unreadable)?;
        let kind = match kind {
            "ar" => Kind::Artist,
            "al" => Kind::Album,
            "tr" => Kind::Track,
            "pl" => Kind::Playlist,
            "at" => {
                return rest.parse().map(Self::Picture).map_err(|_| unreadable());
            }
            _ => return Err(unreadable()),
        };
        rest.parse()
            .map(|number| kind.of(number))
            .map_err(|_| unreadable())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Artist(number) => write!(f, "ar-{number}"),
            Self::Album(number) => write!(f, "al-{number}"),
            Self::Track(number) => write!(f, "tr-{number}"),
            Self::Playlist(number) => write!(f, "pl-{number}"),
            Self::Picture(uuid) => write!(f, "at-{uuid}"),
            Self::Root => ROOT.fmt(f),
        }
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
