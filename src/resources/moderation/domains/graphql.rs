//! The GraphQL fields of domains.
use async_graphql::{ComplexObject, Context, ID, InputObject, SimpleObject, types::Json};
use serde_json::Value;

use super::{
    CountsOf, Domain, DomainFilter, DomainOrder, List, Nodeinfo, PolicyOf, PurgeDomainsInput,
    PurgeDomainsPayload, Retrieve, Update,
    body::stats,
    found, listing, named, nodeinfo, removed,
    write::{DomainChanges, NewDomain, create, update},
};
use crate::{
    error::Result,
    graphql::{
        ids::{Key, Kind, global},
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed, Operation},
    resources::moderation::{
        accounts::AccountStats,
        policies::{self, InstancePolicy},
    },
    store::sql,
};

#[ComplexObject]
impl Domain {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Domain, self.id)
    }

    /// Its NodeInfo, as it was told last; empty if it was not.
    #[graphql(name = "nodeinfo")]
    async fn told(&self) -> Json<Value> {
        Json(self.nodeinfo.clone())
    }

    /// Number of accounts that this pod knows.
    async fn actors_count(&self, ctx: &Context<'_>) -> Result<i64> {
        ctx.load_all::<Retrieve, CountsOf>(self.id)
            .await
            .map(|counts| counts.actors)
    }

    /// Number of activities that came from there.
    async fn outbox_activities_count(&self, ctx: &Context<'_>) -> Result<i64> {
        ctx.load_all::<Retrieve, CountsOf>(self.id)
            .await
            .map(|counts| counts.activities)
    }

    /// The policy about it; null if there is none.
    async fn instance_policy(&self, ctx: &Context<'_>) -> Result<Option<InstancePolicy>> {
        let id = ctx.load_all::<Retrieve, PolicyOf>(self.id).await?;
        ctx.load::<policies::Retrieve, InstancePolicy>(id).await
    }
}

impl Domain {
    /// The domain that a mutation names.
    async fn of<O: Operation>(permit: &Allowed<O>, id: ID) -> Result<Self> {
        let key = Key::of(Kind::Domain, Some(id), None, None)?;
        found(permit, sql("id = ?").bind(key.number()?)).await
    }
}

async fn single(permit: &Allowed<Retrieve>, name: &str) -> Result<Domain> {
    named(permit, name).await
}

fields! {
    Queries as "DomainsQueries";
    list domains: List(DomainFilter, DomainOrder) -> Domain = listing;
    text domain(name: "The domain, such as `pod.example`.") -> Domain = single;
    text domain_stats(name: "The domain, such as `pod.example`.") -> AccountStats = stats;
}

/// What to change of a domain. Fields that are not given keep their values.
#[derive(Debug, InputObject)]
struct UpdateDomainInput {
    /// Global ID of the domain; its numeric ID is accepted too.
    id: ID,
    /// Whether it is on the allow-list.
    is_allowed: Option<bool>,
}

async fn updated(permit: &Allowed<Update>, input: UpdateDomainInput) -> Result<Domain> {
    let domain = Domain::of(permit, input.id).await?;
    let changes = DomainChanges {
        allowed: input.is_allowed,
    };
    update(permit, &domain, &changes).await?;
    named(permit, &domain.name).await
}

/// A domain to ask.
#[derive(Debug, InputObject)]
struct RefreshDomainInput {
    /// Global ID of the domain; its numeric ID is accepted too.
    id: ID,
}

/// What came of asking a domain for its NodeInfo.
#[derive(Debug, SimpleObject)]
struct RefreshDomainPayload {
    /// The domain.
    domain: Domain,
    /// Why its NodeInfo could not be had; null if it could.
    problem: Option<String>,
}

async fn refreshed(
    permit: &Allowed<Nodeinfo>,
    input: RefreshDomainInput,
) -> Result<RefreshDomainPayload> {
    let domain = Domain::of(permit, input.id).await?;
    let problem = nodeinfo::fetch(permit, &domain).await?.error;
    let domain = named(permit, &domain.name).await?;
    Ok(RefreshDomainPayload { domain, problem })
}

mutations! {
    Mutations as "DomainsMutations";
    change create_domain(NewDomain) -> CreateDomainPayload { domain: Domain, "The new domain." } = create;
    change update_domain(UpdateDomainInput) -> UpdateDomainPayload { domain: Domain, "The domain after the change." } = updated;
    act refresh_domain(RefreshDomainInput) -> RefreshDomainPayload = refreshed;
    act purge_domains(PurgeDomainsInput) -> PurgeDomainsPayload = removed;
}
