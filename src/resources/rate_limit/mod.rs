//! What is left of the caller's budgets.
use async_graphql::{Context, SimpleObject};
use poem_openapi::OpenApi;
use serde::Serialize;

use crate::{
    context::Cx,
    error::Result,
    graphql::connection::answer,
    guard::{AllowExt, Allowed, operations},
    rest::answer::Answer,
};

operations! {
    "rate-limit";
    /// Shows every rate and what is left of it for the caller. Asking costs nothing.
    show: Show = open, anonymous = Always, throttle = Never, graphql = "rateLimit";
}

/// The caller's budgets.
#[derive(Serialize, poem_openapi::Object, SimpleObject)]
pub struct RateLimit {
    /// Whether requests are limited at all.
    enabled: bool,
    /// Whose budgets these are.
    ident: RateLimitIdent,
    /// Every budget, by name.
    scopes: Vec<RateLimitScope>,
}

/// Whose budgets: a user's, or those of an address.
#[derive(Serialize, poem_openapi::Object, SimpleObject)]
pub struct RateLimitIdent {
    /// `authenticated` or `anonymous`.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    #[graphql(name = "type")]
    kind: String,
    /// The user's number, or the address.
    id: String,
}

/// One budget. Times are seconds since 1970.
#[derive(Serialize, poem_openapi::Object, SimpleObject)]
pub struct RateLimitScope {
    /// Its name.
    id: String,
    /// The rate as it is set.
    rate: String,
    /// What it counts.
    description: String,
    /// Requests in a window.
    limit: u32,
    /// The window, in seconds.
    duration: u32,
    /// Requests left.
    remaining: u32,
    /// When a request will pass again; null while one passes.
    available: Option<u64>,
    /// Seconds until then.
    available_seconds: Option<u64>,
    /// When the budget is whole again; null while it is.
    reset: Option<u64>,
    /// Seconds until then.
    reset_seconds: Option<u64>,
}

async fn show(permit: &Allowed<Show>, cx: &Cx) -> Result<RateLimit> {
    let now = permit.clock().now().unix().unsigned_abs();
    let (ident, quotas) = (cx.ident(), cx.budgets().await?);
    let scopes = permit.limits().rates().iter().zip(quotas);
    let scopes = scopes.map(|((scope, rate, about), quota)| {
        let exhausted = (quota.remaining == 0)
            .then_some(quota.retry_after)
            .flatten();
        RateLimitScope {
            id: scope.to_owned(),
            rate: rate.text.clone(),
            description: about.to_owned(),
            limit: quota.limit,
            duration: quota.duration,
            remaining: quota.remaining,
            available: exhausted.map(|after| now + after),
            available_seconds: exhausted,
            reset: quota.reset_after.map(|after| now + after),
            reset_seconds: quota.reset_after,
        }
    });
    Ok(RateLimit {
        enabled: permit.config().throttling_enabled,
        ident: RateLimitIdent {
            kind: ident.kind().to_owned(),
            id: ident.to_string(),
        },
        scopes: scopes.collect(),
    })
}

pub struct Rest;

#[OpenApi(prefix_path = "/api/v1")]
impl Rest {
    #[oai(path = "/rate-limit", method = "get")]
    async fn show(
        &self,
        permit: Allowed<Show>,
        cx: poem::web::Data<&Cx>,
    ) -> Result<Answer<RateLimit>> {
        show(&permit, &cx).await.map(Answer)
    }
}

#[derive(Default)]
pub struct Queries;

#[async_graphql::Object(name = "RateLimitQueries")]
impl Queries {
    /// The caller's budgets. Asking costs nothing.
    async fn rate_limit(&self, ctx: &Context<'_>) -> Option<Result<RateLimit>> {
        let cx = ctx.data_unchecked::<Cx>();
        answer(async { show(&ctx.allow().await?, cx).await }).await
    }
}
