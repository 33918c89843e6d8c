//! The start page, the API explorers, and the embedded player.
use minijinja::context;
use poem::{Response, handler};

use super::visit::{Page, Visit, policy};
use crate::{error::Result, oauth::EXPLORER};

/// The start page: the pod's description, statistics and links.
#[handler]
pub async fn start(visit: Visit) -> Result<Response> {
    let preferences = visit.app().preferences().await?;
    let figures = visit.app().figures().await?;
    let told = preferences.statistics_enabled();
    let figure = |value: i64| match told {
        true => value.to_string(),
        false => "-".to_owned(),
    };
    let facts = context! {
        version => env!("CARGO_PKG_VERSION"),
        short_description => preferences.text("instance__short_description"),
        artists => figure(figures.artists),
        albums => figure(figures.albums),
        tracks => figure(figures.tracks),
        length => length(figures.seconds).map(|(unit, value)| context! { unit, value => figure(value) }),
        users => figure(figures.users),
        public_url => visit.app().config().public_url(),
        signup_open => preferences.is_on("users__registration_enabled"),
    };
    visit.show(Page::new("start.html", facts)).await
}

/// How much music there is, in hours, or minutes if it is little; none if there is none.
fn length(seconds: i64) -> Option<(&'static str, i64)> {
    match seconds {
        0 => None,
        ..7_200 => Some(("Minutes", seconds.div_euclid(60))),
        _ => Some(("Hours", seconds / 3_600)),
    }
}

/// The explorer of the GraphQL API.
#[handler]
pub async fn graphiql(visit: Visit) -> Result<Response> {
    let facts = context! { client_id => EXPLORER };
    visit.show(Page::new("graphiql.html", facts)).await
}

/// The explorer of the REST API.
#[handler]
pub async fn docs(visit: Visit) -> Result<Response> {
    let facts = context! { client_id => EXPLORER };
    visit.show(Page::new("docs.html", facts)).await
}

/// The redirect URI of the REST API explorer's sign-in.
#[handler]
pub async fn signed_in(visit: Visit) -> Result<Response> {
    visit
        .show(Page::new("oauth2-redirect.html", context! {}))
        .await
}

/// The player that oEmbed returns for embedding in other sites. Browsers that support the policy's
/// `frame-ancestors` ignore `X-Frame-Options`.
#[handler]
pub async fn embed(visit: Visit) -> Result<Response> {
    Ok(Response::builder()
        .content_type("text/html; charset=utf-8")
        .header("content-security-policy", policy(visit.app(), "*", None))
        .body(visit.html("embed.html", context! {}).await?))
}
