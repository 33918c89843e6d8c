//! Favorites and plays.
use poem::Response;
use serde::Serialize;

use crate::{
    guard::Allowed,
    resources::listening::{favorites, history},
    subsonic::{
        Call,
        ids::Kind,
        params::Params,
        refusal::{Refusal, Told},
        shapes::songs::{Song, playable_songs},
    },
};

/// Songs of an answer at most.
const MOST: i64 = 10_000;

/// Favorites; only songs can be marked.
#[derive(Serialize)]
struct Starred {
    song: Vec<Song>,
}

pub async fn starred(call: &Call) -> Told<Response> {
    Ok(call.format.told("starred", &marked(call).await?))
}

pub async fn starred_id3(call: &Call) -> Told<Response> {
    Ok(call.format.told("starred2", &marked(call).await?))
}

async fn marked(call: &Call) -> Told<Starred> {
    let permit: Allowed<favorites::List> = call.permit().await?;
    let tracks = favorites::own_tracks(&permit, MOST).await?;
    let song = playable_songs(call, &tracks).await?;
    Ok(Starred { song })
}

pub async fn star(call: &Call) -> Told<Response> {
    let tracks = chosen(call)?;
    favorites::mark(&call.permit().await?, &tracks).await?;
    Ok(call.format.done())
}

pub async fn unstar(call: &Call) -> Told<Response> {
    let tracks = chosen(call)?;
    favorites::unmark(&call.permit().await?, tracks).await?;
    Ok(call.format.done())
}

/// The songs that are named.
fn chosen(call: &Call) -> Told<Vec<i64>> {
    let others = ["albumId", "artistId"];
    if others.iter().any(|name| call.params.text(name).is_some()) {
        return Err(Refusal::generic(
            "Only songs can be favorites on this server.",
        ));
    }
    let tracks = call.params.ids("id", Kind::Track)?;
    match tracks.is_empty() {
        true => Err(Refusal::parameter("id")),
        false => Ok(tracks),
    }
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
