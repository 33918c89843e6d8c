//! The tracks of playlists. Where a track was deleted, its place is closed: places are counted, not stored.
use std::{collections::HashMap, sync::Arc};

use async_graphql::SimpleObject;
use sqlx::FromRow;

use super::{Tracks, retrieve};
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::{
        ids::Key,
        reference::{ById, identified},
    },
    guard::Allowed,
    load::{Found, Loaders, entity, grouped, load},
    resources::{
        catalogue::{albums::Album, tracks::Track},
        library::{
            attachments::Attachment,
            uploads::{audible_uploads, durations},
        },
    },
    rest::params::{filter, ordering},
    store::{
        Reads,
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
    },
    time::Timestamp,
};

/// A track in a playlist.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct PlaylistTrack {
    /// Numeric ID, unique among tracks in playlists.
    #[graphql(name = "databaseId")]
    pub id: i64,
    #[graphql(skip)]
    pub playlist_id: i64,
    #[graphql(skip)]
    pub track_id: i64,
    /// Time at which the track was added.
    pub creation_date: Timestamp,
}

identified!(PlaylistTrack in "playlist_tracks");

entity!(PlaylistTrack in "playlist_tracks": "id, playlist_id, track_id, creation_date", upon [], weighs []);

filter! {
    /// Filter for the tracks of a playlist. A track must match all conditions.
    pub struct PlaylistTrackFilter {
        /// This track.
        track: Option<ById<Track>>,
    }
}

ordering! {
    /// Sort options for the tracks of a playlist.
    pub struct PlaylistTrackOrder by PlaylistTrackOrderField {
        /// Place in the playlist.
        Index = "index",
        /// Time at which the track was added.
        CreationDate = "creation_date",
    }
}

pub(super) async fn listing(
    reader: &Reader,
    filter: &PlaylistTrackFilter,
    order: &[PlaylistTrackOrder],
) -> Result<Listing> {
    let mut from = sql("from playlist_tracks x where true");
    if let Some(track) = &filter.track {
        let track = track.resolve(reader, "track").await?;
        from = from.then(" and x.track_id = ?").bind(track);
    }
    let keys = order.iter().map(|order| {
        let down = order.direction.is_descending();
        match order.field {
            PlaylistTrackOrderField::Index => place(down),
            PlaylistTrackOrderField::CreationDate => {
                SortKey::new(sql("x.creation_date"), KeyKind::Time, down)
            }
        }
    });
    Ok(Listing::new(from, "x.id", keys).oldest_first_if(true))
}

/// Sorts by the place in the playlist.
pub(super) fn place(descending: bool) -> SortKey {
    SortKey::new(sql("x.position"), KeyKind::Int, descending)
}

/// A track in a playlist that the caller may see.
pub async fn entry(permit: &Allowed<Tracks>, key: Key) -> Result<PlaylistTrack> {
    let id = key.number()?;
    let entry = permit.loaders().one::<PlaylistTrack>(id).await?;
    let entry = entry.ok_or(Error::NotFound)?;
    retrieve(permit, Key::Id(entry.playlist_id)).await?;
    Ok(entry)
}

load!(/// IDs of the tracks of a playlist, in their order.
    TracksOfPlaylist: Vec<i64> = kept tracks_of, upon [PlaylistTrackPlaylist]);

load!(/// The place of a track in its playlist, from 0.
    Place: i64 = for_caller places);

async fn tracks_of(db: &Reads, playlists: Vec<i64>) -> Result<HashMap<i64, Vec<i64>>> {
    let rows = sql(
        "select playlist_id, track_id from playlist_tracks where playlist_id in ?*
         order by playlist_id, position, id",
    );
    Ok(grouped(rows.bind(playlists).all::<(i64, i64)>(db).await?))
}

async fn places(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, i64>> {
    let before =
        "select x.id, (select count(*) from playlist_tracks b where b.playlist_id = x.playlist_id
           and (b.position < x.position or (b.position = x.position and b.id < x.id)))
         from playlist_tracks x where x.id in ?*";
    let rows: Vec<(i64, i64)> = sql(before).bind(ids).all(reader.db()).await?;
    Ok(rows.into_iter().collect())
}

/// What a playlist's tracks make it.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    pub tracks_count: i64,
    /// Seconds, of all tracks, also those that the caller cannot play.
    pub duration: i64,
    /// Whether the caller can play one of the tracks.
    pub is_playable: bool,
    /// The pictures of the first albums, each once; at most `COVERS`.
    pub covers: Vec<Attachment>,
}

const COVERS: usize = 5;

/// The contents of playlists. What they are made of lies in memory, but for the tracks that nobody asked for
/// yet.
pub async fn contents(
    loaders: &Loaders,
    reader: &Reader,
    playlists: &[i64],
) -> Result<HashMap<i64, Contents>> {
    let lists = loaders
        .many::<TracksOfPlaylist>(playlists.iter().copied())
        .await?;
    let mut ids: Vec<i64> = lists
        .values()
        .flat_map(|list| list.iter().copied())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let uploads = audible_uploads(loaders, reader, &ids).await?;
    let durations = durations(loaders, &ids).await?;
    let covers = AlbumCovers::load(loaders, &ids).await?;
    let contents = |tracks: &[i64]| {
        let mut playable = tracks.iter().filter_map(|track| uploads.get(track));
        Contents {
            tracks_count: i64::try_from(tracks.len()).unwrap_or(i64::MAX),
            duration: tracks.iter().filter_map(|track| durations.get(track)).sum(),
            is_playable: playable.any(|uploads| !uploads.is_empty()),
            covers: covers.first_of(tracks),
        }
    };
    Ok(lists
        .iter()
        .map(|(id, tracks)| (*id, contents(tracks)))
        .collect())
}

/// The pictures of the albums of tracks.
struct AlbumCovers {
    tracks: Found<Arc<Track>>,
    albums: Found<Arc<Album>>,
    pictures: Found<Arc<Attachment>>,
}

impl AlbumCovers {
    async fn load(loaders: &Loaders, tracks: &[i64]) -> Result<Self> {
        let tracks = loaders.many::<Track>(tracks.iter().copied()).await?;
        let albums: Vec<i64> = tracks.values().filter_map(|track| track.album_id).collect();
        let albums = loaders.many::<Album>(albums).await?;
        let pictures: Vec<i64> = albums
            .values()
            .filter_map(|album| album.attachment_cover_id)
            .collect();
        let pictures = loaders.many::<Attachment>(pictures).await?;
        Ok(Self {
            tracks,
            albums,
            pictures,
        })
    }

    /// The pictures of the first albums that have one, each once.
    fn first_of(&self, tracks: &[i64]) -> Vec<Attachment> {
        let mut first: Vec<Attachment> = Vec::new();
        for track in tracks {
            let picture = self
                .of(*track)
                .filter(|picture| first.iter().all(|other| other.id != picture.id));
            first.extend(picture.cloned());
            if first.len() == COVERS {
                break;
            }
        }
        first
    }

    fn of(&self, track: i64) -> Option<&Attachment> {
        let album = self.albums.get(&self.tracks.get(&track)?.album_id?)?;
        self.pictures
            .get(&album.attachment_cover_id?)
            .map(Arc::as_ref)
    }
}
