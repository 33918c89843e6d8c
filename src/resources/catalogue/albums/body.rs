use std::sync::Arc;

use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::{
    Album, AlbumTracksCount, Create, Delete, Libraries, List, Query, Retrieve, libraries, playable,
    retrieve,
    sql::{AlbumHolders, listing},
    write::{NewAlbum, create, delete},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::Allowed,
    load::{Loaders, sole},
    resources::{
        catalogue::{
            artists::{ArtistRef, Depth, refs},
            credits::AlbumCredits,
            tags::{AlbumTags, names},
        },
        library::{
            attachments::{Attachment, AttachmentBody},
            contents::{Content, ContentBody},
            libraries::HolderBody,
        },
        people::actors::{Actor, ActorBody},
    },
    rest::{
        answer::{Answer, Created, NoContent},
        page::{Page, PageQuery},
        standard::routes,
    },
    time::{Date, Timestamp},
};

/// An album, with its artist.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Album")]
pub struct AlbumBody {
    /// Artist credited first.
    artist: Option<ArtistRef>,
    /// Cover of the album.
    cover: Option<AttachmentBody>,
    /// Whether you can play at least one track of the album.
    is_playable: bool,
    /// Tags, sorted by name; empty in search results.
    tags: Vec<String>,
    /// Number of tracks on the album.
    tracks_count: i64,
    /// Actor who added the album.
    attributed_to: Option<ActorBody>,
    /// Numeric ID, unique among albums.
    id: i64,
    /// ActivityPub ID (URI) of the album.
    fid: Option<String>,
    /// MusicBrainz ID of the release.
    mbid: Option<Uuid>,
    /// Title of the album.
    title: String,
    /// Release date.
    release_date: Option<Date>,
    /// Time at which the album was added.
    creation_date: Timestamp,
    /// Whether the album belongs to this pod.
    is_local: bool,
    /// Always 0, for compatibility with Funkwhale.
    duration: i64,
}

/// An album, with its artist and description.
#[derive(Clone, Debug, Serialize, Object)]
pub struct AlbumDetail {
    #[serde(flatten)]
    #[oai(flatten)]
    album: AlbumBody,
    /// Description.
    description: Option<ContentBody>,
}

pub async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<AlbumBody>> {
    shown(loaders, reader, ids, Depth::Full).await
}

/// Bodies of albums, in the order of the IDs. Runs one statement per kind of part, however many
/// albums.
pub async fn shown(
    loaders: &Loaders,
    reader: &Reader,
    ids: &[i64],
    depth: Depth,
) -> Result<Vec<AlbumBody>> {
    let albums = loaders.list::<Album>(ids).await?;
    let credits = loaders.many::<AlbumCredits>(ids.iter().copied()).await?;
    let first = |album: i64| credits.get(&album)?.first().map(|credit| credit.artist_id);
    let artists = refs(loaders, reader, ids.iter().filter_map(|id| first(*id))).await?;
    let full = if depth == Depth::Full { ids } else { &[] };
    let tags = loaders.many::<AlbumTags>(full.iter().copied()).await?;
    let counts = loaders
        .many::<AlbumTracksCount>(ids.iter().copied())
        .await?;
    let playable = playable::<AlbumHolders>(loaders, reader, ids).await?;
    let actors = loaders
        .parts::<Actor>(albums.iter().map(|album| album.attributed_to_id))
        .await?;
    let covers = loaders
        .parts::<Attachment>(albums.iter().map(|album| album.attachment_cover_id))
        .await?;
    let body = |album: &Arc<Album>| {
        let cover = covers.get(album.attachment_cover_id);
        let attributed = actors.get(album.attributed_to_id);
        AlbumBody {
            artist: first(album.id).and_then(|id| artists.get(&id).cloned()),
            cover: cover.map(|cover| cover.body(reader)),
            is_playable: playable.contains(&album.id),
            tags: names(tags.get(&album.id)),
            tracks_count: counts.get(&album.id).map_or(0, |count| **count),
            attributed_to: attributed.map(|actor| actor.body(reader)),
            id: album.id,
            is_local: reader.is_local(album.fid.as_deref()),
            fid: album.fid.clone(),
            mbid: album.mbid,
            title: album.title.clone(),
            release_date: album.release_date,
            creation_date: album.creation_date,
            duration: 0,
        }
    };
    Ok(albums.iter().map(body).collect())
}

async fn detail(permit: &Allowed<Retrieve>, id: i64) -> Result<AlbumDetail> {
    let album = retrieve(permit, Key::Id(id)).await?;
    let text = permit
        .loaders()
        .maybe::<Content>(album.description_content_id)
        .await?;
    let album = sole(bodies(permit.loaders(), permit, &[id]).await?)?;
    Ok(AlbumDetail {
        album,
        description: text.map(|text| text.body()),
    })
}

async fn created(permit: &Allowed<Create>, new: NewAlbum) -> Result<AlbumBody> {
    let album = create(permit, new).await?;
    sole(bodies(permit.loaders(), permit, &[album.id]).await?)
}

routes! {
    "/api/v1/albums" lists List(Query) -> AlbumBody = listing => bodies;
    create: Create = post "/" {new: NewAlbum} -> Created<AlbumBody> => created;
    retrieve: Retrieve = get "/:id" [id: i64] -> Answer<AlbumDetail> => detail;
    delete: Delete = delete "/:id" [id: i64] -> NoContent;
    libraries: Libraries = get "/:id/libraries" [id: i64] (query: PageQuery) -> Answer<Page<HolderBody>>;
}
