//! Which episodes a channel was told of before.
use std::collections::HashMap;

use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use super::{
    reading::{Episode, Feed},
    write::Mirror,
};
use crate::{
    error::Result,
    store::{Tx, sql},
};

/// Episodes of a channel at most; a feed that has had more gets no further ones.
const EPISODES: i64 = 20_000;

/// Those that were removed are remembered too.
const REMEMBERED: i64 = 5 * EPISODES;

/// How many episodes a channel can get.
pub async fn room(tx: &mut Tx, mirror: &Mirror) -> Result<i64> {
    let held = sql("select count(*) from uploads where library_id = ?");
    let held = held.bind(mirror.library_id).number(&mut *tx).await?;
    let known = sql("select count(*) from feed_episodes where channel_id = ?");
    let known = known.bind(mirror.id).number(tx).await?;
    Ok((EPISODES - held).min(REMEMBERED - known))
}

/// An episode that was told of before. Without an upload it was removed here.
#[derive(FromRow)]
pub struct Known {
    /// UUID of the episode, or of the track of an imported one.
    uuid: Uuid,
    pub id: Option<i64>,
    pub track_id: Option<i64>,
    #[sqlx(json(nullable))]
    pub import_metadata: Option<Value>,
}

/// Those episodes of a feed that were told of before, by their UUIDs.
pub async fn known(tx: &mut Tx, mirror: &Mirror, feed: &Feed) -> Result<HashMap<Uuid, Known>> {
    let mut known = HashMap::new();
    // SQLite takes a thousand conditions at most.
    for episodes in feed.episodes.chunks(500) {
        let uuid = |episode| upload(mirror, episode);
        let uuids: Vec<Uuid> = episodes.iter().map(uuid).collect();
        let some = sql("select e.episode as uuid, u.id, u.track_id, u.import_metadata
             from feed_episodes e left join uploads u on u.id = e.upload_id where e.channel_id = ? and ");
        let some: Vec<Known> = some
            .bind(mirror.id)
            .one_of("e.episode", &uuids)
            .all(&mut *tx)
            .await?;
        known.extend(some.into_iter().map(|known| (known.uuid, known)));
        let new = |episode: &&Episode| !known.contains_key(&upload(mirror, episode));
        let new: Vec<&Episode> = episodes.iter().filter(new).collect();
        known.extend(imported(tx, mirror, new).await?);
    }
    Ok(known)
}

/// Those of the episodes that came with the pod from Funkwhale, which draws the UUIDs of tracks from GUIDs. They are
/// noted as ours.
async fn imported(
    tx: &mut Tx,
    mirror: &Mirror,
    episodes: Vec<&Episode>,
) -> Result<Vec<(Uuid, Known)>> {
    let by_track: HashMap<Uuid, Uuid> = episodes
        .into_iter()
        .map(|episode| (track_of_funkwhale(mirror, episode), upload(mirror, episode)))
        .collect();
    let tracks: Vec<Uuid> = by_track.keys().copied().collect();
    if tracks.is_empty() {
        return Ok(Vec::new());
    }
    let some = sql("select t.uuid, u.id, u.track_id, u.import_metadata
         from tracks t join uploads u on u.track_id = t.id where u.library_id = ? and ");
    let some: Vec<Known> = some
        .bind(mirror.library_id)
        .one_of("t.uuid", &tracks)
        .all(&mut *tx)
        .await?;
    let mut imported = Vec::with_capacity(some.len());
    for known in some {
        let uuid = by_track[&known.uuid];
        note(tx, mirror, (uuid, known.id)).await?;
        imported.push((uuid, known));
    }
    Ok(imported)
}

fn track_of_funkwhale(mirror: &Mirror, episode: &Episode) -> Uuid {
    let name = format!("rss://{}-{}", mirror.id, episode.guid);
    Uuid::new_v3(&Uuid::NAMESPACE_URL, name.as_bytes())
}

/// Notes that a feed has told of an episode.
pub async fn note(tx: &mut Tx, mirror: &Mirror, (uuid, upload): (Uuid, Option<i64>)) -> Result<()> {
    sql("insert into feed_episodes (channel_id, episode, upload_id) values (?, ?, ?) on conflict do nothing")
        .bind(mirror.id)
        .bind(uuid)
        .bind(upload)
        .run(tx)
        .await
        .map(|_| ())
}

/// The UUID of an episode's upload, which is the same whenever it is read.
pub fn upload(mirror: &Mirror, episode: &Episode) -> Uuid {
    Uuid::new_v5(&mirror.uuid, episode.guid.as_bytes())
}
