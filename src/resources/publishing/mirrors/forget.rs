//! Removing what mirrors feeds that nobody wants any more.
use crate::{app::App, error::Result, jobs, resources::publishing::channels, store::sql};

/// Seconds for which a channel stays that nobody subscribes to.
const KEPT: i64 = 30 * 86_400;
/// Channels that go in one transaction.
const AT_ONCE: i64 = 10;

/// Removes channels that nobody has subscribed to for long, and nobody keeps anything of.
pub async fn forget(app: &App) -> Result<()> {
    let now = app.clock().now();
    // Once nobody subscribes, nobody looks, and the date stays.
    let left = sql(
        "select c.id from feeds f join channels c on c.id = f.channel_id where f.due_date < ?
           and not exists (select 1 from follows s where s.target_actor_id = c.actor_id)
           and not exists (select 1 from uploads u where u.library_id = c.library_id and (
             exists (select 1 from favorites x where x.track_id = u.track_id)
             or exists (select 1 from listenings x where x.track_id = u.track_id)
             or exists (select 1 from playlist_tracks x where x.track_id = u.track_id)
             or exists (select 1 from marks x where x.track_id = u.track_id)
             or exists (select 1 from bookmarks x where x.track_id = u.track_id)))
         order by f.due_date limit ?",
    );
    let left = left.bind(now.plus_seconds(-KEPT)).bind(AT_ONCE);
    let mut tx = app.db().begin().await?;
    let ids = left.ids(&mut tx).await?;
    if ids.is_empty() {
        return Ok(());
    }
    let going = sql("select id from channels where id in ?*").bind(ids);
    let files = channels::remove(&mut tx, &going, now).await?;
    jobs::remove(&mut tx, files, now).await?;
    tx.commit().await?;
    app.add_jobs();
    Ok(())
}
