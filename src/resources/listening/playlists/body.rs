//! The REST endpoints of playlists.
use std::sync::Arc;

use poem_openapi::Object;
use serde::Serialize;

use super::{
    Add, Clear, Create, Delete, List, Move, Playlist, PlaylistTrack, Query, Remove, Retrieve,
    Tracks, Update,
    entries::{Contents, contents},
    retrieve,
    sql::listing,
    write::{
        Addition, NewPlaylist, PlaylistChanges, add, clear, create, delete, remove, shift, update,
    },
};
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::{ids::Key, reference::ById},
    guard::Allowed,
    load::{Entity, Loaders, sole},
    resources::{
        catalogue::tracks::{self, Track, TrackBody},
        people::{
            actors::ActorBody,
            users::{UserPrivacy, UserRef, refs},
        },
    },
    rest::{
        answer::{Answer, Created, NoContent},
        standard::routes,
    },
    time::Timestamp,
};

/// A playlist: tracks in an order that its owner chose.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Playlist")]
struct PlaylistBody {
    /// Numeric ID, unique among playlists.
    id: i64,
    /// Name of the playlist.
    name: String,
    /// Owner of the playlist.
    user: UserRef,
    /// Time of the last change of the playlist or of its tracks.
    modification_date: Timestamp,
    /// Time at which the playlist was created.
    creation_date: Timestamp,
    /// Who can see the playlist.
    privacy_level: UserPrivacy,
    /// Number of tracks.
    tracks_count: i64,
    /// URLs of square crops, 200 x 200 pixels, of the covers of the first albums; at most 5.
    album_covers: Vec<String>,
    /// Duration of all tracks in seconds.
    duration: i64,
    /// Whether you can play any of the tracks; null for a playlist that was just created.
    is_playable: Option<bool>,
    /// ActivityPub actor of the owner.
    actor: Option<ActorBody>,
}

/// A track in a playlist.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "PlaylistTrack")]
struct EntryBody {
    /// The track.
    track: TrackBody,
    /// Place in the playlist, from 0.
    index: i64,
    /// Time at which the track was added.
    creation_date: Timestamp,
}

/// Tracks of a playlist.
#[derive(Debug, Serialize, Object)]
struct PlaylistTracks {
    /// Number of tracks.
    count: usize,
    /// The tracks in their order.
    results: Vec<EntryBody>,
}

/// Tracks to add to a playlist.
#[derive(Debug, Object)]
struct NewTracks {
    /// The tracks, in the order in which they are added.
    tracks: Vec<ById<Track>>,
    /// Whether a track may be in the playlist twice.
    allow_duplicates: bool,
}

/// A track to move within a playlist.
#[derive(Debug, Object)]
struct Places {
    /// Place of the track, from 0. Required.
    from: Option<i64>,
    /// New place of the track, from 0. Required.
    to: Option<i64>,
}

/// A track to remove from a playlist.
#[derive(Debug, Object)]
struct OnePlace {
    /// Place of the track, from 0.
    index: i64,
}

async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<PlaylistBody>> {
    let playlists = loaders.list::<Playlist>(ids).await?;
    let owners: Vec<i64> = playlists.iter().map(|playlist| playlist.user_id).collect();
    let owners = refs(loaders, reader, owners).await?;
    let mut contents = contents(loaders, reader, ids).await?;
    let body = |playlist: &Arc<Playlist>| {
        let contents = contents.remove(&playlist.id).unwrap_or_default();
        let (user, actor) = owners.get(&playlist.user_id).cloned()?;
        Some(playlist.body(reader, contents, user, actor))
    };
    Ok(playlists.iter().filter_map(body).collect())
}

impl Playlist {
    fn body(
        &self,
        reader: &Reader,
        contents: Contents,
        user: UserRef,
        actor: Option<ActorBody>,
    ) -> PlaylistBody {
        let covers = contents.covers.iter();
        PlaylistBody {
            id: self.id,
            name: self.name.clone(),
            user,
            modification_date: self.modification_date,
            creation_date: self.creation_date,
            privacy_level: self.privacy_level,
            tracks_count: contents.tracks_count,
            album_covers: covers
                .map(|picture| picture.medium_square_crop(reader))
                .collect(),
            duration: contents.duration,
            is_playable: Some(contents.is_playable),
            actor,
        }
    }
}

async fn detail(permit: &Allowed<Retrieve>, key: Key) -> Result<PlaylistBody> {
    let playlist = retrieve(permit, key).await?;
    sole(bodies(permit.loaders(), permit, &[playlist.id]).await?)
}

async fn created(permit: &Allowed<Create>, new: NewPlaylist) -> Result<PlaylistBody> {
    let playlist = create(permit, new).await?;
    let body = sole(bodies(permit.loaders(), permit, &[playlist.id]).await?)?;
    Ok(PlaylistBody {
        is_playable: None,
        ..body
    })
}

async fn updated(
    permit: &Allowed<Update>,
    key: Key,
    changes: PlaylistChanges,
) -> Result<PlaylistBody> {
    let playlist = update(permit, key, changes).await?;
    sole(bodies(permit.loaders(), permit, &[playlist.id]).await?)
}

/// The tracks of a playlist in their order, numbered from `first` on.
async fn shown(
    loaders: &Loaders,
    reader: &Reader,
    entries: &[PlaylistTrack],
    first: i64,
) -> Result<PlaylistTracks> {
    let ids = entries.iter().map(|entry| entry.track_id).collect();
    let tracks = tracks::by_id(loaders, reader, ids).await?;
    let body = |(index, entry): (i64, &PlaylistTrack)| {
        let track = tracks.get(&entry.track_id)?.clone();
        let creation_date = entry.creation_date;
        Some(EntryBody {
            track,
            index,
            creation_date,
        })
    };
    let results: Vec<_> = (first..).zip(entries).filter_map(body).collect();
    Ok(PlaylistTracks {
        count: results.len(),
        results,
    })
}

async fn listed(permit: &Allowed<Tracks>, key: Key) -> Result<PlaylistTracks> {
    let playlist = retrieve(permit, key).await?;
    let entries = PlaylistTrack::select().then(" where playlist_id = ? order by position, id");
    let entries: Vec<_> = entries.bind(playlist.id).all(permit.db()).await?;
    shown(permit.loaders(), permit, &entries, 0).await
}

async fn added(permit: &Allowed<Add>, key: Key, new: NewTracks) -> Result<PlaylistTracks> {
    let addition = Addition {
        tracks: &new.tracks,
        allow_duplicates: new.allow_duplicates,
    };
    let added = add(permit, key, addition).await?;
    let entries = permit
        .loaders()
        .owned::<PlaylistTrack>(&added.entries)
        .await?;
    shown(permit.loaders(), permit, &entries, added.first).await
}

async fn moved(permit: &Allowed<Move>, key: Key, places: Places) -> Result<Playlist> {
    let missing = |name: &str| Error::Refused(format!("invalid {name} index"));
    let from = places.from.ok_or_else(|| missing("from"))?;
    let to = places.to.ok_or_else(|| missing("to"))?;
    shift(permit, key, from, to).await
}

async fn removed(permit: &Allowed<Remove>, key: Key, place: OnePlace) -> Result<Playlist> {
    remove(permit, key, place.index).await
}

routes! {
    "/api/v1/playlists" lists List(Query) -> PlaylistBody = listing => bodies;
    retrieve: Retrieve = get "/:id" [id: i64] -> Answer<PlaylistBody> => detail;
    create: Create = post "/" {new: NewPlaylist} -> Created<PlaylistBody> => created;
    update: Update = patch "/:id" [id: i64] {changes: PlaylistChanges} -> Answer<PlaylistBody> => updated;
    replace: Update = put "/:id" [id: i64] {changes: PlaylistChanges} -> Answer<PlaylistBody> => updated;
    delete: Delete = delete "/:id" [id: i64] -> NoContent;
    tracks: Tracks = get "/:id/tracks" [id: i64] -> Answer<PlaylistTracks> => listed;
    add: Add = post "/:id/add" [id: i64] {new: NewTracks} -> Created<PlaylistTracks> => added;
    shift: Move = post "/:id/move" [id: i64] {places: Places} -> NoContent => moved;
    remove: Remove = post "/:id/remove" [id: i64] {place: OnePlace} -> NoContent => removed;
    remove_too: Remove = delete "/:id/remove" [id: i64] {place: OnePlace} -> NoContent => removed;
    clear: Clear = delete "/:id/clear" [id: i64] -> NoContent;
}
