//! Who was refused by rate limits, for administrators.
use async_graphql::{ComplexObject, Context, SimpleObject};
use poem_openapi::Object;
use serde::Serialize;

use crate::{
    error::Result,
    graphql::{scalars::BigInt, standard::fields},
    guard::{AllowExt, Allowed, operations},
    resources::people::users::{self, User, UserById},
    rest::{answer::Answer, standard::routes},
    throttle::{Ident, Refused},
    time::Timestamp,
};

operations! {
    "refusals", "Requests that rate limits refused.";
    /// Lists whom rate limits have refused.
    ///
    /// Those who were refused within the last day, the latest first, 500 at most. The server remembers them in memory: of several
    /// processes each tells of its own, and after a start there are none.
    list: List = read InstanceSettings, anonymous = Never, throttle = List, graphql = "rateLimitRefusals";
}

/// A caller that a rate limit refused.
#[derive(Debug, SimpleObject)]
#[graphql(complex)]
pub struct RateLimitRefusal {
    /// Whom the requests are counted for: `authenticated` is a user, `anonymous` a network address, `login` a name that
    /// somebody tries to sign in with.
    #[graphql(name = "type")]
    pub kind: &'static str,
    /// Numeric ID of the user, the client's IP address (for IPv6, its /64 network), or a hash of the name.
    pub identifier: String,
    #[graphql(skip)]
    pub user_id: Option<i64>,
    /// Rate-limit scope, such as `anonymous-list`.
    pub scope: &'static str,
    /// Number of requests that were refused since the first one.
    pub count: BigInt,
    /// Time of the first one.
    pub first_date: Timestamp,
    /// Time of the last one.
    pub last_date: Timestamp,
}

impl From<Refused> for RateLimitRefusal {
    fn from(refused: Refused) -> Self {
        let (kind, user_id) = match refused.ident {
            Ident::User(id) => ("authenticated", Some(id)),
            Ident::Address(_) => ("anonymous", None),
            Ident::Login(_) => ("login", None),
        };
        Self {
            kind,
            identifier: refused.ident.to_string(),
            user_id,
            scope: refused.scope,
            count: BigInt(i64::try_from(refused.count).unwrap_or(i64::MAX)),
            first_date: refused.first,
            last_date: refused.last,
        }
    }
}

#[ComplexObject]
impl RateLimitRefusal {
    /// The user; null for others, and for accounts that were deleted.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        ctx.load::<users::Retrieve, UserById>(self.user_id).await
    }
}

/// A caller that a rate limit refused.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "RateLimitRefusal")]
pub struct RefusalBody {
    /// Whom the requests are counted for: `authenticated` is a user, `anonymous` a network address, `login` a name that
    /// somebody tries to sign in with.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    pub kind: String,
    /// Numeric ID of the user, the client's IP address (for IPv6, its /64 network), or a hash of the name.
    pub identifier: String,
    /// Username; null for others, and for accounts that were deleted.
    pub username: Option<String>,
    /// Rate-limit scope, such as `anonymous-list`.
    pub scope: String,
    /// Number of requests that were refused since the first one.
    pub count: i64,
    /// Time of the first one.
    pub first_date: Timestamp,
    /// Time of the last one.
    pub last_date: Timestamp,
}

async fn list(permit: &Allowed<List>) -> Result<Vec<RateLimitRefusal>> {
    let refused = permit.limits().refused();
    Ok(refused.into_iter().map(RateLimitRefusal::from).collect())
}

pub async fn bodies(permit: &Allowed<List>) -> Result<Vec<RefusalBody>> {
    let refused = list(permit).await?;
    let users = refused.iter().map(|one| one.user_id);
    let users = permit.loaders().parts::<UserById>(users).await?;
    let body = |one: RateLimitRefusal| RefusalBody {
        username: users.get(one.user_id).map(|user| user.username.clone()),
        kind: one.kind.to_owned(),
        identifier: one.identifier,
        scope: one.scope.to_owned(),
        count: one.count.0,
        first_date: one.first_date,
        last_date: one.last_date,
    };
    Ok(refused.into_iter().map(body).collect())
}

fields! {
    Queries as "RateLimitRefusalQueries";
    all rate_limit_refusals -> RateLimitRefusal = list;
}

routes! {
    "/api/v1/manage/rate-limit/refusals";
    list: List = get "/" -> Answer<Vec<RefusalBody>> => bodies;
}
