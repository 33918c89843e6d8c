//! SQL for reading and writing edits.
use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

use super::{Edit, Kind, Target};
use crate::{
    context::Reader,
    error::Result,
    load::{Entity, grouped, load},
    store::{Sql, Tx, sql},
    time::Timestamp,
};

/// The artist, album or track with this ID.
pub async fn target(reader: &Reader, kind: Kind, id: i64) -> Result<Target> {
    targets(kind, vec![id]).one(reader.db()).await
}

/// Artists, albums or tracks, as [`Target`].
pub(super) fn targets(kind: Kind, ids: Vec<i64>) -> Sql {
    sql(match kind {
        Kind::Artist => "select id, fid, name, attributed_to_id from artists where id in ?*",
        Kind::Album => "select id, fid, title as name, attributed_to_id from albums where id in ?*",
        Kind::Track => "select id, fid, title as name, attributed_to_id from tracks where id in ?*",
    })
    .bind(ids)
}

/// The edits of one object.
pub(super) fn of(kind: Kind, id: i64) -> Sql {
    sql(match kind {
        Kind::Artist => "from mutations m where m.artist_id = ?",
        Kind::Album => "from mutations m where m.album_id = ?",
        Kind::Track => "from mutations m where m.track_id = ?",
    })
    .bind(id)
}

load!(/// The newest 20 edits of an artist.
    ArtistEdits: Vec<Edit> = for_caller of_artists);

async fn of_artists(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Vec<Edit>>> {
    let newest = "select id from (select id, row_number() over (partition by artist_id
        order by creation_date desc, id desc) as place from mutations where artist_id in ?*) x
        where place <= 20";
    newest_of(reader, newest, ids, |edit| edit.artist_id).await
}

load!(/// The newest 20 edits of an album.
    AlbumEdits: Vec<Edit> = for_caller of_albums);

async fn of_albums(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Vec<Edit>>> {
    let newest = "select id from (select id, row_number() over (partition by album_id
        order by creation_date desc, id desc) as place from mutations where album_id in ?*) x
        where place <= 20";
    newest_of(reader, newest, ids, |edit| edit.album_id).await
}

load!(/// The newest 20 edits of a track.
    TrackEdits: Vec<Edit> = for_caller of_tracks);

async fn of_tracks(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Vec<Edit>>> {
    let newest = "select id from (select id, row_number() over (partition by track_id
        order by creation_date desc, id desc) as place from mutations where track_id in ?*) x
        where place <= 20";
    newest_of(reader, newest, ids, |edit| edit.track_id).await
}

async fn newest_of(
    reader: &Reader,
    newest: &'static str,
    ids: Vec<i64>,
    owner: impl Fn(&Edit) -> Option<i64>,
) -> Result<HashMap<i64, Vec<Edit>>> {
    let rows: Vec<Edit> = Edit::select()
        .then(" where id in (")
        .append(sql(newest).bind(ids))
        .then(") order by creation_date desc, id desc")
        .all(reader.db())
        .await?;
    let owned = rows
        .into_iter()
        .filter_map(|edit| Some((owner(&edit)?, edit)));
    Ok(grouped(owned))
}

/// An edit to insert.
pub(super) struct New {
    pub uuid: Uuid,
    pub fid: String,
    pub aim: (Kind, i64),
    pub actor: i64,
    pub is_approved: Option<bool>,
    pub now: Timestamp,
    pub summary: Option<String>,
    pub payload: Value,
    /// Previous values, if the edit was applied.
    pub previous_state: Option<Value>,
}

pub(super) async fn insert(tx: &mut Tx, new: New) -> Result<Edit> {
    let only = |kind: Kind| (new.aim.0 == kind).then_some(new.aim.1);
    let applied = new.previous_state.is_some();
    let id = sql(
        "insert into mutations (uuid, fid, type, artist_id, album_id, track_id, created_by_id,
           approved_by_id, is_approved, is_applied, creation_date, applied_date, summary, payload,
           previous_state)
         values (?, ?, 'update', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning id",
    )
    .bind(new.uuid)
    .bind(new.fid)
    .bind(only(Kind::Artist))
    .bind(only(Kind::Album))
    .bind(only(Kind::Track))
    .bind(new.actor)
    .bind(new.is_approved.map(|_| new.actor))
    .bind(new.is_approved)
    .bind(applied.then_some(true))
    .bind(new.now)
    .bind(applied.then_some(new.now))
    .bind(new.summary)
    .bind(new.payload)
    .bind(new.previous_state)
    .number(&mut *tx)
    .await?;
    Edit::select().then(" where id = ?").bind(id).one(tx).await
}
