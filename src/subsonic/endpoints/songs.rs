//! Lists of songs.
use chrono::NaiveDate;
use poem::Response;
use serde::Serialize;

use super::{browsing::artist_filter, folders::library};
use crate::{
    error::{Error, Result},
    graphql::{
        ids::Key,
        reference::{ById, ByUuid},
    },
    guard::Allowed,
    resources::catalogue::{
        artists::{self, ArtistFilter, ArtistOrder, ArtistOrderField},
        tracks::{
            AlbumTracks, List, TrackFilter, TrackOrder, TrackOrderField, listing, most_played,
            of_any,
        },
    },
    store::listing::Direction,
    subsonic::{
        Call,
        ids::{Id, Kind},
        refusal::{Refusal, Told},
        shapes::songs::{Song, playable_songs},
    },
    time::Date,
};

/// Songs of an answer at most.
const MOST: i64 = 500;

/// A list of songs.
#[derive(Serialize)]
pub struct Songs {
    song: Vec<Song>,
}

async fn told(call: &Call, name: &'static str, ids: &[i64]) -> Told<Response> {
    let song = playable_songs(call, ids).await?;
    Ok(call.format.told(name, &Songs { song }))
}

/// The filter of what players see: what the caller can play.
pub fn playable() -> TrackFilter {
    TrackFilter {
        playable: Some(true),
        ..TrackFilter::default()
    }
}

pub async fn random(call: &Call) -> Told<Response> {
    let permit: Allowed<List> = call.permit().await?;
    let size = call.params.count("size", 10, MOST)?;
    let year = |name| call.params.parsed::<i32>(name);
    let (from, to) = match (year("fromYear")?, year("toYear")?) {
        (Some(from), Some(to)) => (Some(from.min(to)), Some(from.max(to))),
        years => years,
    };
    let day =
        |year: i32, month, day| NaiveDate::from_ymd_opt(year.clamp(0, 9999), month, day).map(Date);
    let filter = TrackFilter {
        tag: Vec::from_iter(call.params.text("genre").map(str::to_owned)).into(),
        release_date_from: from.and_then(|year| day(year, 1, 1)),
        release_date_to: to.and_then(|year| day(year, 12, 31)),
        library: library(call).await?.map(ByUuid::from),
        ..playable()
    };
    let among = listing(&permit, &filter, &[]).await?;
    let ids = among.sample(permit.db(), "tracks", size).await?;
    told(call, "randomSongs", &ids).await
}

pub async fn by_genre(call: &Call) -> Told<Response> {
    let permit: Allowed<List> = call.permit().await?;
    let filter = TrackFilter {
        tag: vec![call.params.required("genre")?.to_owned()].into(),
        library: library(call).await?.map(ByUuid::from),
        ..playable()
    };
    let (count, offset) = (
        call.params.count("count", 10, MOST)?,
        call.params.offset("offset")?,
    );
    let listing = listing(&permit, &filter, &[]).await?;
    let ids = listing.page(permit.db(), count, offset).await?;
    told(call, "songsByGenre", &ids).await
}

pub async fn top(call: &Call) -> Told<Response> {
    let permit: Allowed<List> = call.permit().await?;
    let count = call.params.count("count", 50, MOST)?;
    let artist = match call.params.text("id") {
        Some(id) => Some(Kind::Artist.number(id)?),
        None => named(call, call.params.required("artist")?).await?,
    };
    let Some(artist) = artist else {
        return told(call, "topSongs", &[]).await;
    };
    let filter = TrackFilter {
        artist: Some(ById::keyed(Key::Id(artist))),
        include_channels: Some(true),
        ..playable()
    };
    let tracks = listing(&permit, &filter, &[]).await.map_err(absent)?;
    let ids = most_played(tracks).page(permit.db(), count, 0).await?;
    told(call, "topSongs", &ids).await
}

/// An artist that a filter names is not there.
fn absent(error: Error) -> Refusal {
    match error {
        Error::Invalid(_) => Kind::Artist.missing(),
        error => error.into(),
    }
}

/// The artist with a name.
pub async fn named(call: &Call, name: &str) -> Told<Option<i64>> {
    let permit: Allowed<artists::List> = call.permit().await?;
    let filter = ArtistFilter {
        name_equals: Some(name.to_owned()),
        ..artist_filter()
    };
    let listing = artists::listing(&permit, &filter, &[]).await?;
    let found = listing.page(permit.db(), 1, 0).await?;
    Ok(found.first().copied())
}

pub async fn similar(call: &Call) -> Told<Response> {
    let ids = similar_to(call).await?;
    told(call, "similarSongs", &ids).await
}

pub async fn similar_id3(call: &Call) -> Told<Response> {
    let ids = similar_to(call).await?;
    told(call, "similarSongs2", &ids).await
}

/// Songs that share a tag with a song, or with the first one of an album; for an artist, their songs and those of artists
/// that share a tag.
async fn similar_to(call: &Call) -> Told<Vec<i64>> {
    let permit: Allowed<List> = call.permit().await?;
    let count = call.params.count("count", 50, MOST)?;
    let id = call.params.required("id")?;
    // Funkwhale had numbers without kinds: those of artists here.
    let id = match id.parse() {
        Ok(number) => Id::Artist(number),
        Err(_) => Id::read(id)?,
    };
    match id {
        Id::Track(id) => Ok(like(&permit, id, count).await?),
        Id::Album(id) => {
            let tracks = permit.loaders().one::<AlbumTracks>(id).await?;
            let first = tracks.unwrap_or_default().first().copied();
            let first = first.ok_or_else(|| Kind::Album.missing())?;
            Ok(like(&permit, first, count).await?)
        }
        Id::Artist(id) => {
            let mut artists = related(call, id, RELATED).await?;
            artists.push(id);
            let all = listing(&permit, &playable(), &[]).await?;
            Ok(of_any(all, artists)
                .sample(permit.db(), "tracks", count)
                .await?)
        }
        _ => Err(Refusal::missing("Song")),
    }
}

/// How many related artists are looked at.
const RELATED: i64 = 20;

async fn like(permit: &Allowed<List>, track: i64, count: i64) -> Result<Vec<i64>> {
    let filter = TrackFilter {
        related: Some(ById::keyed(Key::Id(track))),
        ..playable()
    };
    let order = [TrackOrder {
        field: TrackOrderField::Related,
        direction: Direction::Desc.into(),
        seed: None,
    }];
    let listing = listing(permit, &filter, &order).await?;
    listing.page(permit.db(), count, 0).await
}

/// Artists that share a tag with an artist, those with most in common first.
pub async fn related(call: &Call, artist: i64, count: i64) -> Told<Vec<i64>> {
    let permit: Allowed<artists::List> = call.permit().await?;
    let filter = ArtistFilter {
        related: Some(ById::keyed(Key::Id(artist))),
        ..artist_filter()
    };
    let order = [ArtistOrder {
        field: ArtistOrderField::Related,
        direction: Direction::Desc.into(),
        seed: None,
    }];
    let listing = artists::listing(&permit, &filter, &order).await?;
    Ok(listing.page(permit.db(), count, 0).await?)
}
