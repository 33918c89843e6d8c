//! The caller's rate limits and what is left of them.
use async_graphql::SimpleObject;
use serde::Serialize;

use crate::{
    error::Result,
    graphql::{live::subscriptions, standard::fields},
    guard::{Allowed, Upon, operations},
    rest::{answer::Answer, standard::routes},
};

operations! {
    "rate-limit", "Your rate limits.";
    /// Returns your rate limits.
    ///
    /// Lists every rate-limit scope with what you have left of it. The scopes `login`, `signup`,
    /// `password-reset` and `password-reset-confirm` are counted by network address, also for
    /// signed-in callers. The request itself is not counted.
    show: Show = open, anonymous = Always, throttle = Never, graphql = "rateLimit",
        live = "rateLimitReached", upon = Upon::RateLimit;
}

/// Your rate limits.
#[derive(Serialize, poem_openapi::Object, SimpleObject)]
pub struct RateLimit {
    /// Whether the pod limits requests.
    enabled: bool,
    /// Whom the requests are counted for.
    ident: RateLimitIdent,
    /// Rate-limit scopes.
    scopes: Vec<RateLimitScope>,
}

/// Whom requests are counted for: a user or a network address.
#[derive(Serialize, poem_openapi::Object, SimpleObject)]
pub struct RateLimitIdent {
    /// `authenticated` or `anonymous`.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    #[graphql(name = "type")]
    kind: String,
    /// Numeric ID of the user, or the client's IP address (for IPv6, its /64 network).
    #[graphql(name = "identifier")]
    id: String,
}

/// One rate-limit scope. Times are Unix timestamps in seconds.
#[derive(Clone, Serialize, poem_openapi::Object, SimpleObject)]
pub struct RateLimitScope {
    /// Name of the scope, such as `authenticated-list`.
    #[graphql(name = "name")]
    id: String,
    /// Configured rate, such as `1000/hour`.
    rate: String,
    /// Which requests are counted.
    description: String,
    /// Number of requests allowed in a window.
    limit: u32,
    /// Length of the window in seconds.
    duration: u32,
    /// Number of requests left.
    remaining: u32,
    /// Time at which the next request is allowed; null if one is allowed now.
    available: Option<u64>,
    /// Seconds until the next request is allowed; null if one is allowed now.
    available_seconds: Option<u64>,
    /// Time at which the full limit is available again; null if it is now.
    reset: Option<u64>,
    /// Seconds until the full limit is available again; null if it is now.
    reset_seconds: Option<u64>,
}

async fn show(permit: &Allowed<Show>) -> Result<RateLimit> {
    let now = permit.clock().now().unix().unsigned_abs();
    let (ident, quotas) = (permit.ident(), permit.budgets().await?);
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

routes! {
    "/api/v1";
    show: Show = get "/rate-limit" -> Answer<RateLimit>;
}

fields! {
    Queries as "RateLimitQueries";
    call rate_limit -> RateLimit = show;
}

/// A rate limit that was used up.
#[derive(SimpleObject)]
pub struct RateLimitReachedPayload {
    /// The scopes with no requests left.
    reached: Vec<RateLimitScope>,
    /// All of your rate limits.
    rate_limit: RateLimit,
}

async fn reached(permit: Allowed<Show>) -> Result<RateLimitReachedPayload> {
    let rate_limit = show(&permit).await?;
    let scopes = rate_limit.scopes.iter();
    let reached = scopes.filter(|scope| scope.remaining == 0).cloned();
    Ok(RateLimitReachedPayload {
        reached: reached.collect(),
        rate_limit,
    })
}

subscriptions! {
    Subscriptions as "RateLimitSubscriptions";
    /// Sends your rate limits whenever one of them is used up: until it is reset, requests that count against
    /// it are refused.
    rate_limit_reached -> RateLimitReachedPayload = reached;
}
