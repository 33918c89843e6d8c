//! Drawing tracks.
use std::collections::HashSet;

use super::{
    Draw, Owner, RadioSession, RadioSessionTrack,
    candidates::{ended, window},
    find,
};
use crate::{
    error::{Error, Result},
    graphql::ids::Key,
    guard::Allowed,
    load::Entity,
    store::{Tx, sql},
};

/// Maximum number of tracks at once.
const MOST: i64 = 50;

/// Draws up to `count` tracks, in the order in which they are to be played.
///
/// # Errors
/// `Missing` if there are none left.
pub async fn draw(
    permit: &Allowed<Draw>,
    key: Key,
    count: Option<i64>,
) -> Result<Vec<RadioSessionTrack>> {
    let count = count.unwrap_or(1);
    if !(1..=MOST).contains(&count) {
        let complaint = format!("Must be from 1 to {MOST}.");
        return Err(Error::field("count", complaint));
    }
    let session = find(permit, key).await?;
    if !session.is_of(&Owner::of(permit)) {
        return Err(Error::Forbidden);
    }
    let mut chosen = Vec::new();
    let mut taken = HashSet::new();
    for _ in 0..count {
        let mut left = window(permit, &session).await.map_err(ended)?;
        left.retain(|track| !taken.contains(track));
        let Some(track) = one_of(&left) else { break };
        taken.insert(track);
        chosen.push(track);
    }
    let drawn = keep(permit, &session, &chosen).await?;
    match drawn.is_empty() {
        true => Err(exhausted()),
        false => Ok(drawn),
    }
}

pub fn exhausted() -> Error {
    Error::Missing("Radio doesn't have more candidates".to_owned())
}

fn one_of(tracks: &[i64]) -> Option<i64> {
    let count = i64::try_from(tracks.len())
        .ok()
        .filter(|count| *count > 0)?;
    let index = usize::try_from(crate::random::below(count)).ok()?;
    tracks.get(index).copied()
}

/// Writes down what was drawn. Tracks that another request drew meanwhile, or that are gone, are left out.
async fn keep(
    permit: &Allowed<Draw>,
    session: &RadioSession,
    tracks: &[i64],
) -> Result<Vec<RadioSessionTrack>> {
    let mut tx = permit.begin().await?;
    tx.lock(sql("select id from radio_sessions where id = ?").bind(session.id))
        .await?;
    let mut drawn = Vec::new();
    for track in tracks {
        drawn.extend(write(&mut tx, session.id, *track).await?);
    }
    tx.commit().await?;
    Ok(drawn)
}

async fn write(tx: &mut Tx, session: i64, track: i64) -> Result<Option<RadioSessionTrack>> {
    let inserted = sql(
        "insert into radio_session_tracks (session_id, track_id, position)
         select s.id, t.id, 1 + (select coalesce(max(d.position), 0) from radio_session_tracks d
           where d.session_id = s.id)
         from radio_sessions s cross join tracks t where s.id = ? and t.id = ?
         on conflict (session_id, track_id) do nothing returning id",
    );
    let Some((id,)) = inserted
        .bind(session)
        .bind(track)
        .optional::<(i64,)>(&mut *tx)
        .await?
    else {
        return Ok(None);
    };
    let row = RadioSessionTrack::select().then(" where id = ?").bind(id);
    row.optional(tx).await
}
