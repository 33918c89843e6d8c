//! Subscribing to channels.
use super::{ChannelSubscription, Subscribe, Unsubscribe, own};
use crate::{
    error::{Error, Result},
    guard::Allowed,
    load::Entity,
    resources::{people::actors::Actor, publishing::channels::Channel},
    store::sql,
};

/// Subscribes the caller. Channels of this pod confirm it at once.
pub async fn subscribe(
    permit: &Allowed<Subscribe>,
    channel: &Channel,
) -> Result<ChannelSubscription> {
    let me = permit.actor_id().ok_or(Error::Forbidden)?;
    let me = permit.loaders().one::<Actor>(me).await?;
    let me = me.ok_or(Error::Forbidden)?;
    let (uuid, now) = (crate::random::uuid(), permit.clock().now());
    let is_here = permit.is_local_domain(&channel.domain);
    let mut tx = permit.begin().await?;
    sql("insert into follows (uuid, fid, actor_id, target_actor_id, approved, creation_date, modification_date)
         values (?, ?, ?, ?, ?, ?, ?) on conflict (actor_id, target_actor_id) do nothing")
        .bind(uuid)
        .bind(format!("{}#follows/{uuid}", me.fid))
        .bind(me.id)
        .bind(channel.actor_id)
        .bind(is_here.then_some(true))
        .bind(now)
        .bind(now)
        .run(&mut tx)
        .await?;
    let found = own(permit, ChannelSubscription::select()).then(" and target_actor_id = ?");
    let subscription = found.bind(channel.actor_id).one(&mut tx).await?;
    tx.commit().await?;
    Ok(subscription)
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
