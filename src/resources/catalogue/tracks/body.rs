use std::{collections::HashMap, sync::Arc};

use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::{
    Delete, Libraries, List, Query, Retrieve, Track, delete, libraries, retrieve, sql::listing,
};
use crate::{
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::Allowed,
    load::{Loaders, sole},
    resources::{
        catalogue::{
            albums::{Album, AlbumTracksCount},
            artists::{ArtistRef, Depth, refs},
            credits::{AlbumCredits, TrackCredits},
            tags::{TrackTags, names},
        },
        library::{
            attachments::{Attachment, AttachmentBody},
            contents::{Content, ContentBody},
            libraries::HolderBody,
            uploads::{UploadRef, audible_uploads, listen_url},
        },
        people::actors::{Actor, ActorBody},
    },
    rest::{
        answer::{Answer, NoContent},
        page::{Page, PageQuery},
        standard::routes,
    },
    time::{Date, Timestamp},
};

/// A track, with its artist, album and playable uploads.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Track")]
pub struct TrackBody {
    /// Artist credited first.
    pub artist: Option<ArtistRef>,
    /// Album of the track.
    pub album: Option<TrackAlbum>,
    /// Uploads that you can play, oldest first; empty in search results and inside uploads.
    uploads: Vec<UploadRef>,
    /// Path of the track's audio on this server.
    listen_url: String,
    /// Tags, sorted by name; empty in search results and inside uploads.
    tags: Vec<String>,
    /// Actor who added the track.
    attributed_to: Option<ActorBody>,
    /// Numeric ID, unique among tracks.
    id: i64,
    /// ActivityPub ID (URI) of the track.
    fid: Option<String>,
    /// MusicBrainz ID of the recording.
    mbid: Option<Uuid>,
    /// Title of the track.
    pub title: String,
    /// Time at which the track was added.
    creation_date: Timestamp,
    /// Whether the track belongs to this pod.
    is_local: bool,
    /// Position on the disc, from 1.
    position: Option<i64>,
    /// Number of the disc, from 1.
    disc_number: Option<i64>,
    /// Number of times the track was played or downloaded.
    downloads_count: i64,
    /// Copyright notice.
    copyright: Option<String>,
    /// Code of the license, such as `cc-by-4.0`.
    license: Option<String>,
    /// Cover of the track.
    cover: Option<AttachmentBody>,
    /// Whether you can play the track; false in search results and inside uploads.
    is_playable: bool,
}

/// A track, with its description.
#[derive(Clone, Debug, Serialize, Object)]
pub struct TrackDetail {
    #[serde(flatten)]
    #[oai(flatten)]
    track: TrackBody,
    /// Description.
    description: Option<ContentBody>,
}

/// An album, as part of a track.
#[derive(Clone, Debug, Serialize, Object)]
pub struct TrackAlbum {
    /// Numeric ID, unique among albums.
    id: i64,
    /// ActivityPub ID (URI) of the album.
    fid: Option<String>,
    /// MusicBrainz ID of the release.
    mbid: Option<Uuid>,
    /// Title of the album.
    pub title: String,
    /// Artist credited first.
    artist: Option<ArtistRef>,
    /// Release date.
    release_date: Option<Date>,
    /// Cover of the album.
    cover: Option<AttachmentBody>,
    /// Time at which the album was added.
    creation_date: Timestamp,
    /// Whether the album belongs to this pod.
    is_local: bool,
    /// Number of tracks on the album.
    tracks_count: i64,
}

impl TrackBody {
    pub fn id(&self) -> i64 {
        self.id
    }
}

/// Bodies of tracks by their IDs, each once however often it is named.
pub async fn by_id(
    loaders: &Loaders,
    reader: &Reader,
    mut ids: Vec<i64>,
) -> Result<HashMap<i64, TrackBody>> {
    ids.sort_unstable();
    ids.dedup();
    let tracks = bodies(loaders, reader, &ids).await?;
    Ok(tracks.into_iter().map(|track| (track.id, track)).collect())
}

pub async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<TrackBody>> {
    shown(loaders, reader, ids, Depth::Full).await
}

/// Bodies of tracks, in the order of the IDs. Runs one statement per kind of part, however many
/// tracks.
pub async fn shown(
    loaders: &Loaders,
    reader: &Reader,
    ids: &[i64],
    depth: Depth,
) -> Result<Vec<TrackBody>> {
    let tracks = loaders.list::<Track>(ids).await?;
    let albums: Vec<i64> = tracks.iter().filter_map(|track| track.album_id).collect();
    let artists = Artists::load(loaders, reader, ids, &albums).await?;
    let albums = album_bodies(loaders, reader, &albums, &artists).await?;
    let full = if depth == Depth::Full { ids } else { &[] };
    let tags = loaders.many::<TrackTags>(full.iter().copied()).await?;
    let uploads = audible_uploads(loaders, reader, full).await?;
    let actors = loaders
        .parts::<Actor>(tracks.iter().map(|track| track.attributed_to_id))
        .await?;
    let covers = loaders
        .parts::<Attachment>(tracks.iter().map(|track| track.attachment_cover_id))
        .await?;
    let body = |track: &Arc<Track>| {
        let uploads = uploads
            .get(&track.id)
            .map_or(&[][..], |uploads| uploads.as_slice());
        let attributed = actors.get(track.attributed_to_id);
        let cover = covers.get(track.attachment_cover_id);
        TrackBody {
            artist: artists.of_track(track.id),
            album: track.album_id.and_then(|id| albums.get(&id).cloned()),
            uploads: uploads
                .iter()
                .map(|upload| upload.reference(reader, track.uuid))
                .collect(),
            listen_url: listen_url(track.uuid),
            tags: names(tags.get(&track.id)),
            attributed_to: attributed.map(|actor| actor.body(reader)),
            id: track.id,
            is_local: reader.is_local(track.fid.as_deref()),
            fid: track.fid.clone(),
            mbid: track.mbid,
            title: track.title.clone(),
            creation_date: track.creation_date,
            position: track.position,
            disc_number: track.disc_number,
            downloads_count: track.downloads_count,
            copyright: track.copyright.clone(),
            license: track.license.clone(),
            cover: cover.map(|cover| cover.body(reader)),
            is_playable: !uploads.is_empty(),
        }
    };
    Ok(tracks.iter().map(body).collect())
}

/// The artists credited first on tracks and on albums.
struct Artists {
    bodies: HashMap<i64, ArtistRef>,
    tracks: HashMap<i64, i64>,
    albums: HashMap<i64, i64>,
}

impl Artists {
    async fn load(
        loaders: &Loaders,
        reader: &Reader,
        tracks: &[i64],
        albums: &[i64],
    ) -> Result<Self> {
        let of_tracks = loaders.many::<TrackCredits>(tracks.iter().copied()).await?;
        let of_albums = loaders.many::<AlbumCredits>(albums.iter().copied()).await?;
        let tracks = of_tracks
            .iter()
            .filter_map(|(key, list)| Some((*key, list.first()?.artist_id)));
        let albums = of_albums
            .iter()
            .filter_map(|(key, list)| Some((*key, list.first()?.artist_id)));
        let (tracks, albums): (HashMap<_, _>, HashMap<_, _>) = (tracks.collect(), albums.collect());
        let ids = tracks.values().chain(albums.values()).copied();
        Ok(Self {
            bodies: refs(loaders, reader, ids).await?,
            tracks,
            albums,
        })
    }

    fn of_track(&self, id: i64) -> Option<ArtistRef> {
        self.bodies.get(self.tracks.get(&id)?).cloned()
    }

    fn of_album(&self, id: i64) -> Option<ArtistRef> {
        self.bodies.get(self.albums.get(&id)?).cloned()
    }
}

async fn album_bodies(
    loaders: &Loaders,
    reader: &Reader,
    ids: &[i64],
    artists: &Artists,
) -> Result<HashMap<i64, TrackAlbum>> {
    let albums = loaders.many::<Album>(ids.iter().copied()).await?;
    let counts = loaders
        .many::<AlbumTracksCount>(ids.iter().copied())
        .await?;
    let covers = loaders
        .parts::<Attachment>(albums.values().map(|album| album.attachment_cover_id))
        .await?;
    let bodies = albums.values().map(|album| {
        let cover = covers.get(album.attachment_cover_id);
        let body = TrackAlbum {
            id: album.id,
            is_local: reader.is_local(album.fid.as_deref()),
            fid: album.fid.clone(),
            mbid: album.mbid,
            title: album.title.clone(),
            artist: artists.of_album(album.id),
            release_date: album.release_date,
            cover: cover.map(|cover| cover.body(reader)),
            creation_date: album.creation_date,
            tracks_count: counts.get(&album.id).map_or(0, |count| **count),
        };
        (album.id, body)
    });
    Ok(bodies.collect())
}

async fn detail(permit: &Allowed<Retrieve>, id: i64) -> Result<TrackDetail> {
    let track = retrieve(permit, Key::Id(id)).await?;
    let text = permit
        .loaders()
        .maybe::<Content>(track.description_content_id)
        .await?;
    let track = sole(bodies(permit.loaders(), permit, &[id]).await?)?;
    Ok(TrackDetail {
        track,
        description: text.map(|text| text.body()),
    })
}

routes! {
    "/api/v1/tracks" lists List(Query) -> TrackBody = listing => bodies;
    retrieve: Retrieve = get "/:id" [id: i64] -> Answer<TrackDetail> => detail;
    delete: Delete = delete "/:id" [id: i64] -> NoContent;
    libraries: Libraries = get "/:id/libraries" [id: i64] (query: PageQuery) -> Answer<Page<HolderBody>>;
}
