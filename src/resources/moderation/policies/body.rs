//! Policies as REST shows them.
use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::{
    Create, Delete, InstancePolicy, List, Query, Retrieve, Update, found, listing,
    write::{NewPolicy, PolicyRules, PolicyTarget, PolicyTargetType, create, delete, update},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::{Allowed, Operation},
    load::{Loaders, sole},
    resources::people::actors::Actor,
    rest::{
        answer::{Answer, Created, NoContent},
        standard::routes,
    },
    time::Timestamp,
};

/// A policy: what the pod does not take from a domain or an account.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "InstancePolicy")]
struct PolicyBody {
    /// Numeric ID, unique among policies.
    id: i64,
    /// UUID of the policy.
    uuid: Uuid,
    /// What it is about.
    target: Option<PolicyTarget>,
    /// Time at which it was made.
    creation_date: Timestamp,
    /// Username with the domain of whoever made it.
    actor: Option<String>,
    /// Why it was made.
    summary: Option<String>,
    /// Whether it holds.
    is_active: bool,
    /// Whether nothing is taken.
    block_all: bool,
    /// Whether activities are hidden from others than followers.
    silence_activity: bool,
    /// Whether notifications are hidden from others than followers.
    silence_notifications: bool,
    /// Whether audio and pictures are not fetched.
    reject_media: bool,
}

async fn bodies(loaders: &Loaders, _: &Reader, ids: &[i64]) -> Result<Vec<PolicyBody>> {
    let policies = loaders.owned::<InstancePolicy>(ids).await?;
    let actors = policies
        .iter()
        .flat_map(|policy| [policy.actor_id, policy.target_actor_id]);
    let actors = loaders.parts::<Actor>(actors).await?;
    let target = |policy: &InstancePolicy| {
        let domain = policy.target_domain.clone();
        let domain = domain.map(|name| (PolicyTargetType::Domain, name));
        let actor = actors.get(policy.target_actor_id);
        let actor = actor.map(|actor| (PolicyTargetType::Actor, actor.address()));
        let (kind, id) = domain.or(actor)?;
        Some(PolicyTarget { kind, id })
    };
    let body = |policy: InstancePolicy| PolicyBody {
        target: target(&policy),
        actor: actors.get(policy.actor_id).map(|actor| actor.address()),
        id: policy.id,
        uuid: policy.uuid,
        creation_date: policy.creation_date,
        summary: policy.summary,
        is_active: policy.is_active,
        block_all: policy.block_all,
        silence_activity: policy.silence_activity,
        silence_notifications: policy.silence_notifications,
        reject_media: policy.reject_media,
    };
    Ok(policies.into_iter().map(body).collect())
}

async fn body<O: Operation>(permit: &Allowed<O>, id: i64) -> Result<PolicyBody> {
    sole(bodies(permit.loaders(), permit, &[id]).await?)
}

async fn detail(permit: &Allowed<Retrieve>, key: Key) -> Result<PolicyBody> {
    let policy = found(permit, &key).await?;
    body(permit, policy.id).await
}

async fn created(permit: &Allowed<Create>, new: NewPolicy) -> Result<PolicyBody> {
    let policy = create(permit, new).await?;
    body(permit, policy.id).await
}

async fn updated(permit: &Allowed<Update>, key: Key, rules: PolicyRules) -> Result<PolicyBody> {
    let policy = update(permit, key, rules).await?;
    body(permit, policy.id).await
}

routes! {
    "/api/v1/manage/moderation/instance-policies" lists List(Query) -> PolicyBody = listing => bodies;
    create: Create = post "/" {new: NewPolicy} -> Created<PolicyBody> => created;
    retrieve: Retrieve = get "/:id" [id: i64] -> Answer<PolicyBody> => detail;
    update: Update = patch "/:id" [id: i64] {rules: PolicyRules} -> Answer<PolicyBody> => updated;
    replace: Update = put "/:id" [id: i64] {rules: PolicyRules} -> Answer<PolicyBody> => updated;
    delete: Delete = delete "/:id" [id: i64] -> NoContent;
}
