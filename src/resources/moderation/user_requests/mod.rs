//! Requests of people who want an account, where moderators approve them.
mod body;
pub mod graphql;
mod update;

use async_graphql::SimpleObject;
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

pub use self::{
    body::{CHANNEL, Rest},
    update::{Changes, update},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::{Allowed, Operation, Upon, operations},
    live::Row,
    load::{Entity, entity, sole},
    resources::smart,
    rest::{
        page::ListQuery,
        params::{choices, filter, ordering},
    },
    store::{
        Change, Sql,
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
    },
    time::Timestamp,
};

operations! {
    "user_requests", "Requests of people who want an account, where moderators approve them.";
    /// Lists sign-up requests, for moderators.
    ///
    /// Newest first by default.
    list: List = read InstanceRequests, anonymous = Never, throttle = List, graphql = "userRequests",
        live = "userRequestCreated", upon = Upon::EachRow(&[Change::UserRequestId]), params = Query;
    /// Returns a sign-up request, for moderators.
    ///
    /// Unknown UUIDs are answered with 404.
    retrieve: Retrieve = read InstanceRequests, anonymous = Never, throttle = Retrieve, graphql = "userRequest";
    /// Decides about a sign-up request, for moderators.
    ///
    /// An approved account can be used from then on. Whoever asked for it is told by mail. A request that was refused
    /// can be approved later; one that was approved stays so: then the answer is 400. Unknown UUIDs are answered with
    /// 404.
    update: Update = write InstanceRequests, anonymous = Never, throttle = Update, graphql = "Mutation.updateUserRequest";
}

pub type Query = ListQuery<UserRequestFilter, UserRequestOrder>;

choices! {
    /// Kind of a request.
    pub enum UserRequestType {
        /// Somebody wants an account.
        Signup = "signup",
    }
}

choices! {
    /// What was decided about a request.
    pub enum UserRequestStatus {
        /// Nothing yet.
        Pending = "pending",
        /// The account can be used.
        Approved = "approved",
        /// The account cannot be used.
        Refused = "refused",
    }
}

/// A request of somebody who wants an account.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct UserRequest {
    /// Numeric ID, unique among requests.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// UUID of the request.
    pub uuid: Uuid,
    /// Kind of the request.
    #[sqlx(rename = "type")]
    #[graphql(name = "type")]
    pub kind: UserRequestType,
    /// What was decided.
    pub status: UserRequestStatus,
    #[graphql(skip)]
    pub submitter_id: i64,
    #[graphql(skip)]
    pub assigned_to_id: Option<i64>,
    #[graphql(skip)]
    #[sqlx(json(nullable))]
    pub metadata: Option<Value>,
    /// Time of the decision.
    pub handled_date: Option<Timestamp>,
    /// Time of the request.
    pub creation_date: Timestamp,
}

entity!(UserRequest in "user_requests": "id, uuid, type, status, submitter_id, assigned_to_id, metadata, handled_date,
    creation_date", upon [], weighs []);

filter! {
    /// Filter for a list of sign-up requests. A request must match all conditions.
    pub struct UserRequestFilter {
        /// Terms, all of which must hold: `status:pending`, `submitter:alice`, `assigned_to:carol`, or words that the
        /// username must contain.
        q: Option<String>,
        /// Only requests about which this was decided.
        status: Option<UserRequestStatus>,
        /// Only requests of this kind.
        kind: Option<UserRequestType> = "type",
    }
}

ordering! {
    /// Sort options for sign-up requests.
    pub struct UserRequestOrder by UserRequestOrderField {
        /// Numeric ID.
        Id = "id",
        /// Time of the request.
        CreationDate = "creation_date",
        /// Time of the decision.
        HandledDate = "handled_date",
    }
    others ignored
}

impl UserRequestOrder {
    fn keys(self) -> Vec<SortKey> {
        let down = self.direction.is_descending();
        let (column, kind) = match self.field {
            UserRequestOrderField::Id => ("r.id", KeyKind::Int),
            UserRequestOrderField::CreationDate => ("r.creation_date", KeyKind::Time),
            UserRequestOrderField::HandledDate => {
                let open = "r.handled_date is null";
                return SortKey::nullable("r.handled_date", open, KeyKind::Time, down).into();
            }
        };
        vec![SortKey::new(sql(column), kind, down)]
    }
}

async fn listing(
    _: &Reader,
    filter: &UserRequestFilter,
    order: &[UserRequestOrder],
) -> Result<Listing> {
    let mut from = sql("from user_requests r where true")
        .equal("r.status", filter.status.map(UserRequestStatus::word))
        .equal("r.type", filter.kind.map(UserRequestType::word));
    for term in smart::conditions(filter.q.as_deref().unwrap_or_default(), condition)? {
        from = from.and(term);
    }
    let keys = order.iter().flat_map(|order| order.keys());
    Ok(Listing::new(from, "r.id", keys))
}

fn condition(key: &str, value: &str) -> Option<Sql> {
    Some(match key {
        "status" => sql("r.status = ?").bind(value),
        "submitter" => smart::actor("r.submitter_id", value),
        "assigned_to" => smart::actor("r.assigned_to_id", value),
        "" => sql("r.submitter_id in (select a.id from actors a where ")
            .append(smart::holds("a.preferred_username", value))
            .then(")"),
        _ => return None,
    })
}

/// A sign-up request; for moderators.
pub async fn retrieve<O: Operation>(permit: &Allowed<O>, key: Key) -> Result<UserRequest> {
    let found = UserRequest::select()
        .then(" where ")
        .append(key.condition());
    found.one(permit.db()).await
}

/// The newest requests that wait for a decision.
pub async fn waiting(permit: &Allowed<List>, most: i64) -> Result<Vec<UserRequest>> {
    let filter = UserRequestFilter {
        status: Some(UserRequestStatus::Pending),
        ..UserRequestFilter::default()
    };
    let all = listing(permit, &filter, &[]).await?;
    let ids = all.page(permit.db(), most, 0).await?;
    permit.loaders().owned::<UserRequest>(&ids).await
}

/// A new request.
async fn of_row(permit: &Allowed<List>, (_, id): Row) -> Result<UserRequest> {
    sole(permit.loaders().owned::<UserRequest>(&[id]).await?)
}

/// How many requests wait for a decision.
async fn open_count(permit: &Allowed<List>) -> Result<i64> {
    let open = sql("select count(*) from user_requests where status = 'pending'");
    open.number(permit.db()).await
}
