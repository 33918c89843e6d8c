//! Accounts of this and other pods, for moderators.
use std::collections::HashMap;

use async_graphql::SimpleObject;
use poem_openapi::Object;
use serde::Serialize;
use sqlx::FromRow;

use super::policies::PolicyOfActor;
use crate::{
    context::Reader,
    error::Result,
    graphql::{
        reference::identified,
        scalars::BigInt,
        standard::{fields, mutations},
    },
    guard::{Allowed, operations},
    load::{Loaders, load, sole},
    resources::{
        keeping::user_accounts::{self, AccountBody},
        managing::shared::bulk::removals,
        people::actors::{self, Actor, ManagedActor},
        smart,
    },
    rest::{
        action::{ActionBody, ActionRequest},
        answer::Answer,
        page::ListQuery,
        params::{filter, ordering},
        standard::routes,
    },
    store::{
        Sql,
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
    },
};

operations! {
    "accounts", "Accounts of this and other pods, for moderators.";
    /// Lists the accounts that the pod knows, for moderators.
    ///
    /// Of this pod and of others, also those of channels. Newest first by default.
    list: List = read InstanceAccounts, anonymous = Never, throttle = List, graphql = "managedActors", params = Query;
    /// Returns an account, for moderators.
    ///
    /// By username with the domain. Unknown ones are answered with 404.
    retrieve: Retrieve = read InstanceAccounts, anonymous = Never, throttle = Retrieve, graphql = "managedActor";
    /// Tells what hangs on an account, for moderators.
    ///
    /// Unknown accounts are answered with 404.
    stats: Stats = read InstanceAccounts, anonymous = Never, throttle = Wildcard, graphql = "accountStats";
    /// Removes what accounts have published, for moderators.
    ///
    /// The action is `purge`: libraries with their uploads, channels and pictures go, the accounts stay. `objects` are
    /// numeric IDs, or `"all"`. More than 100 accounts are purged in the background.
    act: Act = write InstanceAccounts, anonymous = Never, throttle = Wildcard, graphql = "Mutation.purgeAccounts";
}

pub type Query = ListQuery<ManagedActorFilter, ManagedActorOrder>;

identified!(Actor in "actors");

filter! {
    /// Filter for a list of accounts. An account must match all conditions.
    pub struct ManagedActorFilter {
        /// Terms, all of which must hold: `username:alice`, `domain:example.org`, or words that the username or the
        /// name must contain.
        q: Option<String>,
        /// Only accounts of this domain.
        domain: Option<String>,
        /// `true`: only accounts of this pod. `false`: only those of others.
        local: Option<bool>,
        /// `true`: only accounts that approve followers by hand.
        manually_approves_followers: Option<bool>,
        /// ActivityStreams type, such as `Person`.
        kind: Option<String> = "type",
    }
}

ordering! {
    /// Sort options for accounts.
    pub struct ManagedActorOrder by ManagedActorOrderField {
        /// Numeric ID.
        Id = "id",
        /// Username within the domain.
        PreferredUsername = "preferred_username",
        /// Domain.
        Domain = "domain",
        /// Time at which this pod first knew the account.
        CreationDate = "creation_date",
    }
    others ignored
}

impl ManagedActorOrder {
    fn key(self) -> SortKey {
        let (column, kind) = match self.field {
            ManagedActorOrderField::Id => ("a.id", KeyKind::Int),
            ManagedActorOrderField::PreferredUsername => ("a.preferred_username", KeyKind::Text),
            ManagedActorOrderField::Domain => ("a.domain", KeyKind::Text),
            ManagedActorOrderField::CreationDate => ("a.creation_date", KeyKind::Time),
        };
        SortKey::new(sql(column), kind, self.direction.is_descending())
    }
}

async fn listing(
    reader: &Reader,
    filter: &ManagedActorFilter,
    order: &[ManagedActorOrder],
) -> Result<Listing> {
    let mut from = sql("from actors a where true")
        .equal("a.domain", filter.domain.as_deref())
        .equal(
            "a.manually_approves_followers",
            filter.manually_approves_followers,
        )
        .equal("a.type", filter.kind.as_deref());
    if let Some(local) = filter.local {
        let is = if local {
            " and a.domain = ?"
        } else {
            " and a.domain <> ?"
        };
        from = from.then(is).bind(reader.names().host.as_str());
    }
    for term in smart::conditions(filter.q.as_deref().unwrap_or_default(), condition)? {
        from = from.and(term);
    }
    let keys = order.iter().map(|order| order.key());
    Ok(Listing::new(from, "a.id", keys))
}

fn condition(key: &str, value: &str) -> Option<Sql> {
    Some(match key {
        "username" => smart::holds("a.preferred_username", value),
        "domain" => sql("a.domain = ?").bind(value),
        "" => sql("(")
            .append(smart::holds("a.preferred_username", value))
            .then(" or ")
            .append(smart::holds("a.name", value))
            .then(")"),
        _ => return None,
    })
}

load!(/// The user whose actor it is.
    UserOf: Option<i64> = for_caller users);

async fn users(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Option<i64>>> {
    let users = sql("select actor_id, id from users where actor_id in ?*").bind(ids);
    let users: Vec<(i64, i64)> = users.all(reader.db()).await?;
    Ok(users
        .into_iter()
        .map(|(actor, user)| (actor, Some(user)))
        .collect())
}

load!(/// Number of an actor's uploads.
    UploadsOf: i64 = for_caller uploads);

async fn uploads(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, i64>> {
    let counted = sql(
        "select l.actor_id, count(*) from uploads u join libraries l on l.id = u.library_id
         where l.actor_id in ?* group by l.actor_id",
    );
    // Counting the uploads of a large library takes long.
    let counted = counted.bind(ids).kept::<(i64, i64)>(reader.db()).await?;
    Ok(counted.iter().copied().collect())
}

/// An account of this pod or of another, as moderators see it.
#[derive(Debug, Serialize, Object)]
struct ManagedAccount {
    #[serde(flatten)]
    #[oai(flatten)]
    actor: ManagedActor,
    /// Number of uploads.
    uploads_count: i64,
    /// The user of this pod; null for channels and for accounts of other pods.
    user: Option<AccountBody>,
    /// Numeric ID of the policy about the account; null if there is none.
    instance_policy: Option<i64>,
}

async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<ManagedAccount>> {
    let actors = loaders.owned::<Actor>(ids).await?;
    let all = || ids.iter().copied();
    let uploads = loaders.many::<UploadsOf>(all()).await?;
    let policies = loaders.many::<PolicyOfActor>(all()).await?;
    let users = loaders.many::<UserOf>(all()).await?;
    let known: Vec<i64> = users.values().filter_map(|user| **user).collect();
    let accounts = user_accounts::bodies(loaders, reader, &known).await?;
    let accounts: HashMap<i64, AccountBody> = accounts
        .into_iter()
        .map(|account| (account.id, account))
        .collect();
    let body = |actor: Actor| {
        let user = users.get(&actor.id).and_then(|user| **user);
        ManagedAccount {
            actor: actor.managed(reader),
            uploads_count: uploads.get(&actor.id).map_or(0, |count| **count),
            user: user.and_then(|user| accounts.get(&user).cloned()),
            instance_policy: policies.get(&actor.id).and_then(|policy| **policy),
        }
    };
    Ok(actors.into_iter().map(body).collect())
}

async fn retrieve(permit: &Allowed<Retrieve>, address: &str) -> Result<Actor> {
    actors::named(permit, address).await
}

async fn detail(permit: &Allowed<Retrieve>, address: &str) -> Result<ManagedAccount> {
    let actor = retrieve(permit, address).await?;
    sole(bodies(permit.loaders(), permit, &[actor.id]).await?)
}

/// What hangs on accounts: those of a domain, or one.
#[derive(Clone, Copy, Debug, FromRow, Serialize, Object, SimpleObject)]
pub struct AccountStats {
    /// Number of libraries.
    libraries: i64,
    /// Number of channels.
    channels: i64,
    /// Number of uploads.
    uploads: i64,
    /// Number of artists that were added.
    artists: i64,
    /// Number of albums that were added.
    albums: i64,
    /// Number of tracks that were added.
    tracks: i64,
    /// Number of reports about the accounts and what is theirs.
    reports: i64,
    /// Number of sign-up requests.
    requests: i64,
    /// Number of activities that were sent.
    outbox_activities: i64,
    /// Number of follows of their libraries.
    received_library_follows: i64,
    /// Number of libraries that they follow.
    emitted_library_follows: i64,
    /// Size of the uploads in bytes.
    media_total_size: BigInt,
    /// Size of those uploads in bytes whose file is on this pod.
    media_downloaded_size: BigInt,
}

/// What hangs on actors, whose IDs `actors` selects.
pub async fn hanging(reader: &Reader, actors: Sql) -> Result<AccountStats> {
    sql("with a as (")
        .append(actors)
        .then(
            "), l as (select x.id from libraries x where x.actor_id in (select a.id from a)),
             u as (select x.size, x.audio_file, x.source from uploads x where x.library_id in (select l.id from l))
             select (select count(*) from l) as libraries,
               (select count(*) from channels c where c.attributed_to_id in (select a.id from a)) as channels,
               (select count(*) from u) as uploads,
               (select count(*) from artists x where x.attributed_to_id in (select a.id from a)) as artists,
               (select count(*) from albums x where x.attributed_to_id in (select a.id from a)) as albums,
               (select count(*) from tracks x where x.attributed_to_id in (select a.id from a)) as tracks,
               (select count(*) from reports r where r.target_owner_id in (select a.id from a)) as reports,
               (select count(*) from user_requests r where r.submitter_id in (select a.id from a)) as requests,
               (select count(*) from activities x where x.actor_id in (select a.id from a)) as outbox_activities,
               (select count(*) from library_follows f where f.target_library_id in (select l.id from l))
                 as received_library_follows,
               (select count(*) from library_follows f where f.actor_id in (select a.id from a))
                 as emitted_library_follows,
               (select cast(coalesce(sum(u.size), 0) as bigint) from u) as media_total_size,
               (select cast(coalesce(sum(u.size), 0) as bigint) from u
                 where u.audio_file <> '' or u.source like 'file://%') as media_downloaded_size",
        )
        .one(reader.db())
        .await
}

async fn stats(permit: &Allowed<Stats>, address: &str) -> Result<AccountStats> {
    let actor = actors::named(permit, address).await?;
    hanging(
        permit,
        sql("select id from actors where id = ?").bind(actor.id),
    )
    .await
}

removals!(Accounts of Actor = Accounts by numbered, filter ManagedActorFilter = listing, input PurgeAccountsInput -> PurgeAccountsPayload);

fields! {
    Queries as "ManagedActorsQueries";
    list managed_actors: List(ManagedActorFilter, ManagedActorOrder) -> Actor = listing;
    text managed_actor(full_username: "Username with the domain, such as `alice@pod.example`.") -> Actor = retrieve;
    text account_stats(full_username: "Username with the domain, such as `alice@pod.example`.") -> AccountStats = stats;
}

mutations! {
    Mutations as "ManagedActorsMutations";
    act purge_accounts(PurgeAccountsInput) -> PurgeAccountsPayload = removed;
}

routes! {
    "/api/v1/manage/accounts" lists List(Query) -> ManagedAccount = listing => bodies;
    act: Act = post "/action" {request: ActionRequest} -> Answer<ActionBody> => acted;
    retrieve: Retrieve = get "/:name" <name> -> Answer<ManagedAccount> => detail;
    stats: Stats = get "/:name/stats" <name> -> Answer<AccountStats>;
}
