//! Sessions of radios: a listener draws tracks from one, each once (contract section 10).
mod body;
mod candidates;
mod draw;
pub mod graphql;
mod kind;
mod write;

use async_graphql::SimpleObject;
use serde_json::Value;
use sqlx::FromRow;

pub use self::{body::Rest, kind::RadioType};
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::{ids::Key, reference::identified},
    guard::{Allowed, Operation, operations},
    load::{Entity, entity},
    time::Timestamp,
    token::token_hash,
};

operations! {
    "radio_sessions", "Sessions of radios: a listener draws tracks from one, each once.";
    /// Starts a session of a radio.
    ///
    /// Strangers may, too: a session of theirs belongs to their address. A session ends after 30
    /// days, or when you have started 100 others. Radios that need an object, and are given none or
    /// one that does not exist, are answered with 400. Radios of favorites,
    /// of what was not heard and of filters need the scopes `read:favorites`, `read:listenings` and
    /// `read:playlists` too.
    create: Create = act Libraries, anonymous = Setting, throttle = Create, graphql = "Mutation.createRadioSession";
    /// Returns one of your sessions.
    ///
    /// Sessions of others, and unknown IDs, are answered with 404.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "radioSession";
    /// Draws the next tracks of a session.
    ///
    /// Drawn are tracks that you can play, whose artists you have not hidden, and none twice. A
    /// session that has no more tracks is answered with 404, one of others with 403.
    draw: Draw = act Libraries, anonymous = Setting, throttle = Create, graphql = "Mutation.drawRadioTracks", reads = many;
}

/// A session of a radio.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct RadioSession {
    /// Numeric ID, unique among sessions.
    #[graphql(name = "databaseId")]
    pub id: i64,
    #[graphql(skip)]
    pub user_id: Option<i64>,
    #[graphql(skip)]
    pub session_key: Option<String>,
    /// What the radio plays.
    pub radio_type: RadioType,
    /// The object that the radio is about: the numeric ID of an artist or a track, the UUID of a
    /// library, a tag's name, or `name@domain`.
    pub related_object_id: Option<String>,
    #[graphql(skip)]
    pub custom_radio_id: Option<i64>,
    #[graphql(skip)]
    #[sqlx(json(nullable))]
    pub config: Option<Value>,
    /// Time at which the session was started.
    pub creation_date: Timestamp,
}

identified!(RadioSession in "radio_sessions");

entity!(RadioSession in "radio_sessions": "id, user_id, session_key, radio_type, related_object_id, custom_radio_id,
    config, creation_date", upon [], weighs [session_key, related_object_id]);

/// A track that was drawn in a session.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct RadioSessionTrack {
    /// Numeric ID, unique among drawn tracks.
    #[graphql(name = "databaseId")]
    pub id: i64,
    #[graphql(skip)]
    pub session_id: i64,
    #[graphql(skip)]
    pub track_id: i64,
    /// Its place in the session, from 1.
    pub position: i64,
}

entity!(RadioSessionTrack in "radio_session_tracks": "id, session_id, track_id, position", upon [], weighs []);

/// Seconds after which a session ends.
const LIFETIME: i64 = 30 * 24 * 60 * 60;

impl RadioSession {
    fn is_of(&self, owner: &Owner) -> bool {
        match owner {
            Owner::User(id) => self.user_id == Some(*id),
            Owner::Stranger(key) => {
                self.user_id.is_none() && self.session_key.as_ref() == Some(key)
            }
        }
    }

    fn has_ended(&self, reader: &Reader) -> bool {
        self.creation_date.plus_seconds(LIFETIME) < reader.clock().now()
    }
}

/// Whose a session is.
enum Owner {
    User(i64),
    /// The hash of what strangers are told apart by.
    Stranger(String),
}

impl Owner {
    fn of<O: Operation>(permit: &Allowed<O>) -> Self {
        match permit.user_id() {
            Some(id) => Self::User(id),
            None => {
                let name = format!("{:?}", permit.ident());
                Self::Stranger(crate::hex::hex(token_hash(&name)))
            }
        }
    }
}

/// A session that has not ended.
async fn find(reader: &Reader, key: Key) -> Result<RadioSession> {
    let id = key.number()?;
    let found = RadioSession::select().then(" where id = ?").bind(id);
    let session: RadioSession = found.one(reader.db()).await?;
    match session.has_ended(reader) {
        true => Err(Error::NotFound),
        false => Ok(session),
    }
}

/// One of the caller's sessions.
pub async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<RadioSession> {
    let session = find(permit, key).await?;
    match session.is_of(&Owner::of(permit)) {
        true => Ok(session),
        false => Err(Error::NotFound),
    }
}

/// A track that was drawn in one of the caller's sessions.
pub async fn drawn(permit: &Allowed<Retrieve>, key: Key) -> Result<RadioSessionTrack> {
    let id = key.number()?;
    let found = RadioSessionTrack::select().then(" where id = ?").bind(id);
    let track: RadioSessionTrack = found.one(permit.db()).await?;
    retrieve(permit, Key::Id(track.session_id)).await?;
    Ok(track)
}
