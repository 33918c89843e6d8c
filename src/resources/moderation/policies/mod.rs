//! Policies of the pod: what it does not take from other domains and accounts.
pub mod body;
pub mod graphql;
mod write;

use std::collections::HashMap;

use async_graphql::SimpleObject;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::{Allowed, Operation, operations},
    load::{Entity, entity, load},
    resources::smart,
    rest::{
        page::ListQuery,
        params::{filter, ordering},
    },
    store::{
        Sql,
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
    },
    time::Timestamp,
};

operations! {
    "instance_policies", "Policies of the pod: what it does not take from other domains and accounts.";
    /// Lists the pod's policies, for moderators.
    ///
    /// Newest first by default.
    list: List = read InstancePolicies, anonymous = Never, throttle = List, graphql = "instancePolicies", params = Query;
    /// Returns a policy, for moderators.
    ///
    /// Unknown IDs are answered with 404.
    retrieve: Retrieve = read InstancePolicies, anonymous = Never, throttle = Retrieve, graphql = "instancePolicy";
    /// Creates a policy, for moderators.
    ///
    /// About a domain or an account that the pod knows, which has none yet. Others, and this pod itself, are answered
    /// with 400.
    create: Create = write InstancePolicies, anonymous = Never, throttle = Create, graphql = "Mutation.createInstancePolicy";
    /// Changes a policy, for moderators.
    ///
    /// Fields that are not sent keep their values; the target stays. Unknown IDs are answered with 404.
    update: Update = write InstancePolicies, anonymous = Never, throttle = Update, graphql = "Mutation.updateInstancePolicy";
    /// Deletes a policy, for moderators.
    ///
    /// Unknown IDs are answered with 404.
    delete: Delete = write InstancePolicies, anonymous = Never, throttle = Destroy, graphql = "Mutation.deleteInstancePolicy";
}

pub type Query = ListQuery<InstancePolicyFilter, InstancePolicyOrder>;

/// A policy: what the pod does not take from a domain or an account.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct InstancePolicy {
    /// Numeric ID, unique among policies.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// UUID of the policy.
    pub uuid: Uuid,
    #[graphql(skip)]
    pub actor_id: Option<i64>,
    /// The domain that it is about; null if it is about an account.
    pub target_domain: Option<String>,
    #[graphql(skip)]
    pub target_actor_id: Option<i64>,
    /// Whether it holds.
    pub is_active: bool,
    /// Why it was made.
    pub summary: Option<String>,
    /// Whether nothing is taken.
    pub block_all: bool,
    /// Whether activities are hidden from others than followers.
    pub silence_activity: bool,
    /// Whether notifications are hidden from others than followers.
    pub silence_notifications: bool,
    /// Whether audio and pictures are not fetched.
    pub reject_media: bool,
    /// Time at which it was made.
    pub creation_date: Timestamp,
}

entity!(InstancePolicy in "instance_policies": "id, uuid, actor_id, target_domain, target_actor_id, is_active, summary,
    block_all, silence_activity, silence_notifications, reject_media, creation_date", upon [], weighs []);

filter! {
    /// Filter for a list of policies. A policy must match all conditions.
    pub struct InstancePolicyFilter {
        /// Words that the summary or the domain must contain.
        q: Option<String>,
        /// `true`: only policies that take nothing.
        block_all: Option<bool>,
        /// `true`: only policies that hide activities.
        silence_activity: Option<bool>,
        /// `true`: only policies that hide notifications.
        silence_notifications: Option<bool>,
        /// `true`: only policies that reject media.
        reject_media: Option<bool>,
        /// Only the policy about this domain.
        target_domain: Option<String>,
        /// Only policies about accounts of this domain.
        target_account_domain: Option<String>,
        /// Only policies about accounts of this username.
        target_account_username: Option<String>,
    }
}

ordering! {
    /// Sort options for policies.
    pub struct InstancePolicyOrder by InstancePolicyOrderField {
        /// Numeric ID.
        Id = "id",
        /// Time at which it was made.
        CreationDate = "creation_date",
    }
    others ignored
}

async fn listing(
    _: &Reader,
    filter: &InstancePolicyFilter,
    order: &[InstancePolicyOrder],
) -> Result<Listing> {
    let mut from = sql("from instance_policies p where true")
        .equal("p.block_all", filter.block_all)
        .equal("p.silence_activity", filter.silence_activity)
        .equal("p.silence_notifications", filter.silence_notifications)
        .equal("p.reject_media", filter.reject_media)
        .equal("p.target_domain", filter.target_domain.as_deref());
    if let Some(domain) = &filter.target_account_domain {
        from = from.and(smart::domain("p.target_actor_id", domain));
    }
    if let Some(name) = &filter.target_account_username {
        from = from.and(smart::actor("p.target_actor_id", name));
    }
    let plain = |key: &str, value: &str| key.is_empty().then(|| holds(value));
    for term in smart::conditions(filter.q.as_deref().unwrap_or_default(), plain)? {
        from = from.and(term);
    }
    let key = |order: &InstancePolicyOrder| {
        let (column, kind) = match order.field {
            InstancePolicyOrderField::Id => ("p.id", KeyKind::Int),
            InstancePolicyOrderField::CreationDate => ("p.creation_date", KeyKind::Time),
        };
        SortKey::new(sql(column), kind, order.direction.is_descending())
    };
    Ok(Listing::new(from, "p.id", order.iter().map(key)))
}

fn holds(word: &str) -> Sql {
    sql("(")
        .append(smart::holds("p.summary", word))
        .then(" or ")
        .append(smart::holds("p.target_domain", word))
        .then(")")
}

load!(/// The policy about an account.
    PolicyOfActor: Option<i64> = for_caller of_actors);

async fn of_actors(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Option<i64>>> {
    let found =
        sql("select target_actor_id, id from instance_policies where target_actor_id in ?*");
    let found: Vec<(i64, i64)> = found.bind(ids).all(reader.db()).await?;
    Ok(found
        .into_iter()
        .map(|(actor, id)| (actor, Some(id)))
        .collect())
}

async fn found<O: Operation>(permit: &Allowed<O>, key: &Key) -> Result<InstancePolicy> {
    let found = InstancePolicy::select()
        .then(" where ")
        .append(key.condition());
    found.one(permit.db()).await
}

pub async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<InstancePolicy> {
    found(permit, &key).await
}
