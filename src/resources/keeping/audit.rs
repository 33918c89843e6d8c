//! The audit log, for administrators.
use async_graphql::{ComplexObject, Context, ID, Json, SimpleObject};
use poem_openapi::{Object, types::Any};
use serde::Serialize;
use serde_json::Value;
use sqlx::FromRow;

use crate::{
    context::Reader,
    error::Result,
    graphql::{
        ids::{Key, Kind, global},
        standard::fields,
    },
    guard::{AllowExt, Allowed, operations},
    load::{Entity, Loaders, entity},
    resources::people::users::{self, User, UserById},
    rest::{
        page::ListQuery,
        params::{filter, ordering},
        standard::routes,
    },
    store::{
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
    },
    time::Timestamp,
};

operations! {
    "audit", "The audit log: what moderators and administrators have done.";
    /// Lists what moderators and administrators have done to the pod.
    ///
    /// Newest first by default. Entries tell who did what to which object, when and from where; they are
    /// neither changed nor deleted.
    list: List = read InstanceSettings, anonymous = Never, throttle = List, graphql = "auditEntries", params = Query;
}

type Query = ListQuery<AuditFilter, AuditOrder>;

/// Something that a moderator or an administrator has done to the pod.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct AuditEntry {
    /// Numeric ID, unique among entries.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// Name of the operation, such as `user_accounts.update`.
    pub operation: String,
    #[graphql(skip)]
    pub user_id: Option<i64>,
    /// Username of whoever did it. It stays when the account is deleted. Empty for the command line.
    pub username: String,
    /// Address that the request came from; null for the command line.
    pub address: Option<String>,
    /// What it was done to, such as `user alice`; empty for the pod.
    pub target: String,
    #[graphql(skip)]
    #[sqlx(json(nullable))]
    pub details: Option<Value>,
    /// Time at which it was done.
    pub creation_date: Timestamp,
}

entity!(AuditEntry in "audit_entries": "id, operation, user_id, username, address, target, details, creation_date",
    upon [], weighs []);

filter! {
    /// Filter for the audit log. An entry must match all conditions.
    pub struct AuditFilter {
        /// Only what the user with this username has done.
        username: Option<String>,
        /// Only this operation, such as `user_accounts.update`.
        operation: Option<String>,
        /// Only what was done to this, such as `user alice`.
        target: Option<String>,
    }
}

ordering! {
    /// Sort options for the audit log.
    pub struct AuditOrder by AuditOrderField {
        /// Time at which it was done.
        CreationDate = "creation_date",
    }
    others ignored
}

async fn listing(_: &Reader, filter: &AuditFilter, order: &[AuditOrder]) -> Result<Listing> {
    let from = sql("from audit_entries e where true")
        .equal("e.username", filter.username.as_deref())
        .equal("e.operation", filter.operation.as_deref())
        .equal("e.target", filter.target.as_deref());
    let down = order
        .first()
        .is_none_or(|order| order.direction.is_descending());
    let date = SortKey::new(sql("e.creation_date"), KeyKind::Time, down);
    Ok(Listing::new(from, "e.id", [date]).oldest_first_if(!down))
}

pub async fn retrieve(permit: &Allowed<List>, key: Key) -> Result<AuditEntry> {
    let found = AuditEntry::select()
        .then(" where id = ?")
        .bind(key.number()?);
    found.one(permit.db()).await
}

#[ComplexObject]
impl AuditEntry {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::AuditEntry, self.id)
    }

    /// The new values that were given; null if there were none.
    async fn details(&self) -> Option<Json<Value>> {
        self.details.clone().map(Json)
    }

    /// Who did it; null for the command line, and for deleted accounts.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        ctx.load::<users::Retrieve, UserById>(self.user_id).await
    }
}

/// Something that a moderator or an administrator has done to the pod.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "AuditEntry")]
struct EntryBody {
    /// Numeric ID, unique among entries.
    id: i64,
    /// Time at which it was done.
    creation_date: Timestamp,
    /// Name of the operation, such as `user_accounts.update`.
    operation: String,
    /// Username of whoever did it. It stays when the account is deleted. Empty for the command line.
    username: String,
    /// Address that the request came from; null for the command line.
    address: Option<String>,
    /// What it was done to, such as `user alice`; empty for the pod.
    target: String,
    /// The new values that were given; null if there were none.
    details: Option<Any<Value>>,
}

async fn bodies(loaders: &Loaders, _: &Reader, ids: &[i64]) -> Result<Vec<EntryBody>> {
    let entries = loaders.owned::<AuditEntry>(ids).await?;
    let body = |entry: AuditEntry| EntryBody {
        id: entry.id,
        creation_date: entry.creation_date,
        operation: entry.operation,
        username: entry.username,
        address: entry.address,
        target: entry.target,
        details: entry.details.map(Any),
    };
    Ok(entries.into_iter().map(body).collect())
}

fields! {
    Queries as "AuditQueries";
    list audit_entries: List(AuditFilter, AuditOrder) -> AuditEntry = listing;
}

routes! {
    "/api/v1/manage/audit" lists List(Query) -> EntryBody = listing => bodies;
}
