//! Making, changing and deleting policies.
use async_graphql::InputObject;
use poem_openapi::Object;
use serde::Serialize;
use serde_json::json;

use super::{Create, Delete, InstancePolicy, Update, found};
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::ids::Key,
    guard::Allowed,
    load::Entity,
    resources::{checks::shorter, people::actors},
    rest::params::choices,
    store::{sql, text::clean},
};

choices! {
    /// Type of what a policy is about.
    pub enum PolicyTargetType {
        /// A domain.
        Domain = "domain",
        /// An account.
        Actor = "actor",
    }
}

/// What a policy is about.
#[derive(Clone, Debug, Serialize, Object)]
pub struct PolicyTarget {
    /// Type of the target.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    pub kind: PolicyTargetType,
    /// The domain, or the username with the domain.
    pub id: String,
}

/// What a policy says. Fields that are not given keep their values; of a new policy, they are `false`.
#[derive(Clone, Debug, Default, Object, InputObject, Serialize)]
pub struct PolicyRules {
    /// Whether it holds. Default of a new policy: `true`.
    is_active: Option<bool>,
    /// Why it was made, at most 10,000 characters.
    summary: Option<String>,
    /// Whether nothing is taken.
    block_all: Option<bool>,
    /// Whether activities are hidden from others than followers.
    silence_activity: Option<bool>,
    /// Whether notifications are hidden from others than followers.
    silence_notifications: Option<bool>,
    /// Whether audio and pictures are not fetched.
    reject_media: Option<bool>,
}

/// A policy to create.
#[derive(Clone, Debug, Object)]
pub struct NewPolicy {
    /// What it is about.
    pub target: PolicyTarget,
    #[oai(flatten)]
    pub rules: PolicyRules,
}

/// Maximum number of characters of a summary.
const SUMMARY: usize = 10_000;

impl PolicyRules {
    fn check(&self) -> Result<()> {
        shorter(
            "summary",
            self.summary.as_deref().unwrap_or_default(),
            SUMMARY,
        )
    }

    /// A policy by these rules.
    fn applied(&self, known: InstancePolicy) -> InstancePolicy {
        InstancePolicy {
            is_active: self.is_active.unwrap_or(known.is_active),
            summary: self.summary.as_deref().map(clean).or(known.summary),
            block_all: self.block_all.unwrap_or(known.block_all),
            silence_activity: self.silence_activity.unwrap_or(known.silence_activity),
            silence_notifications: self
                .silence_notifications
                .unwrap_or(known.silence_notifications),
            reject_media: self.reject_media.unwrap_or(known.reject_media),
            ..known
        }
    }
}

impl PolicyTarget {
    /// The domain, or the actor's ID.
    ///
    /// # Errors
    /// `Invalid` under `target` for what the pod does not know, and for the pod itself.
    async fn found(&self, reader: &Reader) -> Result<(Option<String>, Option<i64>)> {
        let unknown = || Error::field("target", "The pod knows no such domain or account.");
        match self.kind {
            PolicyTargetType::Domain if reader.is_local_domain(&self.id) => {
                Err(Error::field("target", "A pod has no policy about itself."))
            }
            PolicyTargetType::Domain => {
                let known = sql("select name from domains where name = ?").bind(self.id.as_str());
                let known = known.optional::<(String,)>(reader.db()).await?;
                known.map(|(name,)| (Some(name), None)).ok_or_else(unknown)
            }
            PolicyTargetType::Actor => {
                let actor = actors::named(reader, &self.id).await;
                let actor = actor.map_err(|_| unknown())?;
                Ok((None, Some(actor.id)))
            }
        }
    }
}

pub async fn create(permit: &Allowed<Create>, new: NewPolicy) -> Result<InstancePolicy> {
    new.rules.check()?;
    let (target_domain, target_actor_id) = new.target.found(permit).await?;
    let policy = new.rules.applied(InstancePolicy {
        id: 0,
        uuid: crate::random::uuid(),
        actor_id: permit.actor_id(),
        target_domain,
        target_actor_id,
        is_active: true,
        summary: None,
        block_all: false,
        silence_activity: false,
        silence_notifications: false,
        reject_media: false,
        creation_date: permit.clock().now(),
    });
    let told = json!({ "about": new.target.id, "rules": new.rules });
    let target = format!("policy {}", policy.uuid);
    let mut tx = permit.begin_deed(&target, told).await?;
    let added = sql(
        "insert into instance_policies (uuid, actor_id, target_domain, target_actor_id, is_active, summary, block_all,
           silence_activity, silence_notifications, reject_media, creation_date)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing returning id",
    )
    .bind(policy.uuid)
    .bind(policy.actor_id)
    .bind(policy.target_domain)
    .bind(policy.target_actor_id)
    .bind(policy.is_active)
    .bind(policy.summary)
    .bind(policy.block_all)
    .bind(policy.silence_activity)
    .bind(policy.silence_notifications)
    .bind(policy.reject_media)
    .bind(policy.creation_date);
    let added = added.optional::<(i64,)>(&mut tx).await?;
    let (id,) =
        added.ok_or_else(|| Error::field("target", "There is a policy about this already."))?;
    tx.commit().await?;
    found(permit, &Key::Id(id)).await
}

pub async fn update(
    permit: &Allowed<Update>,
    key: Key,
    rules: PolicyRules,
) -> Result<InstancePolicy> {
    rules.check()?;
    let known = found(permit, &key).await?;
    let target = format!("policy {}", known.uuid);
    let mut tx = permit.begin_deed(&target, json!(rules)).await?;
    tx.lock(sql("select id from instance_policies where id = ?").bind(known.id))
        .await?;
    let now = InstancePolicy::select()
        .then(" where id = ?")
        .bind(known.id);
    let policy = rules.applied(now.one(&mut tx).await?);
    sql(
        "update instance_policies set is_active = ?, summary = ?, block_all = ?, silence_activity = ?,
           silence_notifications = ?, reject_media = ? where id = ?",
    )
    .bind(policy.is_active)
    .bind(policy.summary)
    .bind(policy.block_all)
    .bind(policy.silence_activity)
    .bind(policy.silence_notifications)
    .bind(policy.reject_media)
    .bind(policy.id)
    .run(&mut tx)
    .await?;
    tx.commit().await?;
    found(permit, &Key::Id(known.id)).await
}

pub async fn delete(permit: &Allowed<Delete>, key: Key) -> Result<i64> {
    let known = found(permit, &key).await?;
    let target = format!("policy {}", known.uuid);
    let about = json!({ "domain": known.target_domain, "actor": known.target_actor_id });
    let mut tx = permit.begin_deed(&target, about).await?;
    let gone = sql("delete from instance_policies where id = ? returning id").bind(known.id);
    let id = gone.number(&mut tx).await?;
    tx.commit().await?;
    Ok(id)
}
