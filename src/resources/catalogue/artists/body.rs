use std::{collections::HashMap, sync::Arc};

use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::{
    Artist, ArtistTracksCount, ContentCategory, Libraries, List, Query, Retrieve, libraries,
    retrieve, sql::listing,
};
use crate::{
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::Allowed,
    load::Loaders,
    resources::{
        catalogue::{
            albums::{Album, AlbumSounds, AlbumTracksCount, ArtistAlbums, playable},
            tags::{ArtistTags, names},
        },
        library::{
            attachments::{Attachment, AttachmentBody},
            contents::{Content, ContentBody},
            libraries::HolderBody,
        },
        people::actors::{Actor, ActorBody},
        publishing::channels::{Channel, ChannelOf, InlineChannel, channel_of},
    },
    rest::{
        answer::Answer,
        page::{Page, PageQuery},
        standard::routes,
    },
    time::{Date, Timestamp},
};

/// An artist, with albums.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Artist")]
pub struct ArtistBody {
    /// Albums that the artist is credited on, in the order they were added.
    albums: Vec<ArtistAlbum>,
    /// Tags, sorted by name; empty in search results.
    tags: Vec<String>,
    /// Actor who added the artist.
    attributed_to: Option<ActorBody>,
    /// Channel of the artist; null if the artist has none.
    channel: Option<InlineChannel>,
    /// Number of tracks on which the artist is credited first; 0 in search results.
    tracks_count: i64,
    /// Numeric ID, unique among artists.
    id: i64,
    /// ActivityPub ID (URI) of the artist.
    fid: Option<String>,
    /// MusicBrainz ID of the artist.
    mbid: Option<Uuid>,
    /// Name of the artist.
    name: String,
    /// Category of the artist's content.
    content_category: ContentCategory,
    /// Time at which the artist was added.
    creation_date: Timestamp,
    /// Whether the artist belongs to this pod.
    is_local: bool,
    /// Picture of the artist.
    cover: Option<AttachmentBody>,
}

/// An artist, with albums and description.
#[derive(Clone, Debug, Serialize, Object)]
pub struct ArtistDetail {
    #[serde(flatten)]
    #[oai(flatten)]
    artist: ArtistBody,
    /// Description.
    description: Option<ContentBody>,
}

/// An album, as part of an artist.
#[derive(Clone, Debug, Serialize, Object)]
pub struct ArtistAlbum {
    /// Number of tracks on the album.
    tracks_count: i64,
    /// Cover of the album.
    cover: Option<AttachmentBody>,
    /// Whether you can play at least one track of the album; null in search results.
    is_playable: Option<bool>,
    /// Whether the album belongs to this pod.
    is_local: bool,
    /// Numeric ID, unique among albums.
    id: i64,
    /// ActivityPub ID (URI) of the album.
    fid: Option<String>,
    /// MusicBrainz ID of the release.
    mbid: Option<Uuid>,
    /// Title of the album.
    title: String,
    /// Numeric ID of the artist.
    artist: i64,
    /// Release date.
    release_date: Option<Date>,
    /// Time at which the album was added.
    creation_date: Timestamp,
}

/// An artist, as part of an album or a track.
#[derive(Clone, Debug, Serialize, Object)]
pub struct ArtistRef {
    /// Numeric ID, unique among artists.
    pub id: i64,
    /// ActivityPub ID (URI) of the artist.
    fid: Option<String>,
    /// MusicBrainz ID of the artist.
    mbid: Option<Uuid>,
    /// Name of the artist.
    pub name: String,
    /// Time at which the artist was added.
    creation_date: Timestamp,
    /// Time of the last change.
    modification_date: Timestamp,
    /// Whether the artist belongs to this pod.
    is_local: bool,
    /// Category of the artist's content.
    content_category: ContentCategory,
    /// Description.
    description: Option<ContentBody>,
    /// Picture of the artist.
    attachment_cover: Option<AttachmentBody>,
    /// `Channel object (ID)`, with the numeric ID of the artist's channel; null if there is none.
    channel: Option<String>,
}

/// How much of a body is loaded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    Full,
    /// For search results: without tags, playability of nested albums, and uploads.
    Shallow,
}

pub async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<ArtistBody>> {
    shown(loaders, reader, ids, Depth::Full).await
}

/// Bodies of artists, in the order of the IDs. Runs one statement per kind of part, however many
/// artists.
pub async fn shown(
    loaders: &Loaders,
    reader: &Reader,
    ids: &[i64],
    depth: Depth,
) -> Result<Vec<ArtistBody>> {
    let artists = loaders.list::<Artist>(ids).await?;
    let mut albums = albums(loaders, reader, ids, depth).await?;
    let full = if depth == Depth::Full { ids } else { &[] };
    let tags = loaders.many::<ArtistTags>(full.iter().copied()).await?;
    let counts = loaders
        .many::<ArtistTracksCount>(full.iter().copied())
        .await?;
    let channels = loaders.many::<ChannelOf>(ids.iter().copied()).await?;
    let actors = loaders
        .parts::<Actor>(artists.iter().map(|artist| artist.attributed_to_id))
        .await?;
    let covers = loaders
        .parts::<Attachment>(artists.iter().map(|artist| artist.attachment_cover_id))
        .await?;
    let body = |artist: &Arc<Artist>| {
        let attributed = actors.get(artist.attributed_to_id);
        let cover = covers.get(artist.attachment_cover_id);
        ArtistBody {
            albums: albums.remove(&artist.id).unwrap_or_default(),
            tags: names(tags.get(&artist.id)),
            attributed_to: attributed.map(|actor| actor.body(reader)),
            channel: channel_of(&channels, artist.id).map(Channel::inline),
            tracks_count: counts.get(&artist.id).map_or(0, |count| **count),
            id: artist.id,
            is_local: reader.is_local(artist.fid.as_deref()),
            fid: artist.fid.clone(),
            mbid: artist.mbid,
            name: artist.name.clone(),
            content_category: artist.content_category,
            creation_date: artist.creation_date,
            cover: cover.map(|cover| cover.body(reader)),
        }
    };
    Ok(artists.iter().map(body).collect())
}

async fn albums(
    loaders: &Loaders,
    reader: &Reader,
    artists: &[i64],
    depth: Depth,
) -> Result<HashMap<i64, Vec<ArtistAlbum>>> {
    let owned = loaders
        .many::<ArtistAlbums>(artists.iter().copied())
        .await?;
    let ids: Vec<i64> = owned.values().flat_map(|ids| ids.iter().copied()).collect();
    let albums = loaders.many::<Album>(ids.iter().copied()).await?;
    let counts = loaders
        .many::<AlbumTracksCount>(ids.iter().copied())
        .await?;
    let playable = match depth {
        Depth::Full => Some(playable::<AlbumSounds>(loaders, reader, &ids).await?),
        Depth::Shallow => None,
    };
    let covers = loaders
        .parts::<Attachment>(albums.values().map(|album| album.attachment_cover_id))
        .await?;
    let body = |artist: i64, id: &i64| {
        let album = albums.get(id)?;
        let cover = covers.get(album.attachment_cover_id);
        Some(ArtistAlbum {
            tracks_count: counts.get(id).map_or(0, |count| **count),
            cover: cover.map(|cover| cover.body(reader)),
            is_playable: playable.as_ref().map(|playable| playable.contains(id)),
            is_local: reader.is_local(album.fid.as_deref()),
            id: album.id,
            fid: album.fid.clone(),
            mbid: album.mbid,
            title: album.title.clone(),
            artist,
            release_date: album.release_date,
            creation_date: album.creation_date,
        })
    };
    let all = |(artist, ids): (&i64, &Arc<Vec<i64>>)| {
        let albums = ids.iter().filter_map(|id| body(*artist, id));
        (*artist, albums.collect())
    };
    Ok(owned.iter().map(all).collect())
}

/// Artists in the form nested in albums and tracks.
pub async fn refs(
    loaders: &Loaders,
    reader: &Reader,
    ids: impl IntoIterator<Item = i64> + Send,
) -> Result<HashMap<i64, ArtistRef>> {
    let artists = loaders.many::<Artist>(ids).await?;
    let channels = loaders.many::<ChannelOf>(artists.keys().copied()).await?;
    let texts = loaders
        .parts::<Content>(artists.values().map(|artist| artist.description_content_id))
        .await?;
    let covers = loaders
        .parts::<Attachment>(artists.values().map(|artist| artist.attachment_cover_id))
        .await?;
    let body = |artist: &Arc<Artist>| {
        let text = texts.get(artist.description_content_id);
        let cover = covers.get(artist.attachment_cover_id);
        let body = ArtistRef {
            id: artist.id,
            is_local: reader.is_local(artist.fid.as_deref()),
            fid: artist.fid.clone(),
            mbid: artist.mbid,
            name: artist.name.clone(),
            creation_date: artist.creation_date,
            modification_date: artist.modification_date,
            content_category: artist.content_category,
            description: text.map(|text| text.body()),
            attachment_cover: cover.map(|cover| cover.body(reader)),
            channel: channel_of(&channels, artist.id).map(Channel::label),
        };
        (artist.id, body)
    };
    Ok(artists.values().map(body).collect())
}

async fn detail(permit: &Allowed<Retrieve>, id: i64) -> Result<ArtistDetail> {
    let artist = retrieve(permit, Key::Id(id)).await?;
    let text = permit
        .loaders()
        .maybe::<Content>(artist.description_content_id)
        .await?;
    let mut bodies = bodies(permit.loaders(), permit, &[id]).await?;
    let artist = bodies.pop().ok_or(crate::error::Error::NotFound)?;
    Ok(ArtistDetail {
        artist,
        description: text.map(|text| text.body()),
    })
}

routes! {
    "/api/v1/artists" lists List(Query) -> ArtistBody = listing => bodies;
    retrieve: Retrieve = get "/:id" [id: i64] -> Answer<ArtistDetail> => detail;
    libraries: Libraries = get "/:id/libraries" [id: i64] (query: PageQuery) -> Answer<Page<HolderBody>>;
}
