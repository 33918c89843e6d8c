//! Global IDs: a type and what names the object, opaque to clients.
use std::fmt::{self, Display};

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
        /// A subscription to a channel.
        ChannelSubscription = "ChannelSubscription",
        /// A user of this pod.
        User = "User",
        /// A license.
        License = "License",
        /// An edit.
        Edit = "Edit",
        /// A browser session.
        Session = "Session",
        /// An application.
        OauthApplication = "OauthApplication",
        /// A grant.
        Grant = "Grant",
        /// A favorite.
        Favorite = "Favorite",
        /// A notification.
        Notification = "Notification",
        /// A follow of a library.
        LibraryFollow = "LibraryFollow",
        /// A listening.
        Listening = "Listening",
        /// A playlist.
        Playlist = "Playlist",
        /// A track in a playlist.
        PlaylistTrack = "PlaylistTrack",
        /// A custom radio.
        Radio = "Radio",
        /// A session of a radio.
        RadioSession = "RadioSession",
        /// A track that was drawn in a session of a radio.
        RadioSessionTrack = "RadioSessionTrack",
        /// A content filter.
        ContentFilter = "ContentFilter",
        /// A mark.
        Mark = "Mark",
        /// A bookmark.
        Bookmark = "Bookmark",
        /// A report to the moderators.
        Report = "Report",
        /// A request of somebody who wants an account.
        UserRequest = "UserRequest",
        /// A note of a moderator.
        ModerationNote = "ModerationNote",
        /// A policy about a domain or an account.
        InstancePolicy = "InstancePolicy",
        /// The domain of another pod.
        Domain = "Domain",
        /// An account, as administrators see it.
        UserAccount = "UserAccount",
        /// An invitation to sign up.
        Invitation = "Invitation",
        /// An entry of the audit log.
        AuditEntry = "AuditEntry",
        /// Work that the pod does in the background.
        Job = "Job",
    }
}

/// Encodes a global ID. What other callers must not find by counting has no number in it.
pub fn global(kind: Kind, id: impl Display) -> ID {
    ID(URL_SAFE_NO_PAD.encode(format!("{}:{id}", kind.word())))
}

/// Decodes a global ID: the type, and what names the object.
pub fn parse(id: &ID) -> Result<(Kind, String)> {
    decoded(id).ok_or_else(|| Error::field("id", UNKNOWN))
}

const UNKNOWN: &str = "Not a global ID of this API.";

fn decoded(id: &str) -> Option<(Kind, String)> {
    use crate::rest::params::Scalar;
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
    let (kind, name) = text.split_once(':')?;
    Some((Kind::read(kind).ok().flatten()?, name.to_owned()))
}

/// What names an object of this kind: from its global ID, or as it is.
///
/// # Errors
/// `Invalid` for the global ID of another kind.
pub fn named(kind: Kind, id: &str) -> Result<String> {
    name_of(kind, id).map_err(|complaint| Error::field("id", complaint))
}

fn name_of(kind: Kind, id: &str) -> Result<String, String> {
    match decoded(id) {
        Some((found, name)) if found == kind => Ok(name),
        Some((found, _)) => Err(format!(
            "Expected the ID of type `{}`, got `{}`.",
            kind.word(),
            found.word()
        )),
        None => Ok(id.to_owned()),
    }
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

/// As error messages of the original name it: `uuid=..`, `id=..`.
impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(out, "id={id}"),
            Self::Uuid(uuid) => write!(out, "uuid={uuid}"),
        }
    }
}

impl Key {
    /// The number, of an object that has no UUID.
    ///
    /// # Errors
    /// `NotFound` for a UUID.
    pub fn number(&self) -> Result<i64> {
        match self {
            Self::Id(id) => Ok(*id),
            Self::Uuid(_) => Err(Error::NotFound),
        }
    }

    /// The SQL condition for this key, in a table with `id` and `uuid`.
    pub fn condition(&self) -> Sql {
        match self {
            Self::Id(id) => sql("id = ?").bind(*id),
            Self::Uuid(uuid) => sql("uuid = ?").bind(*uuid),
        }
    }

    /// The key that a global ID of this kind holds, a number or a UUID.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(kind: Kind, id: &str) -> Result<Self, String> {
        let name = name_of(kind, id)?;
        let number = name.parse().map(Self::Id).ok();
        let key = number.or_else(|| name.parse().map(Self::Uuid).ok());
        key.ok_or_else(|| UNKNOWN.to_owned())
    }

    pub fn of(
        kind: Kind,
        id: Option<ID>,
        database_id: Option<i64>,
        uuid: Option<Uuid>,
    ) -> Result<Self> {
        match (id, database_id, uuid) {
            (Some(id), None, None) => {
                Self::read(kind, &id).map_err(|complaint| Error::field("id", complaint))
            }
            (None, Some(id), None) => Ok(Self::Id(id)),
            (None, None, Some(uuid)) => Ok(Self::Uuid(uuid)),
            _ => Err(Error::field(
                "id",
                "Provide exactly one of `id`, `databaseId` and `uuid`.",
            )),
        }
    }
}
