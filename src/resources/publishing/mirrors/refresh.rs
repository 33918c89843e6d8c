//! Looking at feeds again: each once a day, or as often as the pod's settings say, and less often the longer it fails.
use serde_json::Value;
use sqlx::FromRow;
use tokio::{select, sync::Semaphore};

use super::{
    place,
    reading::{Feed, Unreadable, text},
    write::{COLUMNS, Mirror, mirror_of, take},
};
use crate::{
    accounts::take_turns,
    app::App,
    error::{Error, Result},
    fetch::{Content, Known},
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
pub struct Found {
    /// Where it is from now on, if it has moved for good.
    pub moved: Option<String>,
    /// `None`: it is as it was.
    pub read: Option<(Box<Feed>, Known)>,
}

/// Fetches and reads a feed; otherwise tells why it cannot be.
pub async fn look(app: &App, address: &str, known: &Known) -> Result<Found, String> {
    let page = app.fetcher().page(address, known, MOST).await;
    let page = page.map_err(|error| error.plain())?;
    let read = match page.content {
        Some(content) => Some(read(app, content, page.address).await?),
        None => None,
    };
    Ok(Found {
        moved: page.moved,
        read,
    })
}

async fn read(app: &App, content: Content, address: String) -> Result<(Box<Feed>, Known), String> {
    let most = usize::from(app.config().podcasts.podcasts_rss_feed_max_items);
    let _turn = PARSING.acquire().await;
    let read = tokio::task::spawn_blocking(move || {
        let text = text(&content.bytes, content.media_type.as_deref());
        let feed = Feed::read(&text, &address, most)?;
        Ok::<_, Unreadable>((Box::new(feed), content.known))
    });
    let read = read.await.map_err(|error| error.to_string())?;
    read.map_err(|error| error.to_string())
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
    moved_to: Option<String>,
    failures: i64,
}

impl Row {
    /// Where the feed has moved, unless it could not be read there last.
    fn moved_to(&self) -> Option<&str> {
        self.moved_to.as_deref().filter(|_| self.failures == 0)
    }
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
        ", f.etag, f.last_modified, f.moved_to, f.failures from channels c join feeds f on f.channel_id = c.id where c.id = ? and c.rss_url is not null",
    );
    let row: Option<Row> = row.bind(channel).optional(app.db()).await?;
    let Some(row) = row else {
        return Ok(());
    };
    let known = Known {
        etag: row.etag.clone(),
        last_modified: row.last_modified.clone(),
    };
    let address = row.moved_to().unwrap_or(&row.mirror.rss_url);
    let taken = match look(app, address, &known).await {
        Ok(found) => taken(app, &row, (known, found)).await,
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
async fn taken(app: &App, row: &Row, (known, found): (Known, Found)) -> Result<(), String> {
    let mirror = &row.mirror;
    let moved = found.moved.and_then(|address| place(app, &address));
    let write = async {
        let mut tx = app.db().begin().await?;
        if let Some(address) = &moved
            && is_unread(&mut tx, mirror).await?
            && !settled(&mut tx, app, mirror, address).await?
        {
            return tx.commit().await;
        }
        tx.lock(sql("select id from channels where id = ?").bind(mirror.id))
            .await?;
        match &found.read {
            None => seen(&mut tx, app, mirror.id, &known).await?,
            Some((feed, known)) => {
                seen(&mut tx, app, mirror.id, known).await?;
                take(&mut tx, app, mirror, feed).await?;
            }
        }
        let moved = moved.as_deref().or_else(|| row.moved_to());
        if moved != row.moved_to.as_deref() {
            note_move(&mut tx, mirror, moved).await?;
        }
        tx.commit().await
    };
    write.await.map_err(|error: Error| error.to_string())
}

/// Notes where a feed is asked for from now on. The channel keeps the address that people subscribed to: whoever owns it
/// could otherwise take the place of another's podcast with it.
async fn note_move(tx: &mut Tx, mirror: &Mirror, address: Option<&str>) -> Result<()> {
    let noted = sql("update feeds set moved_to = ? where channel_id = ?");
    let noted = noted.bind(address.map(str::to_owned)).bind(mirror.id);
    noted.run(tx).await.map(|_| ())
}

/// Whether nothing is here of a feed but its address.
async fn is_unread(tx: &mut Tx, mirror: &Mirror) -> Result<bool> {
    let unread = sql(
        "select count(*) from feeds where channel_id = ? and digest = ''
         and not exists (select 1 from uploads u where u.library_id = ?)",
    );
    let unread = unread.bind(mirror.id).bind(mirror.library_id);
    Ok(unread.number(tx).await? > 0)
}

/// Has the channel of a feed that was not read yet mirror what is at another address. Where another channel does so
/// already, that one gets the subscribers, and this one is not settled.
async fn settled(tx: &mut Tx, app: &App, mirror: &Mirror, address: &str) -> Result<bool> {
    take_turns(tx, app).await?;
    let other = mirror_of(&mut *tx, app, address).await?;
    match other.filter(|other| other.id != mirror.id) {
        None => {
            let moved = sql("update channels set rss_url = ? where id = ?");
            moved.bind(address).bind(mirror.id).run(tx).await?;
            Ok(true)
        }
        Some(other) => {
            hand_over(tx, mirror.actor_id, other.actor_id).await?;
            Ok(false)
        }
    }
}

async fn hand_over(tx: &mut Tx, from: i64, to: i64) -> Result<()> {
    sql(
        "update follows set target_actor_id = ? where target_actor_id = ?
           and actor_id not in (select f.actor_id from follows f where f.target_actor_id = ?)",
    )
    .bind(to)
    .bind(from)
    .bind(to)
    .run(&mut *tx)
    .await?;
    let rest = sql("delete from follows where target_actor_id = ?");
    rest.bind(from).run(tx).await.map(|_| ())
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
