//! What is played now, and next.
use poem::Response;
use serde::Serialize;

use crate::{
    graphql::{ids::Key, reference::ById},
    guard::Allowed,
    resources::{
        catalogue::tracks::existing,
        listening::{
            history::{self, Listening},
            play_queue::{NewPlayQueue, PlayQueue, Retrieve, Save, retrieve, save as save_queue},
        },
        people::users::UserById,
    },
    subsonic::{
        Call,
        ids::{Id, Kind},
        refusal::{Refusal, Told},
        shapes::{
            Moment, shape,
            songs::{Song, songs},
        },
    },
};

shape! {
    /// A play queue; the current song by its ID, or by its place.
    pub struct Queue {
        username: String,
        position: i64,
        changed: Moment,
        changed_by: String,
        entry: Vec<Song>,
    } known {
        current: Id,
        current_index: i64,
    }
}

async fn queue(call: &Call) -> Told<Option<(Queue, PlayQueue)>> {
    let permit: Allowed<Retrieve> = call.permit().await?;
    let Some(queue) = retrieve(&permit).await? else {
        return Ok(None);
    };
    let shown = Queue {
        username: permit.user()?.username.clone(),
        position: queue.position,
        changed: Moment(queue.modification_date),
        changed_by: queue.changed_by.clone(),
        entry: songs(call, &queue.tracks).await?,
        current: None,
        current_index: None,
    };
    Ok(Some((shown, queue)))
}

pub async fn current(call: &Call) -> Told<Response> {
    let Some((mut shown, queue)) = queue(call).await? else {
        return Ok(call.format.done());
    };
    let index = queue
        .current_index
        .and_then(|index| usize::try_from(index).ok());
    let track = index.and_then(|index| queue.tracks.get(index));
    shown.current = track.map(|track| Id::Track(*track));
    Ok(call.format.told("playQueue", &shown))
}

pub async fn current_by_index(call: &Call) -> Told<Response> {
    let Some((mut shown, queue)) = queue(call).await? else {
        return Ok(call.format.done());
    };
    shown.current_index = queue.current_index;
    Ok(call.format.told("playQueueByIndex", &shown))
}

pub async fn save(call: &Call) -> Told<Response> {
    let tracks = call.params.ids("id", Kind::Track)?;
    let current = match call.params.text("current") {
        Some(id) => {
            let id = Kind::Track.number(id)?;
            tracks.iter().position(|track| *track == id)
        }
        None => None,
    };
    keep(call, tracks, current).await
}

pub async fn save_by_index(call: &Call) -> Told<Response> {
    let tracks = call.params.ids("id", Kind::Track)?;
    let current = call.params.parsed("currentIndex")?;
    if !tracks.is_empty() && current.is_none() {
        return Err(Refusal::parameter("currentIndex"));
    }
    keep(call, tracks, current).await
}

/// The tracks that are there, and the place of the current one among them. Players keep songs that were deleted.
async fn there(
    permit: &Allowed<Save>,
    tracks: Vec<i64>,
    current: Option<usize>,
) -> Told<(Vec<i64>, Option<usize>)> {
    let known = existing(permit, &tracks).await?;
    let is_known = |track: &i64| known.contains(track);
    let before = |place: usize| {
        tracks[..place]
            .iter()
            .filter(|track| is_known(track))
            .count()
    };
    let current = current
        .filter(|place| tracks.get(*place).is_some_and(is_known))
        .map(before);
    let tracks = tracks.iter().copied().filter(|track| is_known(track));
    Ok((tracks.collect(), current))
}

async fn keep(call: &Call, tracks: Vec<i64>, current: Option<usize>) -> Told<Response> {
    let permit: Allowed<Save> = call.permit().await?;
    let (tracks, current) = there(&permit, tracks, current).await?;
    let tracks = tracks.into_iter().map(|track| ById::keyed(Key::Id(track)));
    let new = NewPlayQueue {
        tracks: tracks.collect(),
        current_index: current.and_then(|index| i64::try_from(index).ok()),
        position: call.params.parsed("position")?,
        changed_by: call
            .params
            .text("c")
            .map(|client| client.chars().take(255).collect()),
    };
    save_queue(&permit, new).await?;
    Ok(call.format.done())
}

/// For so many minutes a song counts as being played.
const MINUTES: i64 = 10;

/// What is being played, as far as the caller may see it: each user's newest play, if it is new.
pub async fn now_playing(call: &Call) -> Told<Response> {
    #[derive(Serialize)]
    struct NowPlaying {
        entry: Vec<Song>,
    }
    let permit: Allowed<history::List> = call.permit().await?;
    let (loaders, now) = (permit.loaders(), permit.clock().now());
    let since = now.plus_seconds(-60 * MINUTES);
    let ids = history::newest_of_each(&permit, since).await?;
    let plays = loaders.owned::<Listening>(&ids).await?;
    let users = plays.iter().map(|play| Some(play.user_id));
    let users = loaders.parts::<UserById>(users).await?;
    let tracks = Vec::from_iter(plays.iter().map(|play| play.track_id));
    let mut songs = songs(call, &tracks).await?.into_iter().peekable();
    let entry = plays.iter().filter_map(|play| {
        // A song that is gone meanwhile is passed over.
        let song = songs.next_if(|song| song.id == Id::Track(play.track_id))?;
        Some(Song {
            username: Some(users.get(Some(play.user_id))?.username.clone()),
            minutes_ago: Some((now.unix() - play.creation_date.unix()) / 60),
            player_id: Some(0),
            ..song
        })
    });
    let entry = entry.collect();
    Ok(call.format.told("nowPlaying", &NowPlaying { entry }))
}
