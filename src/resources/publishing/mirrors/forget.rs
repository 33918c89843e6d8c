//! Removing channels whose feeds could never be read, once nobody subscribes to them.
use crate::{app::App, error::Result, jobs, resources::publishing::channels, store::sql};

/// Seconds for which they stay.
const KEPT: i64 = 86_400;
/// Channels that go in one transaction.
const AT_ONCE: i64 = 100;

const LEFT: &str = "select c.id from feeds f join channels c on c.id = f.channel_id where f.digest = '' and f.due_date < ?
       and not exists (select 1 from follows s where s.target_actor_id = c.actor_id)
       and not exists (select 1 from uploads u where u.library_id = c.library_id)
       and not exists (select 1 from feed_episodes e where e.channel_id = c.id)
       and not exists (select 1 from track_artists h where h.artist_id = c.artist_id)
       and not exists (select 1 from album_artists h where h.artist_id = c.artist_id)
       and not exists (select 1 from marks x where x.artist_id = c.artist_id)
       and not exists (select 1 from content_filters x where x.target_artist_id = c.artist_id)
       and not exists (select 1 from mutations x where x.artist_id = c.artist_id) order by f.due_date limit ?";

pub async fn forget(app: &App) -> Result<()> {
    let now = app.clock().now();
    let left = sql(LEFT).bind(now.plus_seconds(-KEPT)).bind(AT_ONCE);
    let mut going = left.clone().ids(app.db()).await?;
    if going.is_empty() {
        return Ok(());
    }
    let mut tx = app.db().begin().await?;
    let channels = |ids: &[i64]| sql("select id from channels where id in ?*").bind(ids.to_vec());
    tx.lock(channels(&going)).await?;
    // Meanwhile somebody may have subscribed.
    let left = left.ids(&mut tx).await?;
    going.retain(|channel| left.contains(channel));
    let going = channels(&going);
    let files = channels::remove(&mut tx, &going, now).await?;
    jobs::remove(&mut tx, files, now).await?;
    tx.commit().await
}
