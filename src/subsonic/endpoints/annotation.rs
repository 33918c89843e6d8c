//! Stars, ratings and plays.
use poem::Response;

use super::searching::Found;
use crate::{
    guard::Allowed,
    resources::listening::{
        favorites, history,
        marks::{self, Opinion, Subject, SubjectType},
    },
    subsonic::{
        Call,
        ids::{Id, Kind},
        params::Params,
        refusal::{Refusal, Told},
        shapes::{
            albums::{AlbumId3, albums},
            artists::artists,
            songs::playable_songs,
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

async fn marked(call: &Call) -> Told<Found<AlbumId3>> {
    let permit: Allowed<marks::List> = call.permit().await?;
    let artist = marks::starred(&permit, SubjectType::Artist, MOST).await?;
    let album = marks::starred(&permit, SubjectType::Album, MOST).await?;
    let permit: Allowed<favorites::List> = call.permit().await?;
    let song = favorites::own_tracks(&permit, MOST).await?;
    Ok(Found {
        artist: artists(call, &artist).await?,
        album: albums(call, &album).await?,
        song: playable_songs(call, &song).await?,
    })
}

pub async fn star(call: &Call) -> Told<Response> {
    give(call, true).await
}

pub async fn unstar(call: &Call) -> Told<Response> {
    give(call, false).await
}

/// Gives stars to what is named, or takes them.
async fn give(call: &Call, is_starred: bool) -> Told<Response> {
    let (tracks, others) = chosen(call)?;
    if tracks.is_empty() && others.is_empty() {
        return Err(Refusal::parameter("id"));
    }
    if !others.is_empty() {
        marks::star(&call.permit().await?, &others, is_starred).await?;
    }
    match is_starred {
        _ if tracks.is_empty() => {}
        true => favorites::mark(&call.permit().await?, &tracks).await?,
        false => favorites::unmark(&call.permit().await?, tracks).await?,
    }
    Ok(call.format.done())
}

/// The songs, and the artists and albums, that are named. Players that browse by folders name all of them as `id`.
fn chosen(call: &Call) -> Told<(Vec<i64>, Vec<Subject>)> {
    let mut tracks = Vec::new();
    let mut others = Vec::new();
    for id in call.params.all("id") {
        match subject(id)? {
            Subject {
                kind: SubjectType::Track,
                id,
            } => tracks.push(id),
            other => others.push(other),
        }
    }
    for id in call.params.ids("albumId", Kind::Album)? {
        others.push(Subject::new(SubjectType::Album, id));
    }
    for id in call.params.ids("artistId", Kind::Artist)? {
        others.push(Subject::new(SubjectType::Artist, id));
    }
    Ok((tracks, others))
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
    marks::change(&call.permit().await?, subject, opinion).await?;
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
