//! Recording what was played.
use async_graphql::InputObject;
use poem_openapi::Object;

use super::{Create, Listening};
use crate::{
    error::{Error, Result},
    graphql::reference::ById,
    guard::Allowed,
    resources::{
        catalogue::tracks::{Track, existing},
        listening::acts::checked,
        people::plugins::{Act, told},
    },
    store::sql,
    time::Timestamp,
};

/// A track that you have played.
#[derive(Debug, Object, InputObject)]
#[graphql(name = "CreateListeningInput")]
pub struct NewListening {
    /// The track.
    track: ById<Track>,
    /// Time at which it was played; now by default.
    creation_date: Option<Timestamp>,
}

/// Records plays of tracks, each at its time or now. Tracks that are gone are passed over, times to come are now, and
/// what was recorded for its time is not recorded again: players send the same until it is taken.
///
/// # Errors
/// `Missing` if none of the tracks exists.
pub async fn record(permit: &Allowed<Create>, plays: &[(i64, Option<Timestamp>)]) -> Result<()> {
    let ids = Vec::from_iter(plays.iter().map(|(track, _)| *track));
    let known = existing(permit, &ids).await?;
    if known.is_empty() {
        return Err(Error::Missing("Song not found".to_owned()));
    }
    let now = permit.clock().now();
    let mut acts = Vec::new();
    let mut tx = permit.begin().await?;
    for (track, at) in plays.iter().filter(|(track, _)| known.contains(track)) {
        let (user, time) = (permit.user()?.user_id, at.map_or(now, |at| at.min(now)));
        let new = sql(
            "insert into listenings (user_id, track_id, creation_date) select ?, t.id, ? from tracks t where t.id = ?",
        );
        let new = new.bind(user).bind(time).bind(*track);
        let new = match at {
            None => new,
            Some(_) => new
                .then(
                    " and not exists (select 1 from listenings n where n.track_id = t.id and n.user_id = ?
                       and n.creation_date = ?)",
                )
                .bind(user)
                .bind(time),
        };
        if new.run(&mut tx).await? > 0 {
            acts.push(Act::Played(*track, time));
        }
    }
    told(permit, tx, &acts).await
}

pub async fn create(permit: &Allowed<Create>, new: NewListening) -> Result<Listening> {
    let (track, at) = checked(permit, &new.track, new.creation_date).await?;
    let mut tx = permit.begin().await?;
    let added = sql(
        "insert into listenings (user_id, track_id, creation_date) values (?, ?, ?)
         returning id, user_id, track_id, creation_date",
    );
    let added = added.bind(permit.user()?.user_id).bind(track).bind(at);
    let listening = added.one(&mut tx).await?;
    told(permit, tx, &[Act::Played(track, at)]).await?;
    Ok(listening)
}
