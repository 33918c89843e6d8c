//! Looking at feeds again: each once a day, or as often as the pod's settings say, and less often the longer it fails.
use std::collections::HashMap;

use serde_json::Value;
use sqlx::FromRow;
use tokio::{select, sync::Semaphore};

use super::{
    reading::Feed,
    write::{COLUMNS, Mirror, take},
};
use crate::{
    app::App,
    context::Reader,
    error::{Error, Result},
    fetch::{Known, Page},
    jobs::{self, Failure, FeedRefresh, Perform, Running},
    store::{Tx, sql},
    time::Timestamp,
};

/// Bytes of a feed at most.
const MOST: usize = 10 << 20;
/// Feeds that are given out to be looked at together.
const BATCH: i64 = 1_000;
/// Seconds until a feed that failed is looked at again, and at most.
const PAUSE: i64 = 3_600;
const LONGEST: i64 = 7 * 86_400;
/// Characters of a reason.
const REASON: usize = 500;

/// Feeds that are read at once: each is in memory as a whole.
static PARSING: Semaphore = Semaphore::const_new(2);

/// What was found at the address of a feed.
pub enum Found {
    Same,
    New { feed: Box<Feed>, known: Known },
}

/// Fetches and reads a feed; otherwise tells why it cannot be.
pub async fn look(app: &App, address: &str, known: &Known) -> Result<Found, String> {
    let page = app.fetcher().page(address, known, MOST).await;
    let (bytes, known, address) = match page.map_err(|error| error.plain())? {
        Page::Same => return Ok(Found::Same),
        Page::New {
            bytes,
            known,
            address,
        } => (bytes, known, address),
    };
    let most = usize::from(app.config().podcasts.podcasts_rss_feed_max_items);
    let _turn = PARSING.acquire().await;
    let read = tokio::task::spawn_blocking(move || Feed::read(&bytes, &address, most)).await;
    let read = read.map_err(|error| error.to_string())?;
    let feed = Box::new(read.map_err(|error| error.to_string())?);
    Ok(Found::New { feed, known })
}

/// Has those feeds looked at that are due, and that somebody subscribes to.
pub async fn due(app: &App) -> Result<()> {
    let now = app.clock().now();
    let mut tx = app.db().begin().await?;
    // Those that came from elsewhere.
    sql("insert into feeds (channel_id, due_date)
         select c.id, ? from channels c join actors o on o.id = c.actor_id
         where c.rss_url is not null and o.domain = ? and not exists (select 1 from feeds f where f.channel_id = c.id)")
    .bind(now)
    .bind(app.config().hostname())
    .run(&mut tx)
    .await?;
    let due = sql(
        "select f.channel_id from feeds f join channels c on c.id = f.channel_id where f.due_date <= ?
           and exists (select 1 from follows s where s.target_actor_id = c.actor_id and s.approved = true)
         order by f.due_date limit ?",
    );
    let due = due.bind(now).bind(BATCH).ids(&mut tx).await?;
    for channel in due {
        jobs::enqueue(&mut tx, &FeedRefresh { channel }, now).await?;
    }
    tx.commit().await?;
    app.add_jobs();
    Ok(())
}

#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    mirror: Mirror,
    etag: Option<String>,
    last_modified: Option<String>,
}

impl Perform for FeedRefresh {
    async fn perform(self, app: &App, running: Running) -> Result<Value, Failure> {
        let again = |error: Error| Failure::ForNow(error.to_string());
        select! {
            done = refresh(app, self.channel) => done.map_err(again)?,
            // A server that answers slowly does not keep this one; what was not committed is done another time.
            () = running.stop.told() => {}
        }
        Ok(Value::Null)
    }
}

/// Looks at the feed of a channel. That it cannot be read is noted, and no failure of this server.
async fn refresh(app: &App, channel: i64) -> Result<()> {
    let row = sql("select ").then(COLUMNS).then(
        ", f.etag, f.last_modified from channels c join feeds f on f.channel_id = c.id where c.id = ? and c.rss_url is not null",
    );
    let row: Option<Row> = row.bind(channel).optional(app.db()).await?;
    let Some(row) = row else {
        return Ok(());
    };
    let known = Known {
        etag: row.etag,
        last_modified: row.last_modified,
    };
    let found = look(app, &row.mirror.rss_url, &known).await;
    let taken = match found {
        Ok(found) => taken(app, &row.mirror, (known, found)).await,
        Err(why) => Err(why),
    };
    let Err(why) = taken else {
        return Ok(());
    };
    tracing::info!(feed = row.mirror.rss_url, why, "a feed cannot be read");
    let mut tx = app.db().begin().await?;
    failed(&mut tx, channel, &why, app.clock().now()).await?;
    tx.commit().await
}

/// Takes what was found; otherwise tells why it cannot be.
async fn taken(app: &App, mirror: &Mirror, (known, found): (Known, Found)) -> Result<(), String> {
    let write = async {
        let mut tx = app.db().begin().await?;
        tx.lock(sql("select id from channels where id = ?").bind(mirror.id))
            .await?;
        match found {
            Found::Same => seen(&mut tx, app, mirror.id, &known).await?,
            Found::New { feed, known } => {
                seen(&mut tx, app, mirror.id, &known).await?;
                take(&mut tx, app, mirror, &feed).await?;
            }
        }
        tx.commit().await
    };
    write.await.map_err(|error: Error| error.to_string())
}

/// Notes that a feed was read.
pub async fn seen(tx: &mut Tx, app: &App, channel: i64, known: &Known) -> Result<()> {
    let now = app.clock().now();
    let due = now.plus_seconds(app.config().podcasts.podcasts_rss_feed_refresh_delay);
    let text = |text: &Option<String>| text.clone().filter(|text| text.len() <= REASON);
    sql("insert into feeds (channel_id, etag, last_modified, fetch_date, due_date) values (?, ?, ?, ?, ?)
         on conflict (channel_id) do update set etag = excluded.etag, last_modified = excluded.last_modified,
           fetch_date = excluded.fetch_date, due_date = excluded.due_date, failures = 0, error = null")
    .bind(channel)
    .bind(text(&known.etag))
    .bind(text(&known.last_modified))
    .bind(now)
    .bind(due)
    .run(tx)
    .await
    .map(|_| ())
}

async fn failed(tx: &mut Tx, channel: i64, why: &str, now: Timestamp) -> Result<()> {
    let failures = sql(
        "update feeds set failures = failures + 1, error = ?, fetch_date = ? where channel_id = ? returning failures",
    );
    let why: String = why.chars().take(REASON).collect();
    let failures: Option<(i64,)> = failures
        .bind(why)
        .bind(now)
        .bind(channel)
        .optional(&mut *tx)
        .await?;
    let (failures,) = failures.unwrap_or_default();
    let pause = (PAUSE << failures.clamp(0, 8)).min(LONGEST);
    let due = sql("update feeds set due_date = ? where channel_id = ?");
    due.bind(now.plus_seconds(pause))
        .bind(channel)
        .run(tx)
        .await
        .map(|_| ())
}

/// Why the feeds of channels could not be read last, of those that could not.
pub async fn problems(reader: &Reader, channels: Vec<i64>) -> Result<HashMap<i64, String>> {
    let failed =
        sql("select channel_id, error from feeds where error is not null and channel_id in ?*");
    let failed: Vec<(i64, String)> = failed.bind(channels).all(reader.db()).await?;
    Ok(failed.into_iter().collect())
}
