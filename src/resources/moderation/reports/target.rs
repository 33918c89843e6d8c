//! What reports are about.
use serde::Serialize;
use serde_json::{Value, json, to_value};
use uuid::Uuid;

use super::{Create, Report};
use crate::{
    error::{Error, Result},
    graphql::{
        ids::{Key, Kind},
        reference::{ById, Identified},
    },
    guard::Allowed,
    load::{Load, Loaders, sole},
    resources::{
        catalogue::{
            albums::{self, Album},
            artists::{self, Artist},
            tracks::{self, Track},
        },
        library::libraries::{self, Library, ViewableLibrary},
        listening::playlists::{self, Playlist},
        people::actors::{self, Actor},
        publishing::channels::{self, Channel},
    },
    rest::params::choices,
    store::sql,
};

choices! {
    /// Type of what a report is about.
    pub enum TargetType {
        /// A channel.
        Channel = "channel",
        /// An artist.
        Artist = "artist",
        /// An album.
        Album = "album",
        /// A track.
        Track = "track",
        /// A library.
        Library = "library",
        /// A playlist.
        Playlist = "playlist",
        /// An account of this pod or of another.
        Account = "account",
    }
}

const ACCOUNT: &str = "account";
/// How the database calls an account.
const ACTOR: &str = "actor";

/// The type as it is stored.
pub fn stored(word: &str) -> &str {
    if word == ACCOUNT { ACTOR } else { word }
}

/// The type of a stored word; none of an unknown one.
fn read(word: &str) -> Option<TargetType> {
    use crate::rest::params::Scalar;
    let word = if word == ACTOR { ACCOUNT } else { word };
    TargetType::read(word).ok().flatten()
}

/// How a report names what it is about.
#[derive(Debug)]
pub enum Name {
    Key(Key),
    /// Username with the domain.
    Address(String),
}

/// What a new report is about.
pub struct Target {
    pub kind: TargetType,
    pub id: i64,
    /// The actor whose it is.
    pub owner: Option<i64>,
    /// What it is like at the time of the report.
    pub state: Value,
}

/// The target that the JSON of a REST request names.
///
/// # Errors
/// `Invalid` under `target`.
pub fn named(target: &Value) -> Result<(TargetType, Name)> {
    let wrong = |complaint: &str| Error::field("target", complaint);
    let kind = target["type"].as_str().and_then(read);
    let kind = kind.ok_or_else(|| wrong("Invalid type"))?;
    let number = |value: &Value| match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_i64(),
    };
    let uuid = target["uuid"].as_str().and_then(|text| text.parse().ok());
    let address = target["full_username"].as_str();
    let name = match kind {
        TargetType::Account => address.map(|address| Name::Address(address.to_owned())),
        _ => number(&target["id"])
            .map(Key::Id)
            .or(uuid.map(Key::Uuid))
            .map(Name::Key),
    };
    let lacking = match kind {
        TargetType::Account => "Give the account's `full_username`.",
        TargetType::Channel | TargetType::Library => "Give the `uuid` of the object.",
        _ => "Give the `id` of the object.",
    };
    Ok((kind, name.ok_or_else(|| wrong(lacking))?))
}

/// The target of a global ID: its type, and what names it there.
///
/// # Errors
/// `Invalid` under `target` for what cannot be reported.
pub fn identified(kind: Kind, name: String, host: &str) -> Result<(TargetType, Name)> {
    let kind = match kind {
        Kind::Actor => return Ok((TargetType::Account, Name::Address(name))),
        Kind::User => {
            let address = format!("{name}@{host}");
            return Ok((TargetType::Account, Name::Address(address)));
        }
        Kind::Channel => TargetType::Channel,
        Kind::Artist => TargetType::Artist,
        Kind::Album => TargetType::Album,
        Kind::Track => TargetType::Track,
        Kind::Library => TargetType::Library,
        Kind::Playlist => TargetType::Playlist,
        _ => {
            let complaint =
                "Expected the ID of a channel, artist, album, track, library, playlist or account.";
            return Err(Error::field("target", complaint));
        }
    };
    let key = name.parse().map(Key::Id).ok();
    let key = key.or_else(|| name.parse().map(Key::Uuid).ok());
    let key = key.ok_or_else(|| Error::field("target", "Not a global ID of this API."))?;
    Ok((kind, Name::Key(key)))
}

/// Finds what is to be reported, as far as the caller can see it.
///
/// # Errors
/// `Invalid` under `target`.
pub async fn find(permit: &Allowed<Create>, (kind, name): (TargetType, Name)) -> Result<Target> {
    let found = match name {
        Name::Address(address) => account(permit, &address).await,
        Name::Key(key) => object(permit, kind, key).await,
    };
    let mut target = match found {
        Err(Error::NotFound) => Err(Error::field("target", "This object does not exist.")),
        found => found,
    }?;
    if let Value::Object(state) = &mut target.state {
        state.insert(
            "_target".to_owned(),
            json!({ "type": kind, "id": target.id }),
        );
    }
    Ok(target)
}

async fn account(permit: &Allowed<Create>, address: &str) -> Result<Target> {
    let actor = actors::named(permit, address).await?;
    // Accounts that wait for approval, or were closed, are nobody's to know of.
    let closed = sql("select id from users where actor_id = ? and is_active = false");
    let closed = closed
        .bind(actor.id)
        .optional::<(i64,)>(permit.db())
        .await?;
    if closed.is_some() {
        return Err(Error::NotFound);
    }
    Ok(Target {
        kind: TargetType::Account,
        id: actor.id,
        owner: Some(actor.id),
        state: json(actor.body(permit))?,
    })
}

async fn object(permit: &Allowed<Create>, kind: TargetType, key: Key) -> Result<Target> {
    let loaders = permit.loaders();
    let (id, owner, state) = match kind {
        TargetType::Artist => {
            let artist = row::<Artist>(permit, key).await?;
            let shown = artists::bodies(loaders, permit, &[artist.id]).await?;
            (artist.id, artist.attributed_to_id, json(sole(shown)?)?)
        }
        TargetType::Album => {
            let album = row::<Album>(permit, key).await?;
            let shown = albums::bodies(loaders, permit, &[album.id]).await?;
            (album.id, album.attributed_to_id, json(sole(shown)?)?)
        }
        TargetType::Track => {
            let track = row::<Track>(permit, key).await?;
            let shown = tracks::bodies(loaders, permit, &[track.id]).await?;
            (track.id, track.attributed_to_id, json(sole(shown)?)?)
        }
        TargetType::Channel => {
            let channel = row::<Channel>(permit, key).await?;
            let shown = channels::body::bodies(loaders, permit, &[channel.id]).await?;
            let owner = Some(channel.attributed_to_id);
            (channel.id, owner, json(sole(shown)?)?)
        }
        TargetType::Library => {
            let library = row::<Library>(permit, key).await?;
            // Whether it is there, is only for those to know who have access.
            let open = loaders.one::<ViewableLibrary>(library.id).await?;
            open.ok_or(Error::NotFound)?;
            let shown = libraries::bodies(loaders, permit, &[library.id]).await?;
            (library.id, Some(library.actor_id), json(sole(shown)?)?)
        }
        TargetType::Playlist => playlist(permit, key).await?,
        TargetType::Account => return Err(Error::NotFound),
    };
    Ok(Target {
        kind,
        id,
        owner,
        state,
    })
}

async fn playlist(permit: &Allowed<Create>, key: Key) -> Result<(i64, Option<i64>, Value)> {
    let id = number::<Playlist>(permit, key).await?;
    let playlist = playlists::retrieve(permit, Key::Id(id)).await?;
    let owner = sql("select actor_id from users where id = ? and actor_id is not null");
    let owner = owner.bind(playlist.user_id);
    let owner = owner.optional::<(i64,)>(permit.db()).await?;
    let state = json!({
        "id": playlist.id,
        "name": playlist.name,
        "privacy_level": playlist.privacy_level,
        "creation_date": playlist.creation_date,
        "is_local": true,
    });
    Ok((id, owner.map(|(id,)| id), state))
}

async fn number<T: Identified>(permit: &Allowed<Create>, key: Key) -> Result<i64> {
    let reference: ById<T> = ById::keyed(key);
    reference.resolve(permit, "target").await
}

async fn row<T: Identified + Load>(permit: &Allowed<Create>, key: Key) -> Result<T::Value> {
    let id = number::<T>(permit, key).await?;
    sole(permit.loaders().owned::<T>(&[id]).await?)
}

fn json(body: impl Serialize) -> Result<Value> {
    to_value(body).map_err(Error::internal)
}

/// What a report is about, as REST names it; null if it is gone.
pub async fn told(loaders: &Loaders, report: &Report) -> Result<Option<Value>> {
    let (Some(kind), Some(id)) = (report.about(), report.target_id) else {
        return Ok(None);
    };
    let by_id = |id: i64| json!({ "type": kind, "id": id });
    let by_uuid = |uuid: Uuid| json!({ "type": kind, "uuid": uuid });
    Ok(match kind {
        TargetType::Artist => loaders.one::<Artist>(id).await?.map(|row| by_id(row.id)),
        TargetType::Album => loaders.one::<Album>(id).await?.map(|row| by_id(row.id)),
        TargetType::Track => loaders.one::<Track>(id).await?.map(|row| by_id(row.id)),
        TargetType::Playlist => loaders.one::<Playlist>(id).await?.map(|row| by_id(row.id)),
        TargetType::Channel => {
            let channel = loaders.one::<Channel>(id).await?;
            channel.map(|row| by_uuid(row.uuid))
        }
        TargetType::Library => {
            let library = loaders.one::<Library>(id).await?;
            library.map(|row| by_uuid(row.uuid))
        }
        TargetType::Account => {
            let actor = loaders.one::<Actor>(id).await?;
            actor.map(|actor| json!({ "type": kind, "full_username": actor.address() }))
        }
    })
}

impl Report {
    /// The type of what it is about.
    pub fn about(&self) -> Option<TargetType> {
        read(self.target_type.as_deref()?)
    }

    /// What people call it, or called it at the time of the report.
    pub fn called(&self) -> Option<String> {
        self.target_state.as_ref().and_then(called)
    }
}

/// What people call an object of this state.
fn called(state: &Value) -> Option<String> {
    let names = ["full_username", "name", "title"].into_iter();
    let names = names.filter_map(|field| state[field].as_str());
    let name = names.chain(state["artist"]["name"].as_str()).next()?;
    Some(name.to_owned())
}

impl Target {
    /// What people call it.
    pub fn name(&self) -> String {
        let named = called(&self.state).map(|name| format!("“{name}”"));
        named.unwrap_or_else(|| self.id.to_string())
    }
}
