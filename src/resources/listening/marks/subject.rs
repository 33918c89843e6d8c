//! What a mark is of.
use super::Mark;
use crate::{
    error::{Error, Result},
    graphql::ids::{Kind, parse},
    rest::params::choices,
};

choices! {
    /// Type of what a mark is of.
    pub enum SubjectType {
        /// An artist.
        Artist = "artist",
        /// An album.
        Album = "album",
        /// A track.
        Track = "track",
    }
}

impl SubjectType {
    /// The column that names such an object.
    pub fn column(self) -> &'static str {
        match self {
            Self::Artist => "artist_id",
            Self::Album => "album_id",
            Self::Track => "track_id",
        }
    }

    pub fn table(self) -> &'static str {
        match self {
            Self::Artist => "artists",
            Self::Album => "albums",
            Self::Track => "tracks",
        }
    }
}

/// An artist, an album or a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    pub kind: SubjectType,
    pub id: i64,
}

impl Subject {
    pub fn new(kind: SubjectType, id: i64) -> Self {
        Self { kind, id }
    }

    /// The object with a global ID.
    pub fn read(id: &async_graphql::ID) -> Result<Self> {
        let wrong = || Error::field("subject", "Not the ID of an artist, an album or a track.");
        let (kind, name) = parse(id).map_err(|_| wrong())?;
        let kind = match kind {
            Kind::Artist => SubjectType::Artist,
            Kind::Album => SubjectType::Album,
            Kind::Track => SubjectType::Track,
            _ => return Err(wrong()),
        };
        let id = name.parse().map_err(|_| wrong())?;
        Ok(Self { kind, id })
    }

    /// The number of the object if it is of a type.
    pub fn of(self, kind: SubjectType) -> Option<i64> {
        (self.kind == kind).then_some(self.id)
    }
}

impl Mark {
    pub fn subject(&self) -> Option<Subject> {
        let artist = self.artist_id.map(|id| (SubjectType::Artist, id));
        let album = self.album_id.map(|id| (SubjectType::Album, id));
        let track = self.track_id.map(|id| (SubjectType::Track, id));
        let (kind, id) = artist.or(album).or(track)?;
        Some(Subject { kind, id })
    }
}
