//! Subscribing to channels.
use std::sync::Arc;

use super::{ChannelSubscription, Subscribe, Unsubscribe};
use crate::{
    context::Reader,
    error::{Error, Result},
    guard::{Allowed, Writes},
    load::Entity,
    resources::{
        library::visibility::viewable, people::actors::Actor, publishing::channels::Channel,
    },
    store::{Tx, sql},
};

/// Subscribes the caller to a channel that is there. Channels of this pod confirm it at once.
///
/// # Errors
/// `Denied` for a podcast from elsewhere that the caller cannot hear: whoever pays for it knows its address, which may
/// be a secret.
pub async fn join<O: Writes>(
    permit: &Allowed<O>,
    channel: &Channel,
) -> Result<ChannelSubscription> {
    let is_here = permit.is_local_domain(&channel.domain);
    let me = subscriber(permit).await?;
    let heard = viewable(permit.loaders(), permit, [channel.library_id]).await?;
    if channel.is_external(permit) && heard.is_empty() {
        let why = "Subscribe to this podcast by the address of its feed.";
        return Err(Error::Denied(why.to_owned()));
    }
    let mut tx = permit.begin().await?;
    let subscription = follow(permit, &mut tx, &me, (channel.actor_id, is_here)).await?;
    tx.commit().await?;
    Ok(subscription)
}

pub async fn subscribe(
    permit: &Allowed<Subscribe>,
    channel: &Channel,
) -> Result<ChannelSubscription> {
    join(permit, channel).await
}

/// The actor of the caller.
pub async fn subscriber<O: Writes>(permit: &Allowed<O>) -> Result<Arc<Actor>> {
    let me = permit.actor_id().ok_or(Error::Forbidden)?;
    let me = permit.loaders().shared::<Actor>(me).await?;
    me.ok_or(Error::Forbidden)
}

/// Makes somebody follow the actor of a channel, which confirms it at once if it is here.
pub async fn follow(
    reader: &Reader,
    tx: &mut Tx,
    me: &Actor,
    (channel, is_here): (i64, bool),
) -> Result<ChannelSubscription> {
    let (uuid, now) = (crate::random::uuid(), reader.clock().now());
    sql("insert into follows (uuid, fid, actor_id, target_actor_id, approved, creation_date, modification_date)
         values (?, ?, ?, ?, ?, ?, ?) on conflict (actor_id, target_actor_id) do nothing")
        .bind(uuid)
        .bind(format!("{}#follows/{uuid}", me.fid))
        .bind(me.id)
        .bind(channel)
        .bind(is_here.then_some(true))
        .bind(now)
        .bind(now)
        .run(&mut *tx)
        .await?;
    let found = ChannelSubscription::select()
        .then(" where actor_id = ? and target_actor_id = ?")
        .bind(me.id);
    found.bind(channel).one(tx).await
}

pub async fn unsubscribe(permit: &Allowed<Unsubscribe>, channel: &Channel) -> Result<()> {
    let mut tx = permit.begin().await?;
    sql("delete from follows where actor_id = ? and target_actor_id = ?")
        .bind(permit.actor_id().unwrap_or(-1))
        .bind(channel.actor_id)
        .run(&mut tx)
        .await?;
    tx.commit().await
}
