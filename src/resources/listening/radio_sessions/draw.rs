//! Drawing tracks.
use super::{
    Draw, Owner, RadioSession, RadioSessionTrack,
    candidates::{ended, window},
    find,
};
use crate::{
    error::{Error, Result},
    graphql::ids::Key,
    guard::Allowed,
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
    session.radio_type.may(permit)?;
    let count = usize::try_from(count).unwrap_or_default();
    let mut drawn = Vec::new();
    // What another request draws meanwhile is drawn again.
    for _ in 0..WINDOWS {
        let window = window(permit, &session).await.map_err(ended)?;
        let share = if window.is_all { count } else { SHARE };
        let wanted = share.min(count - drawn.len());
        let some = crate::random::some_of(window.tracks, wanted);
        let kept = keep(permit, &session, &some).await?;
        let was_last = window.is_all && kept.len() == some.len();
        drawn.extend(kept);
        if drawn.len() == count || was_last {
            break;
        }
    }
    match drawn.is_empty() {
        true => Err(exhausted()),
        false => Ok(drawn),
    }
}

/// How many tracks are taken from one window, whose tracks were added one after the other.
const SHARE: usize = 10;
/// How many windows are looked at, for one draw.
const WINDOWS: usize = 10;

pub fn exhausted() -> Error {
    Error::Missing("Radio doesn't have more candidates".to_owned())
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
    sql(
        "insert into radio_session_tracks (session_id, track_id, position)
         select s.id, t.id, 1 + (select coalesce(max(d.position), 0) from radio_session_tracks d
           where d.session_id = s.id)
         from radio_sessions s cross join tracks t where s.id = ? and t.id = ?
         on conflict (session_id, track_id) do nothing returning id, session_id, track_id, position",
    )
    .bind(session)
    .bind(track)
    .optional(tx)
    .await
}
