//! Policies of the pod: what it does not take from other domains and accounts.
use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, ID, InputObject, SimpleObject};
use poem_openapi::Object;
use serde::Serialize;
use serde_json::json;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::{
        ids::{Key, Kind, global, named},
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed, Operation, operations},
    load::{Entity, Loaders, entity, load, sole},
    resources::{
        checks::shorter,
        people::actors::{self, Actor},
        smart,
    },
    rest::{
        answer::{Answer, Created, NoContent},
        page::ListQuery,
        params::{choices, filter, ordering},
        standard::routes,
    },
    store::{
        Sql,
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
        text::clean,
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
struct PolicyTarget {
    /// Type of the target.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: PolicyTargetType,
    /// The domain, or the username with the domain.
    id: String,
}

/// What a policy says. Fields that are not given keep their values; of a new policy, they are `false`.
#[derive(Clone, Debug, Default, Object, Serialize)]
struct PolicyRules {
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
struct NewPolicy {
    /// What it is about.
    target: PolicyTarget,
    #[oai(flatten)]
    rules: PolicyRules,
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

async fn create(permit: &Allowed<Create>, new: NewPolicy) -> Result<InstancePolicy> {
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

async fn update(permit: &Allowed<Update>, key: Key, rules: PolicyRules) -> Result<InstancePolicy> {
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

async fn delete(permit: &Allowed<Delete>, key: Key) -> Result<i64> {
    let known = found(permit, &key).await?;
    let target = format!("policy {}", known.uuid);
    let about = json!({ "domain": known.target_domain, "actor": known.target_actor_id });
    let mut tx = permit.begin_deed(&target, about).await?;
    let gone = sql("delete from instance_policies where id = ? returning id").bind(known.id);
    let id = gone.number(&mut tx).await?;
    tx.commit().await?;
    Ok(id)
}

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

#[ComplexObject]
impl InstancePolicy {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::InstancePolicy, self.id)
    }

    /// The account that it is about; null if it is about a domain.
    async fn target_actor(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        ctx.load::<Retrieve, Actor>(self.target_actor_id).await
    }

    /// Whoever made it.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        ctx.load::<Retrieve, Actor>(self.actor_id).await
    }
}

fields! {
    Queries as "InstancePoliciesQueries";
    list instance_policies: List(InstancePolicyFilter, InstancePolicyOrder) -> InstancePolicy = listing;
    one instance_policy(Kind::InstancePolicy) -> InstancePolicy = retrieve;
}

/// A policy to create. Give either a domain or an actor.
#[derive(Debug, InputObject)]
struct CreateInstancePolicyInput {
    /// The domain that it is about.
    domain: Option<String>,
    /// Global ID, or username with the domain, of the account that it is about.
    actor: Option<ID>,
    /// Whether it holds. Default: `true`.
    is_active: Option<bool>,
    /// Why it is made, at most 10,000 characters.
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

async fn made(
    permit: &Allowed<Create>,
    input: CreateInstancePolicyInput,
) -> Result<InstancePolicy> {
    let (kind, id) = match (input.domain, input.actor) {
        (Some(domain), None) => (PolicyTargetType::Domain, domain),
        (None, Some(actor)) => (PolicyTargetType::Actor, named(Kind::Actor, &actor)?),
        _ => {
            let complaint = "Give either `domain` or `actor`.";
            return Err(Error::field("non_field_errors", complaint));
        }
    };
    let rules = PolicyRules {
        is_active: input.is_active,
        summary: input.summary,
        block_all: input.block_all,
        silence_activity: input.silence_activity,
        silence_notifications: input.silence_notifications,
        reject_media: input.reject_media,
    };
    let target = PolicyTarget { kind, id };
    create(permit, NewPolicy { target, rules }).await
}

/// What to change of a policy. Fields that are not given keep their values.
#[derive(Debug, InputObject)]
struct UpdateInstancePolicyInput {
    /// Global ID of the policy; its UUID and its numeric ID are accepted too.
    id: ID,
    /// Whether it holds.
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

async fn changed(
    permit: &Allowed<Update>,
    input: UpdateInstancePolicyInput,
) -> Result<InstancePolicy> {
    let key = Key::of(Kind::InstancePolicy, Some(input.id), None, None)?;
    let rules = PolicyRules {
        is_active: input.is_active,
        summary: input.summary,
        block_all: input.block_all,
        silence_activity: input.silence_activity,
        silence_notifications: input.silence_notifications,
        reject_media: input.reject_media,
    };
    update(permit, key, rules).await
}

mutations! {
    Mutations as "InstancePoliciesMutations";
    delete delete_instance_policy(DeleteInstancePolicyInput) -> DeleteInstancePolicyPayload = delete, of Kind::InstancePolicy;
    change create_instance_policy(CreateInstancePolicyInput) -> CreateInstancePolicyPayload { policy: InstancePolicy, "The new policy." } = made;
    change update_instance_policy(UpdateInstancePolicyInput) -> UpdateInstancePolicyPayload { policy: InstancePolicy, "The policy after the change." } = changed;
}

routes! {
    "/api/v1/manage/moderation/instance-policies" lists List(Query) -> PolicyBody = listing => bodies;
    create: Create = post "/" {new: NewPolicy} -> Created<PolicyBody> => created;
    retrieve: Retrieve = get "/:id" [id: i64] -> Answer<PolicyBody> => detail;
    update: Update = patch "/:id" [id: i64] {rules: PolicyRules} -> Answer<PolicyBody> => updated;
    replace: Update = put "/:id" [id: i64] {rules: PolicyRules} -> Answer<PolicyBody> => updated;
    delete: Delete = delete "/:id" [id: i64] -> NoContent;
}
