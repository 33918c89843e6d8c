//! Searching. An empty query finds everything, so that players can copy the catalogue page by page.
use poem::Response;
use serde::Serialize;
use uuid::Uuid;

use super::{browsing::artist_filter, folders::library, songs::playable};
use crate::{
    graphql::reference::ByUuid,
    guard::Allowed,
    resources::catalogue::{
        albums::{self, AlbumFilter, AlbumOrder, AlbumOrderField},
        artists::{self, ArtistFilter, ArtistOrder, ArtistOrderField},
        tracks::{self, TrackFilter, TrackOrder, TrackOrderField},
    },
    store::listing::Direction,
    subsonic::{
        Call,
        refusal::Told,
        shapes::{
            albums::{AlbumFolder, AlbumId3, albums},
            artists::{ArtistId3, artists},
            songs::{Song, songs},
        },
    },
};

/// Rows of a kind at most.
const MOST: i64 = 5_000;

/// Artists, albums and songs.
#[derive(Serialize)]
pub struct Found<T> {
    pub artist: Vec<ArtistId3>,
    pub album: Vec<T>,
    pub song: Vec<Song>,
}

impl Found<AlbumId3> {
    /// The same, with albums as folders.
    pub fn folders(self) -> Found<AlbumFolder> {
        Found {
            artist: self.artist,
            album: self.album.into_iter().map(AlbumFolder::from).collect(),
            song: self.song,
        }
    }
}

pub async fn id3(call: &Call) -> Told<Response> {
    Ok(call.format.told("searchResult3", &found(call).await?))
}

pub async fn folders(call: &Call) -> Told<Response> {
    Ok(call
        .format
        .told("searchResult2", &found(call).await?.folders()))
}

async fn found(call: &Call) -> Told<Found<AlbumId3>> {
    // Some players send two quotation marks for nothing.
    let query = call.params.given("query").unwrap_or_default().trim();
    let query = match query {
        "" | "\"\"" => None,
        query => Some(query.to_owned()),
    };
    let library = library(call).await?;
    Ok(Found {
        artist: artists(call, &found_artists(call, library, query.clone()).await?).await?,
        album: albums(call, &found_albums(call, library, query.clone()).await?).await?,
        song: songs(call, &found_songs(call, library, query).await?).await?,
    })
}

/// The number of rows and the offset that are asked for.
fn part(call: &Call, count: &str, offset: &str) -> Told<(i64, i64)> {
    let count = call.params.count(count, 20, MOST)?;
    Ok((count, call.params.offset(offset)?))
}

async fn found_artists(call: &Call, library: Option<Uuid>, q: Option<String>) -> Told<Vec<i64>> {
    let (count, offset) = part(call, "artistCount", "artistOffset")?;
    if count == 0 {
        return Ok(Vec::new());
    }
    let permit: Allowed<artists::List> = call.permit().await?;
    let filter = ArtistFilter {
        q,
        library: library.map(ByUuid::from),
        ..artist_filter()
    };
    let order = [ArtistOrder {
        field: ArtistOrderField::Id,
        direction: Direction::Asc.into(),
        seed: None,
    }];
    let listing = artists::listing(&permit, &filter, &order).await?;
    Ok(listing.page(permit.db(), count, offset).await?)
}

async fn found_albums(call: &Call, library: Option<Uuid>, q: Option<String>) -> Told<Vec<i64>> {
    let (count, offset) = part(call, "albumCount", "albumOffset")?;
    if count == 0 {
        return Ok(Vec::new());
    }
    let permit: Allowed<albums::List> = call.permit().await?;
    let filter = AlbumFilter {
        q,
        library: library.map(ByUuid::from),
        playable: Some(true),
        ..AlbumFilter::default()
    };
    let order = [AlbumOrder {
        field: AlbumOrderField::CreationDate,
        direction: Direction::Asc.into(),
        seed: None,
    }];
    let listing = albums::listing(&permit, &filter, &order).await?;
    Ok(listing.page(permit.db(), count, offset).await?)
}

async fn found_songs(call: &Call, library: Option<Uuid>, q: Option<String>) -> Told<Vec<i64>> {
    let (count, offset) = part(call, "songCount", "songOffset")?;
    if count == 0 {
        return Ok(Vec::new());
    }
    let permit: Allowed<tracks::List> = call.permit().await?;
    let filter = TrackFilter {
        q,
        library: library.map(ByUuid::from),
        ..playable()
    };
    let order = [TrackOrder {
        field: TrackOrderField::CreationDate,
        direction: Direction::Asc.into(),
        seed: None,
    }];
    let listing = tracks::listing(&permit, &filter, &order).await?;
    Ok(listing.page(permit.db(), count, offset).await?)
}
