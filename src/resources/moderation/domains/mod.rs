//! Domains of other pods: what this one knows of them, and whether it takes anything from them.
mod body;
mod graphql;
mod nodeinfo;
mod write;

use std::collections::HashMap;

use async_graphql::SimpleObject;
use serde_json::Value;
use sqlx::FromRow;

pub use self::{
    body::Rest,
    graphql::{Mutations, Queries},
};
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::{ids::Key, reference::identified},
    guard::{Allowed, Operation, operations},
    load::{Entity, entity, load, weigh},
    resources::{managing::shared::bulk::removals, smart},
    rest::{
        page::ListQuery,
        params::{filter, ordering},
    },
    store::{
        Sql,
        listing::{Direction, Kind as KeyKind, Listing, SortKey},
        sql,
    },
    time::Timestamp,
};

operations! {
    "domains", "Domains of other pods, for moderators.";
    /// Lists the domains of other pods that this one knows, for moderators.
    ///
    /// Sorted by name by default. The pod's own domain is not among them.
    list: List = read InstanceDomains, anonymous = Never, throttle = List, graphql = "domains", params = Query;
    /// Returns a domain, for moderators.
    ///
    /// Unknown ones, and the pod's own, are answered with 404.
    retrieve: Retrieve = read InstanceDomains, anonymous = Never, throttle = Retrieve, graphql = "domain";
    /// Tells what hangs on a domain, for moderators.
    ///
    /// Unknown domains are answered with 404.
    stats: Stats = read InstanceDomains, anonymous = Never, throttle = Wildcard, graphql = "domainStats", reads = many;
    /// Asks a domain what it says of itself, for moderators.
    ///
    /// Its NodeInfo is fetched and remembered. `status` is `ok`, or `error` with the reason. Unknown domains are answered
    /// with 404.
    nodeinfo: Nodeinfo = read InstanceDomains, anonymous = Never, throttle = Wildcard, graphql = "Mutation.refreshDomain";
    /// Makes a domain known, for moderators.
    ///
    /// So that there can be a policy about it, or that it stands on the allow-list. Domains that are known already, and
    /// texts that are no domain, are answered with 400.
    create: Create = write InstanceDomains, anonymous = Never, throttle = Create, graphql = "Mutation.createDomain";
    /// Changes whether a domain is on the allow-list, for moderators.
    ///
    /// Fields that are not sent keep their values. Unknown domains are answered with 404.
    update: Update = write InstanceDomains, anonymous = Never, throttle = Update, graphql = "Mutation.updateDomain";
    /// Acts on several domains at once, for moderators.
    ///
    /// `purge` removes what their accounts have published, `allow_list_add` and `allow_list_remove` change the allow-list.
    /// `objects` are names, or `"all"`. What is much is removed in the background.
    act: Act = write InstanceDomains, anonymous = Never, throttle = Wildcard, graphql = "Mutation.purgeDomains";
}

pub type Query = ListQuery<DomainFilter, DomainOrder>;

/// The domain of another pod.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Domain {
    /// Numeric ID, unique among domains.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// The domain, such as `pod.example`.
    pub name: String,
    /// Time at which this pod first knew it.
    pub creation_date: Timestamp,
    /// Time at which its NodeInfo was asked for last.
    pub nodeinfo_fetch_date: Option<Timestamp>,
    /// Its NodeInfo, as it was told last; empty if it was not.
    #[graphql(skip)]
    #[sqlx(json)]
    pub nodeinfo: Value,
    /// Whether it is on the allow-list; null: not decided.
    #[graphql(name = "isAllowed")]
    pub allowed: Option<bool>,
}

entity!(Domain in "domains": "id, name, creation_date, nodeinfo_fetch_date, nodeinfo, allowed", upon [], weighs []);
identified!(Domain in "domains");

filter! {
    /// Filter for a list of domains. A domain must match all conditions.
    pub struct DomainFilter {
        /// `true`: only domains on the allow-list. `false`: only those that were taken off it.
        allowed: Option<bool>,
        /// Only this domain.
        name: Option<String>,
        /// Words that the domain must contain.
        q: Option<String>,
    }
}

ordering! {
    /// Sort options for domains.
    pub struct DomainOrder by DomainOrderField {
        /// Number of accounts that this pod knows.
        ActorsCount = "actors_count",
        /// Time at which this pod first knew the domain.
        CreationDate = "creation_date",
        /// The domain.
        Name = "name",
        /// Number of activities that came from there.
        OutboxActivitiesCount = "outbox_activities_count",
        /// Time at which its NodeInfo was asked for last.
        NodeinfoFetchDate = "nodeinfo_fetch_date",
    }
    others ignored
}

impl DomainOrder {
    fn key(self) -> SortKey {
        let (column, kind) = match self.field {
            DomainOrderField::ActorsCount => (
                "(select count(*) from actors a where a.domain = d.name)",
                KeyKind::Int,
            ),
            DomainOrderField::CreationDate => ("d.creation_date", KeyKind::Time),
            DomainOrderField::Name => ("d.name", KeyKind::Text),
            DomainOrderField::OutboxActivitiesCount => (
                "(select count(*) from activities v join actors a on a.id = v.actor_id where a.domain = d.name)",
                KeyKind::Int,
            ),
            DomainOrderField::NodeinfoFetchDate => ("d.nodeinfo_fetch_date", KeyKind::Time),
        };
        SortKey::new(sql(column), kind, self.direction.is_descending())
    }
}

async fn listing(reader: &Reader, filter: &DomainFilter, order: &[DomainOrder]) -> Result<Listing> {
    let mut from = sql("from domains d where d.name <> ?")
        .bind(reader.names().host.as_str())
        .equal("d.allowed", filter.allowed)
        .equal("d.name", filter.name.as_deref());
    let holds = |key: &str, value: &str| match key {
        "" | "name" => Some(smart::holds("d.name", value)),
        _ => None,
    };
    for term in smart::conditions(filter.q.as_deref().unwrap_or_default(), holds)? {
        from = from.and(term);
    }
    let by_name = [DomainOrder {
        field: DomainOrderField::Name,
        direction: Direction::Asc.into(),
    }];
    let order = if order.is_empty() { &by_name } else { order };
    let keys = order.iter().map(|order| order.key());
    Ok(Listing::new(from, "d.id", keys))
}

/// How much comes from a domain.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Number of accounts that this pod knows.
    pub actors: i64,
    /// Number of activities that came from there.
    pub activities: i64,
}

weigh!(Counts:);

load!(/// How much comes from a domain.
    CountsOf: Counts = for_caller counts);

async fn counts(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Counts>> {
    let counted = sql(
        "select d.id, (select count(*) from actors a where a.domain = d.name),
           (select count(*) from activities v join actors a on a.id = v.actor_id where a.domain = d.name)
         from domains d where d.id in ?*",
    );
    let counted: Vec<(i64, i64, i64)> = counted.bind(ids).all(reader.db()).await?;
    let counts = |(id, actors, activities)| (id, Counts { actors, activities });
    Ok(counted.into_iter().map(counts).collect())
}

load!(/// The policy about a domain.
    PolicyOf: Option<i64> = for_caller policies);

async fn policies(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Option<i64>>> {
    let found = sql(
        "select d.id, p.id from instance_policies p join domains d on d.name = p.target_domain where d.id in ?*",
    );
    let found: Vec<(i64, i64)> = found.bind(ids).all(reader.db()).await?;
    Ok(found
        .into_iter()
        .map(|(domain, id)| (domain, Some(id)))
        .collect())
}

/// A domain of another pod.
async fn found<O: Operation>(permit: &Allowed<O>, condition: Sql) -> Result<Domain> {
    let found = Domain::select()
        .then(" where name <> ?")
        .bind(permit.names().host.as_str())
        .and(condition);
    found.one(permit.db()).await
}

async fn named<O: Operation>(permit: &Allowed<O>, name: &str) -> Result<Domain> {
    let name = write::checked(name).map_err(|_| Error::NotFound)?;
    found(permit, sql("name = ?").bind(name)).await
}

/// A domain, by its number.
pub async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<Domain> {
    found(permit, sql("id = ?").bind(key.number()?)).await
}

removals!(Domains of Domain = Domains, filter DomainFilter = listing, input PurgeDomainsInput -> PurgeDomainsPayload by Act);
