//! IDs that players keep: the kind of a thing and its number, as in `al-5`.
use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::refusal::{Refusal, Told};

/// What an ID names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Id {
    Artist(i64),
    Album(i64),
    Track(i64),
    Playlist(i64),
    /// A picture.
    Picture(Uuid),
    /// A podcast.
    Channel(Uuid),
    /// The folder of all artists.
    Root,
    Directory(Place),
}

/// A directory of a folder that is scanned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub folder: i64,
    /// The path from the folder, without slashes around it.
    pub path: Arc<str>,
}

impl Place {
    /// The folder itself.
    pub fn root(folder: i64) -> Self {
        Self {
            folder,
            path: "".into(),
        }
    }

    /// Reads what `Display` writes: the number of the folder, and the path in base64url.
    fn read(text: &str) -> Option<Self> {
        let (folder, path) = text.split_once('-').unwrap_or((text, ""));
        let path = URL_SAFE_NO_PAD.decode(path).ok()?;
        let path = String::from_utf8(path).ok()?;
        let is_plain = !path.contains('\0') && path.trim_matches('/') == path;
        is_plain.then_some(Self {
            folder: folder.parse().ok()?,
            path: path.into(),
        })
    }

    /// A directory in this one.
    pub fn below(&self, name: &str) -> Self {
        let path = match &*self.path {
            "" => name.into(),
            path => format!("{path}/{name}").into(),
        };
        Self {
            folder: self.folder,
            path,
        }
    }

    /// The directory that this one lies in.
    pub fn above(&self) -> Option<Self> {
        let (above, _) = match &*self.path {
            "" => return None,
            path => path.rsplit_once('/').unwrap_or_default(),
        };
        Some(Self {
            folder: self.folder,
            path: above.into(),
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.folder)?;
        if self.path.is_empty() {
            return Ok(());
        }
        write!(f, "-{}", URL_SAFE_NO_PAD.encode(&*self.path))
    }
}

/// The kinds that have numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Artist,
    Album,
    Track,
    Playlist,
}

/// The ID of the music folder with everything. Those that are scanned come after it.
pub const ROOT: i64 = 1;

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
        if let Ok(number) = text.parse::<i64>() {
            return match number.checked_sub(ROOT) {
                Some(0) => Ok(Self::Root),
                Some(folder @ 1..) => Ok(Self::Directory(Place::root(folder))),
                _ => Err(unreadable()),
            };
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
            "ch" => {
                return rest.parse().map(Self::Channel).map_err(|_| unreadable());
            }
            "fo" => {
                let place = Place::read(rest);
                return place.map(Self::Directory).ok_or_else(unreadable);
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
            Self::Channel(uuid) => write!(f, "ch-{uuid}"),
            Self::Root => ROOT.fmt(f),
            Self::Directory(place) => write!(f, "fo-{place}"),
        }
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
