//! Stars, ratings and plays.
use std::collections::HashSet;

use poem::Response;

use super::{browsing::artist_filter, folders::library, searching::Found, songs::playable};
use crate::{
    error::Error,
    graphql::reference::ByUuid,
    guard::Allowed,
    resources::{
        catalogue::{
            albums::{self, Whose},
            artists::{self, ArtistFilter},
            tracks::{self, TrackFilter},
        },
        listening::{
            favorites, history,
            marks::{self, Opinion, Subject, SubjectType},
        },
    },
    subsonic::{
        Call,
        ids::{Id, Kind},
        params::Params,
        refusal::{Refusal, Told},
        shapes::{
            albums::{AlbumId3, albums as shown_albums},
            artists::artists as shown_artists,
            songs::songs,
        },
    },
};

/// Songs of an answer at most.
const MOST: i64 = 10_000;

pub async fn starred(call: &Call) -> Told<Response> {
    Ok(call.format.told("starred", &marked(call).await?.folders()))
}

pub async fn starred_id3(call: &Call) -> Told<Response> {
    Ok(call.format.told("starred2", &marked(call).await?))
}

/// What the caller has starred, without what they cannot play or have hidden.
async fn marked(call: &Call) -> Told<Found<AlbumId3>> {
    let permit: Allowed<marks::List> = call.permit().await?;
    let starred = marks::starred(&permit, SubjectType::Artist, MOST).await?;
    let permit: Allowed<artists::List> = call.permit().await?;
    let library = library(call).await?;
    let filter = ArtistFilter {
        library: library.map(ByUuid::from),
        ..artist_filter()
    };
    let listed = artists::listing(&permit, &filter, &[]).await?;
    let artist = artists::among(listed, starred);
    let artist = artist.page(permit.db(), MOST, 0).await?;
    let permit: Allowed<albums::List> = call.permit().await?;
    let whose = Whose {
        reader: &permit,
        library,
    };
    let album = albums::starred(whose)?.page(permit.db(), MOST, 0).await?;
    let favorites = favorites::own_tracks(&call.permit().await?, MOST).await?;
    let permit: Allowed<tracks::List> = call.permit().await?;
    let filter = TrackFilter {
        favorites: Some(true),
        include_channels: Some(true),
        library: library.map(ByUuid::from),
        ..playable()
    };
    let listed = tracks::listing(&permit, &filter, &[]).await?;
    let shown = HashSet::<i64>::from_iter(listed.page(permit.db(), MOST, 0).await?);
    let song = Vec::from_iter(favorites.into_iter().filter(|track| shown.contains(track)));
    Ok(Found {
        artist: shown_artists(call, &artist).await?,
        album: shown_albums(call, &album).await?,
        song: songs(call, &song).await?,
    })
}

pub async fn star(call: &Call) -> Told<Response> {
    give(call, true).await
}

pub async fn unstar(call: &Call) -> Told<Response> {
    give(call, false).await
}

/// What is named in one request at most.
const AT_ONCE: usize = 1_000;

/// Gives stars to what is named, or takes them.
async fn give(call: &Call, is_starred: bool) -> Told<Response> {
    let chosen = chosen(call)?;
    if chosen.is_empty() {
        return Err(Refusal::parameter("id"));
    }
    if chosen.len() > AT_ONCE {
        let why = format!("'id': at most {AT_ONCE} at once");
        return Err(Refusal::generic(why));
    }
    let tracks = chosen
        .iter()
        .filter_map(|subject| subject.of(SubjectType::Track));
    let tracks = Vec::from_iter(tracks);
    // Before anything is written: all of them or none.
    if is_starred && !tracks.is_empty() {
        let permit: Allowed<favorites::Create> = call.permit().await?;
        favorites::known(&permit, &tracks).await?;
    }
    if tracks.len() < chosen.len() {
        marks::star(&call.permit().await?, &chosen, is_starred).await?;
    }
    match is_starred {
        _ if tracks.is_empty() => {}
        true => favorites::mark(&call.permit().await?, &tracks).await?,
        false => favorites::unmark(&call.permit().await?, tracks).await?,
    }
    Ok(call.format.done())
}

/// What is named. Players that browse by folders name artists and albums as `id`, too.
fn chosen(call: &Call) -> Told<Vec<Subject>> {
    let named = |name, kind| {
        let ids = call.params.ids(name, kind)?.into_iter();
        Told::Ok(ids)
    };
    let any = call.params.all("id").into_iter().map(subject);
    let mut chosen: Vec<_> = any.collect::<Told<_>>()?;
    let albums = named("albumId", Kind::Album)?;
    chosen.extend(albums.map(|id| Subject::new(SubjectType::Album, id)));
    let artists = named("artistId", Kind::Artist)?;
    chosen.extend(artists.map(|id| Subject::new(SubjectType::Artist, id)));
    Ok(chosen)
}

/// What an ID names; numbers without kinds are songs.
fn subject(text: &str) -> Told<Subject> {
    if let Ok(number) = text.parse() {
        return Ok(Subject::new(SubjectType::Track, number));
    }
    match Id::read(text)? {
        Id::Artist(id) => Ok(Subject::new(SubjectType::Artist, id)),
        Id::Album(id) => Ok(Subject::new(SubjectType::Album, id)),
        Id::Track(id) => Ok(Subject::new(SubjectType::Track, id)),
        _ => Err(Refusal::missing("Song")),
    }
}

pub async fn set_rating(call: &Call) -> Told<Response> {
    let rating = call.params.parsed("rating")?;
    let opinion = Opinion {
        rating: Some(rating.ok_or_else(|| Refusal::parameter("rating"))?),
        is_starred: None,
    };
    let subject = subject(call.params.required("id")?)?;
    let changed = marks::change(&call.permit().await?, subject, opinion).await;
    changed.map_err(|error| match error {
        Error::Invalid(fields) if fields.contains_key("id") => {
            Refusal::missing("What is to be rated")
        }
        error => error.into(),
    })?;
    Ok(call.format.done())
}

/// Songs of one request at most: players send what they played while they were offline.
const PLAYS: usize = 1_000;

/// Records plays, each at its time. What is only being played is not recorded.
pub async fn scrobble(call: &Call) -> Told<Response> {
    let permit = call.permit().await?;
    let tracks = call.params.ids("id", Kind::Track)?;
    let times = call.params.all("time");
    if tracks.is_empty() {
        return Err(Refusal::parameter("id"));
    }
    if tracks.len() > PLAYS {
        let why = format!("'id': at most {PLAYS} songs at once");
        return Err(Refusal::generic(why));
    }
    if !times.is_empty() && times.len() != tracks.len() {
        return Err(Refusal::generic("'time': one for each 'id', or none"));
    }
    let times = times
        .into_iter()
        .map(|time| Params::time("time", time).map(Some));
    let mut times: Vec<_> = times.collect::<Told<_>>()?;
    times.resize(tracks.len(), None);
    if call.params.flag("submission").unwrap_or(true) {
        let plays: Vec<_> = tracks.into_iter().zip(times).collect();
        history::record(&permit, &plays).await?;
    }
    Ok(call.format.done())
}
