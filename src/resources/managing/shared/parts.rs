//! What the bodies of managed objects are made of.
use std::collections::HashMap;

use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    context::Reader,
    error::Result,
    load::Loaders,
    resources::{
        catalogue::{
            albums::{Album, AlbumTracksCount},
            artists::Artist,
            credits::{AlbumCredits, ArtistCredit},
        },
        library::attachments::{Attachment, AttachmentBody},
    },
    time::{Date, Timestamp},
};

/// The domain of an ActivityPub ID; what has none was made here.
pub fn domain(reader: &Reader, fid: Option<&str>) -> String {
    let host = fid
        .and_then(|fid| fid.split_once("://"))
        .and_then(|(_, rest)| rest.split('/').next());
    host.map_or_else(|| reader.names().host.clone(), str::to_owned)
}

/// An artist, as part of what a keeper manages.
#[derive(Clone, Debug, Serialize, Object)]
pub struct ManagedArtistRef {
    /// Numeric ID, unique among artists.
    id: i64,
    /// ActivityPub ID (URI) of the artist.
    fid: Option<String>,
    /// MusicBrainz ID of the artist.
    mbid: Option<Uuid>,
    /// Name of the artist.
    name: String,
    /// Time at which the artist was added.
    creation_date: Timestamp,
    /// Domain of the artist's pod.
    domain: String,
    /// Whether the artist belongs to this pod.
    is_local: bool,
}

/// An album, as part of what a keeper manages.
#[derive(Clone, Debug, Serialize, Object)]
pub struct ManagedAlbumRef {
    /// Numeric ID, unique among albums.
    id: i64,
    /// ActivityPub ID (URI) of the album.
    fid: Option<String>,
    /// MusicBrainz ID of the release.
    mbid: Option<Uuid>,
    /// Title of the album.
    title: String,
    /// Time at which the album was added.
    creation_date: Timestamp,
    /// Release date.
    release_date: Option<Date>,
    /// Cover.
    cover: Option<AttachmentBody>,
    /// Domain of the album's pod.
    domain: String,
    /// Whether the album belongs to this pod.
    is_local: bool,
    /// Number of tracks on the album.
    tracks_count: i64,
    /// The artist who is credited first.
    artist: Option<ManagedArtistRef>,
}

/// Artists by their IDs.
pub async fn artists(
    loaders: &Loaders,
    reader: &Reader,
    ids: impl IntoIterator<Item = i64> + Send,
) -> Result<HashMap<i64, ManagedArtistRef>> {
    let artists = loaders.many::<Artist>(ids).await?;
    let body = |artist: &Artist| ManagedArtistRef {
        id: artist.id,
        fid: artist.fid.clone(),
        mbid: artist.mbid,
        name: artist.name.clone(),
        creation_date: artist.creation_date,
        domain: domain(reader, artist.fid.as_deref()),
        is_local: reader.is_local(artist.fid.as_deref()),
    };
    let bodies = artists.values().map(|artist| (artist.id, body(artist)));
    Ok(bodies.collect())
}

/// The artist who is credited first.
pub fn first(credits: Option<&Vec<ArtistCredit>>) -> Option<i64> {
    credits?.first().map(|credit| credit.artist_id)
}

/// Albums by their IDs.
pub async fn albums(
    loaders: &Loaders,
    reader: &Reader,
    ids: &[i64],
) -> Result<HashMap<i64, ManagedAlbumRef>> {
    let albums = loaders.many::<Album>(ids.iter().copied()).await?;
    let credits = loaders.many::<AlbumCredits>(ids.iter().copied()).await?;
    let counts = loaders
        .many::<AlbumTracksCount>(ids.iter().copied())
        .await?;
    let covers = loaders
        .parts::<Attachment>(albums.values().map(|album| album.attachment_cover_id))
        .await?;
    let credited = |id: &i64| first(credits.get(id).map(|credits| &**credits));
    let artists = artists(
        loaders,
        reader,
        ids.iter().filter_map(credited).collect::<Vec<_>>(),
    );
    let artists = artists.await?;
    let body = |album: &Album| ManagedAlbumRef {
        id: album.id,
        fid: album.fid.clone(),
        mbid: album.mbid,
        title: album.title.clone(),
        creation_date: album.creation_date,
        release_date: album.release_date,
        cover: covers
            .get(album.attachment_cover_id)
            .map(|cover| cover.body(reader)),
        domain: domain(reader, album.fid.as_deref()),
        is_local: reader.is_local(album.fid.as_deref()),
        tracks_count: counts.get(&album.id).map_or(0, |count| **count),
        artist: credited(&album.id).and_then(|id| artists.get(&id).cloned()),
    };
    let bodies = albums.values().map(|album| (album.id, body(album)));
    Ok(bodies.collect())
}
