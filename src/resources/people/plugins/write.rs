//! Telling plugins what they need to know, and letting them work.
use super::{Configure, Disable, Enable, Plugin, Submission, held, plugin, values::PluginValues};
use crate::{
    error::Result,
    guard::{Allowed, Writes},
    jobs,
    store::{Tx, sql},
};

pub async fn configure(
    permit: &Allowed<Configure>,
    name: &str,
    values: &PluginValues,
) -> Result<()> {
    let (plugin, user) = (plugin(name)?, permit.user()?.user_id);
    let mut tx = permit.begin().await?;
    there(permit, &mut tx, plugin).await?;
    let before = held(&mut tx, user, plugin).await?.conf;
    let kept = values.kept(plugin, &before, permit.app().seal())?;
    sql("update plugin_configurations set conf = ?, problem = null, failures = 0 where user_id = ? and code = ?")
        .bind(kept)
        .bind(user)
        .bind(plugin.name)
        .run(&mut tx)
        .await?;
    begin(permit, tx, plugin).await
}

/// Ends a transaction, after which the plugin is tried at once.
async fn begin<O: Writes>(permit: &Allowed<O>, mut tx: Tx, plugin: &Plugin) -> Result<()> {
    let submission = Submission {
        user: permit.user()?.user_id,
        plugin: plugin.name.to_owned(),
    };
    let now = permit.clock().now();
    jobs::postpone(&mut tx, &submission, (now, now)).await?;
    tx.commit().await?;
    permit.app().add_jobs();
    Ok(())
}

pub async fn enable(permit: &Allowed<Enable>, name: &str) -> Result<()> {
    let mut tx = permit.begin().await?;
    let plugin = plugin(name)?;
    set(permit, &mut tx, plugin, true).await?;
    begin(permit, tx, plugin).await
}

pub async fn disable(permit: &Allowed<Disable>, name: &str) -> Result<()> {
    let plugin = plugin(name)?;
    let mut tx = permit.begin().await?;
    set(permit, &mut tx, plugin, false).await?;
    sql("delete from submissions where user_id = ? and plugin = ?")
        .bind(permit.user()?.user_id)
        .bind(plugin.name)
        .run(&mut tx)
        .await?;
    tx.commit().await
}

/// Makes the row of a plugin, which nobody else changes until the transaction ends.
async fn there<O: Writes>(permit: &Allowed<O>, tx: &mut Tx, plugin: &Plugin) -> Result<()> {
    sql("insert into plugin_configurations (code, user_id, conf, enabled, creation_date) values (?, ?, '{}', false, ?)
         on conflict (user_id, code) do update set code = excluded.code")
    .bind(plugin.name)
    .bind(permit.user()?.user_id)
    .bind(permit.clock().now())
    .run(tx)
    .await
    .map(|_| ())
}

async fn set<O: Writes>(
    permit: &Allowed<O>,
    tx: &mut Tx,
    plugin: &Plugin,
    enabled: bool,
) -> Result<()> {
    there(permit, tx, plugin).await?;
    sql("update plugin_configurations set enabled = ?, problem = null, failures = 0 where user_id = ? and code = ?")
        .bind(enabled)
        .bind(permit.user()?.user_id)
        .bind(plugin.name)
        .run(tx)
        .await
        .map(|_| ())
}
