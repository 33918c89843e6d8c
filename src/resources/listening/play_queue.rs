//! The play queue: what a user plays, saved on one device and opened on another.
use async_graphql::{ComplexObject, Context, InputObject, SimpleObject};
use poem_openapi::Object;
use serde::Serialize;
use sqlx::FromRow;

use crate::{
    error::{Error, Result},
    graphql::{
        connection::{answer, cost},
        reference::ById,
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed, Operation, operations},
    resources::{
        catalogue::tracks::{self, Track, TrackBody, all_known, by_id},
        checks::shorter,
    },
    rest::{answer::Answer, standard::routes},
    store::{Tx, sql},
    time::Timestamp,
};

operations! {
    "play_queue", "The play queue: what you play, on all of your devices.";
    /// Returns your play queue.
    ///
    /// It is null if you have saved none.
    retrieve: Retrieve = read Listenings, anonymous = Never, throttle = Retrieve, graphql = "playQueue", reads = many;
    /// Saves your play queue.
    ///
    /// It replaces the one that was saved before, by whichever client. Without tracks, the queue ends.
    /// Unknown tracks, more than 10,000 tracks, and a current track beyond the end are answered with 400.
    save: Save = write Listenings, anonymous = Never, throttle = Update, graphql = "Mutation.savePlayQueue", reads = many;
}

/// Maximum number of tracks in a queue.
const MOST: usize = 10_000;

/// Your play queue: what you play, on all of your devices.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct PlayQueue {
    /// Place of the current track, from 0; null if none is current.
    pub current_index: Option<i64>,
    /// How far the current track was played, in milliseconds.
    pub position: i64,
    /// Name of the client that saved it; may be empty.
    pub changed_by: String,
    /// Time at which it was saved.
    pub modification_date: Timestamp,
    /// IDs of the tracks, in their order.
    #[graphql(skip)]
    pub tracks: Vec<i64>,
}

/// A track of a queue, with the queue.
#[derive(FromRow)]
struct Row {
    current_place: Option<i64>,
    position: i64,
    changed_by: String,
    modification_date: Timestamp,
    place: i64,
    track_id: i64,
}

/// The caller's queue. The places of tracks that were deleted are closed.
pub async fn retrieve<O: Operation>(permit: &Allowed<O>) -> Result<Option<PlayQueue>> {
    let rows = sql(
        "select q.current_place, q.position, q.changed_by, q.modification_date, e.place, e.track_id
        from play_queues q join play_queue_tracks e on e.user_id = q.user_id
        where q.user_id = ? order by e.place",
    );
    let rows = rows.bind(permit.user()?.user_id);
    let rows: Vec<Row> = rows.all(permit.db()).await?;
    let Some(queue) = rows.first() else {
        return Ok(None);
    };
    let current = rows
        .iter()
        .position(|row| Some(row.place) == queue.current_place);
    Ok(Some(PlayQueue {
        current_index: current.and_then(|index| i64::try_from(index).ok()),
        position: queue.position,
        changed_by: queue.changed_by.clone(),
        modification_date: queue.modification_date,
        tracks: rows.iter().map(|row| row.track_id).collect(),
    }))
}

/// A play queue to save.
#[derive(Debug, Default, Object, InputObject)]
#[graphql(name = "SavePlayQueueInput")]
pub struct NewPlayQueue {
    /// The tracks, in their order; up to 10,000. None: the queue ends.
    pub tracks: Vec<ById<Track>>,
    /// Place of the current track, from 0. Default: none is current.
    pub current_index: Option<i64>,
    /// How far the current track was played, in milliseconds. Default: 0.
    pub position: Option<i64>,
    /// Name of the client, up to 255 characters.
    pub changed_by: Option<String>,
}

pub async fn save(permit: &Allowed<Save>, new: NewPlayQueue) -> Result<Option<PlayQueue>> {
    check(&new)?;
    let tracks = all_known(permit, "tracks", &new.tracks).await?;
    let tracks: Vec<i64> = tracks.into_iter().map(|(id, _)| id).collect();
    let queue = PlayQueue {
        current_index: new.current_index,
        position: new.position.unwrap_or(0),
        changed_by: new.changed_by.unwrap_or_default(),
        modification_date: permit.clock().now(),
        tracks,
    };
    let user = permit.user()?.user_id;
    let mut tx = permit.begin().await?;
    let old = sql("delete from play_queues where user_id = ?").bind(user);
    old.run(&mut tx).await?;
    if !queue.tracks.is_empty() {
        insert(&mut tx, user, &queue).await?;
    }
    tx.commit().await?;
    Ok((!queue.tracks.is_empty()).then_some(queue))
}

fn check(new: &NewPlayQueue) -> Result<()> {
    if new.tracks.len() > MOST {
        let complaint = format!("At most {MOST} tracks are allowed.");
        return Err(Error::field("tracks", complaint));
    }
    let is_there = |index| usize::try_from(index).is_ok_and(|index| index < new.tracks.len());
    if new.current_index.is_some_and(|index| !is_there(index)) {
        return Err(Error::field("current_index", "There is no such track."));
    }
    if new.position.is_some_and(|position| position < 0) {
        return Err(Error::field("position", "Must be 0 or more."));
    }
    shorter(
        "changed_by",
        new.changed_by.as_deref().unwrap_or_default(),
        255,
    )
}

async fn insert(tx: &mut Tx, user: i64, queue: &PlayQueue) -> Result<()> {
    const AT_ONCE: usize = 500;
    sql(
        "insert into play_queues (user_id, current_place, position, changed_by, modification_date)
         values (?, ?, ?, ?, ?)",
    )
    .bind(user)
    .bind(queue.current_index)
    .bind(queue.position)
    .bind(queue.changed_by.as_str())
    .bind(queue.modification_date)
    .run(&mut *tx)
    .await?;
    let placed = Vec::from_iter((0_i64..).zip(queue.tracks.iter().copied()));
    for part in placed.chunks(AT_ONCE) {
        let into = sql("insert into play_queue_tracks (user_id, place, track_id) values ");
        let rows = into.rows("(?, ?, ?)", part, |row, (place, track)| {
            row.bind(user).bind(*place).bind(*track)
        });
        rows.run(&mut *tx).await?;
    }
    Ok(())
}

/// How many tracks are shown at once.
fn shown(first: Option<i32>) -> usize {
    usize::try_from(first.unwrap_or(100))
        .unwrap_or_default()
        .min(500)
}

#[ComplexObject]
impl PlayQueue {
    /// Number of tracks.
    async fn tracks_count(&self) -> usize {
        self.tracks.len()
    }

    /// The tracks, in their order; a track may be there several times.
    #[graphql(complexity = "cost(shown(first), child_complexity)")]
    async fn tracks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many tracks, up to 500; 100 unless given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "So many tracks are passed over; 0 unless given.")] offset: Option<i32>,
    ) -> Result<Vec<Track>> {
        let offset = usize::try_from(offset.unwrap_or(0)).unwrap_or_default();
        let part = self.tracks.iter().skip(offset).take(shown(first));
        ctx.load_list::<tracks::Retrieve, Track>(part.copied())
            .await
    }
}

fields! {
    Queries as "PlayQueueQueries";
    {
        async fn play_queue(&self, ctx: &Context<'_>) -> Option<Result<Option<PlayQueue>>> {
            answer(async { retrieve::<Retrieve>(&ctx.allow().await?).await }).await
        }
    }
}

/// Result of the mutation.
#[derive(SimpleObject)]
pub struct SavePlayQueuePayload {
    /// The queue; null if it has ended.
    play_queue: Option<PlayQueue>,
}

async fn saved(permit: &Allowed<Save>, new: NewPlayQueue) -> Result<SavePlayQueuePayload> {
    let play_queue = save(permit, new).await?;
    Ok(SavePlayQueuePayload { play_queue })
}

mutations! {
    Mutations as "PlayQueueMutations";
    act save_play_queue(NewPlayQueue) -> SavePlayQueuePayload = saved;
}

/// Your play queue: what you play, on all of your devices.
#[derive(Debug, Default, Serialize, Object)]
#[oai(rename = "PlayQueue")]
struct PlayQueueBody {
    /// The tracks, in their order; a track may be there several times.
    tracks: Vec<TrackBody>,
    /// Place of the current track, from 0; null if none is current.
    current_index: Option<i64>,
    /// How far the current track was played, in milliseconds.
    position: i64,
    /// Name of the client that saved it; may be empty.
    changed_by: String,
    /// Time at which it was saved; null if there is no queue.
    modification_date: Option<Timestamp>,
}

async fn body<O: Operation>(
    permit: &Allowed<O>,
    queue: Option<PlayQueue>,
) -> Result<PlayQueueBody> {
    let Some(queue) = queue else {
        return Ok(PlayQueueBody::default());
    };
    let tracks = by_id(permit.loaders(), permit, queue.tracks.clone()).await?;
    let shown = queue.tracks.iter().filter_map(|id| tracks.get(id).cloned());
    Ok(PlayQueueBody {
        tracks: shown.collect(),
        current_index: queue.current_index,
        position: queue.position,
        changed_by: queue.changed_by,
        modification_date: Some(queue.modification_date),
    })
}

async fn current(permit: &Allowed<Retrieve>) -> Result<PlayQueueBody> {
    body(permit, retrieve(permit).await?).await
}

async fn replaced(permit: &Allowed<Save>, new: NewPlayQueue) -> Result<PlayQueueBody> {
    body(permit, save(permit, new).await?).await
}

routes! {
    "/api/v1/play-queue";
    retrieve: Retrieve = get "/" -> Answer<PlayQueueBody> => current;
    save: Save = put "/" {new: NewPlayQueue} -> Answer<PlayQueueBody> => replaced;
}
