//! Recording what was played.
use async_graphql::InputObject;
use poem_openapi::Object;

use super::{Create, Listening};
use crate::{
    error::Result,
    graphql::{ids::Key, reference::ById},
    guard::Allowed,
    resources::{catalogue::tracks::Track, listening::acts::checked},
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

/// Records plays of tracks, each at its time or now; all of them or none.
pub async fn record(permit: &Allowed<Create>, plays: &[(i64, Option<Timestamp>)]) -> Result<()> {
    let mut rows = Vec::with_capacity(plays.len());
    for (track, at) in plays {
        rows.push(checked(permit, &ById::keyed(Key::Id(*track)), *at).await?);
    }
    let mut tx = permit.begin().await?;
    for (track, at) in rows {
        sql("insert into listenings (user_id, track_id, creation_date) values (?, ?, ?)")
            .bind(permit.user()?.user_id)
            .bind(track)
            .bind(at)
            .run(&mut tx)
            .await?;
    }
    tx.commit().await
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
    tx.commit().await?;
    Ok(listening)
}
