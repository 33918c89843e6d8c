//! Domains as REST shows them.
use poem_openapi::{Object, types::Any};
use serde::Serialize;
use serde_json::Value;

use super::{
    Act, CountsOf, Create, Domain, DomainFilter, Domains, List, Nodeinfo, PolicyOf, Query,
    Retrieve, Stats, Update, listing, named,
    nodeinfo::{NodeinfoBody, fetch},
    write::{Act as Deed, DomainChanges, NewDomain, allow, create, update},
};
use crate::{
    context::Reader,
    error::Result,
    guard::Allowed,
    load::{Loaders, sole},
    resources::{
        managing::shared::bulk,
        moderation::accounts::{AccountStats, hanging},
    },
    rest::{
        action::{ActionBody, ActionRequest},
        answer::{Answer, Created},
        standard::routes,
    },
    store::sql,
    time::Timestamp,
};

/// The domain of another pod.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ManagedDomain")]
struct DomainBody {
    /// The domain, such as `pod.example`.
    name: String,
    /// Time at which this pod first knew it.
    creation_date: Timestamp,
    /// Number of accounts that this pod knows.
    actors_count: i64,
    /// Number of activities that came from there.
    outbox_activities_count: i64,
    /// Its NodeInfo, as it was told last; empty if it was not.
    nodeinfo: Any<Value>,
    /// Time at which its NodeInfo was asked for last.
    nodeinfo_fetch_date: Option<Timestamp>,
    /// Numeric ID of the policy about it; null if there is none.
    instance_policy: Option<i64>,
    /// Whether it is on the allow-list; null: not decided.
    allowed: Option<bool>,
}

async fn bodies(loaders: &Loaders, _: &Reader, ids: &[i64]) -> Result<Vec<DomainBody>> {
    let domains = loaders.owned::<Domain>(ids).await?;
    let counts = loaders.many::<CountsOf>(ids.iter().copied()).await?;
    let policies = loaders.many::<PolicyOf>(ids.iter().copied()).await?;
    let body = |domain: Domain| {
        let counts = counts
            .get(&domain.id)
            .map(|counts| **counts)
            .unwrap_or_default();
        DomainBody {
            name: domain.name,
            creation_date: domain.creation_date,
            actors_count: counts.actors,
            outbox_activities_count: counts.activities,
            nodeinfo: Any(domain.nodeinfo),
            nodeinfo_fetch_date: domain.nodeinfo_fetch_date,
            instance_policy: policies.get(&domain.id).and_then(|policy| **policy),
            allowed: domain.allowed,
        }
    };
    Ok(domains.into_iter().map(body).collect())
}

async fn detail(permit: &Allowed<Retrieve>, name: &str) -> Result<DomainBody> {
    let domain = named(permit, name).await?;
    sole(bodies(permit.loaders(), permit, &[domain.id]).await?)
}

async fn created(permit: &Allowed<Create>, new: NewDomain) -> Result<DomainBody> {
    let domain = create(permit, new).await?;
    sole(bodies(permit.loaders(), permit, &[domain.id]).await?)
}

async fn updated(
    permit: &Allowed<Update>,
    name: &str,
    changes: DomainChanges,
) -> Result<DomainBody> {
    let domain = named(permit, name).await?;
    update(permit, &domain, &changes).await?;
    sole(bodies(permit.loaders(), permit, &[domain.id]).await?)
}

pub async fn stats(permit: &Allowed<Stats>, name: &str) -> Result<AccountStats> {
    let domain = named(permit, name).await?;
    let actors = sql("select id from actors where domain = ?").bind(domain.name);
    hanging(permit, actors).await
}

async fn asked(permit: &Allowed<Nodeinfo>, name: &str) -> Result<NodeinfoBody> {
    let domain = named(permit, name).await?;
    fetch(permit, &domain).await
}

async fn acted(permit: &Allowed<Act>, request: ActionRequest) -> Result<ActionBody> {
    let chosen = request.called::<DomainFilter>()?;
    let (name, is_allowed) = match request.chosen(Deed::ALL)? {
        Deed::Purge => return bulk::act::<Domains, Act>(permit, &request, chosen).await,
        Deed::Allow => ("allow_list_add", true),
        Deed::Disallow => ("allow_list_remove", false),
    };
    let ids = bulk::found::<Domains, Act>(permit, chosen).await?;
    let count = allow(permit, ids, is_allowed).await?;
    Ok(ActionBody::new(name, count, None))
}

routes! {
    "/api/v1/manage/federation/domains" lists List(Query) -> DomainBody = listing => bodies;
    create: Create = post "/" {new: NewDomain} -> Created<DomainBody> => created;
    act: Act = post "/action" {request: ActionRequest} -> Answer<ActionBody> => acted;
    retrieve: Retrieve = get "/:name" <name> -> Answer<DomainBody> => detail;
    update: Update = patch "/:name" <name> {changes: DomainChanges} -> Answer<DomainBody> => updated;
    replace: Update = put "/:name" <name> {changes: DomainChanges} -> Answer<DomainBody> => updated;
    stats: Stats = get "/:name/stats" <name> -> Answer<AccountStats>;
    nodeinfo: Nodeinfo = get "/:name/nodeinfo" <name> -> Answer<NodeinfoBody> => asked;
}
