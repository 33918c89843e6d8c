//! Global IDs: a type and what names the object, opaque to clients.
use std::fmt::Display;

use async_graphql::ID;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    rest::params::choices,
    store::{Sql, sql},
};

choices! {
    /// Types of objects that have a global ID.
    pub enum Kind {
        /// An artist.
        Artist = "Artist",
        /// An album.
        Album = "Album",
        /// A track.
        Track = "Track",
        /// An upload.
        Upload = "Upload",
        /// A library.
        Library = "Library",
        /// A tag.
        Tag = "Tag",
        /// An attachment.
        Attachment = "Attachment",
        /// An actor.
        Actor = "Actor",
        /// A channel.
        Channel = "Channel",
    }
}

/// Encodes a global ID. What other callers must not find by counting has no number in it.
pub fn global(kind: Kind, id: impl Display) -> ID {
    ID(URL_SAFE_NO_PAD.encode(format!("{}:{id}", kind.word())))
}

/// Decodes a global ID: the type, and what names the object.
pub fn parse(id: &ID) -> Result<(Kind, String)> {
    use crate::rest::params::Scalar;
    let decoded = URL_SAFE_NO_PAD.decode(id.as_str()).ok();
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    text.as_deref()
        .and_then(|text| text.split_once(':'))
        .and_then(|(kind, name)| Some((Kind::read(kind).ok().flatten()?, name.to_owned())))
        .ok_or_else(unknown)
}

fn unknown() -> Error {
    Error::field("id", "Not a global ID of this API.")
}

/// A key of an object: of `id`, `databaseId` and `uuid`, exactly one must be given.
#[derive(Clone, Debug)]
pub enum Key {
    Id(i64),
    Uuid(Uuid),
}

impl From<i64> for Key {
    fn from(id: i64) -> Self {
        Self::Id(id)
    }
}

impl From<Uuid> for Key {
    fn from(uuid: Uuid) -> Self {
        Self::Uuid(uuid)
    }
}

impl Key {
    /// The SQL condition for this key, in a table with `id` and `uuid`.
    pub fn condition(&self) -> Sql {
        match self {
            Self::Id(id) => sql("id = ?").bind(*id),
            Self::Uuid(uuid) => sql("uuid = ?").bind(*uuid),
        }
    }

    /// The key that a global ID holds.
    pub fn named(name: &str) -> Result<Self> {
        let number = name.parse().map(Self::Id).ok();
        let key = number.or_else(|| name.parse().map(Self::Uuid).ok());
        key.ok_or_else(unknown)
    }

    pub fn of(
        kind: Kind,
        id: Option<ID>,
        database_id: Option<i64>,
        uuid: Option<Uuid>,
    ) -> Result<Self> {
        match (id, database_id, uuid) {
            (Some(id), None, None) => match parse(&id)? {
                (found, name) if found == kind => Self::named(&name),
                (found, _) => {
                    let complaint = format!(
                        "This is the ID of a {}, not of a {}.",
                        found.word(),
                        kind.word()
                    );
                    Err(Error::field("id", complaint))
                }
            },
            (None, Some(id), None) => Ok(Self::Id(id)),
            (None, None, Some(uuid)) => Ok(Self::Uuid(uuid)),
            _ => Err(Error::field(
                "id",
                "Provide exactly one of `id`, `databaseId` and `uuid`.",
            )),
        }
    }
}
