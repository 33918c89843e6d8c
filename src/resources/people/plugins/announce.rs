//! Noting what services have to be told, together with the act itself.
use super::submit::Submission;
use crate::{
    error::Result,
    guard::{Allowed, Writes},
    jobs,
    store::{Tx, sql},
    time::Timestamp,
};

/// Something that a service hears of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Played(i64, Timestamp),
    Loved(i64),
    Unloved(i64),
}

/// Submissions that wait for a service at most; what comes on top is not told.
const MOST: i64 = 10_000;

/// Ends a transaction in which somebody acted, and has the services of their plugins told.
pub async fn told<O: Writes>(permit: &Allowed<O>, mut tx: Tx, acts: &[Act]) -> Result<()> {
    announce(&mut tx, permit.user()?.user_id, acts, permit.clock().now()).await?;
    tx.commit().await?;
    permit.app().add_jobs();
    Ok(())
}

/// Notes acts of a user for the services of those plugins that work for them.
async fn announce(tx: &mut Tx, user: i64, acts: &[Act], now: Timestamp) -> Result<()> {
    let enabled =
        sql("select code from plugin_configurations where user_id = ? and enabled = true");
    let plugins: Vec<(String,)> = enabled.bind(user).all(&mut *tx).await?;
    for (plugin,) in plugins {
        let waiting = sql("select count(*) from submissions where user_id = ? and plugin = ?");
        let waiting = waiting
            .bind(user)
            .bind(plugin.as_str())
            .number(&mut *tx)
            .await?;
        let room = usize::try_from(MOST - waiting).unwrap_or_default();
        for act in acts.iter().take(room) {
            let (kind, track, at) = match *act {
                Act::Played(track, at) => ("played", track, at),
                Act::Loved(track) => ("loved", track, now),
                Act::Unloved(track) => ("unloved", track, now),
            };
            sql(
                "insert into submissions (user_id, plugin, kind, track_id, act_date, creation_date)
                 values (?, ?, ?, ?, ?, ?)",
            )
            .bind(user)
            .bind(plugin.as_str())
            .bind(kind)
            .bind(track)
            .bind(at)
            .bind(now)
            .run(&mut *tx)
            .await?;
        }
        jobs::enqueue(tx, &Submission { user, plugin }, now).await?;
    }
    Ok(())
}
