//! The authorization page, where users grant access to applications (RFC 6749 section 3.1).
use minijinja::{context, value::Serde};
use poem::{Response, handler, http::StatusCode};

use super::visit::{Page, Visit, go, with};
use crate::{
    error::Result,
    oauth::{
        EXPLORER,
        authorize::{self, Fault, Request},
        redirect, scopes,
    },
    resources::people::oauth::Authorize,
    rest::params::Pairs,
};

/// The parameters of the request that the form repeats.
const PARAMS: &[&str] = &[
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
];

/// Whether the `prompt` parameter has a value (OpenID Connect Core section 3.1.2.1).
fn prompts(params: &Pairs, what: &str) -> bool {
    let asked = params.last("prompt").unwrap_or_default();
    asked.split_whitespace().any(|word| word == what)
}

#[handler]
pub async fn page(visit: Visit) -> Result<Response> {
    let silent = prompts(&visit.query, "none");
    let wanted = match authorize::check(visit.app(), &visit.query).await? {
        Ok(wanted) => wanted,
        Err(fault) => return turn_away(&visit, fault).await,
    };
    // Anyone can register an application: only applications that belong to a user learn that
    // nobody is signed in.
    if silent && visit.user().is_err() && wanted.client.user_id.is_some() {
        return Ok(go(&wanted.refuse(visit.app(), "login_required").location));
    }
    let user = visit.user()?.user_id;
    if prompts(&visit.query, "login") {
        return Ok(go(&sign_in_again(&visit.query)));
    }
    if !prompts(&visit.query, "consent") && wanted.was_allowed(visit.app(), user).await? {
        return grant(&visit, &wanted).await;
    }
    match silent {
        true => Ok(go(&wanted.refuse(visit.app(), "consent_required").location)),
        false => ask(&visit, &wanted).await,
    }
}

/// The sign-in page, leading back here without `prompt`, so that it does not repeat.
fn sign_in_again(params: &Pairs) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(params.iter().filter(|(name, _)| *name != "prompt"));
    let next = format!("/authorize?{}", query.finish());
    format!("{}&again=1", with("/login", "next", &next))
}

/// Applications receive errors at their redirect URI. Anonymous visitors are not redirected, so that
/// the pod is not an open redirector (RFC 9700 section 4.11.2).
async fn turn_away(visit: &Visit, fault: Fault) -> Result<Response> {
    let (title, text) = match fault {
        Fault::Told(told) if redirect::is_out_of_band(&told.location) => {
            ("Authorization failed", told.error)
        }
        Fault::Told(told) => {
            visit.user()?;
            return Ok(go(&told.location));
        }
        Fault::Client => (
            "Unknown application",
            "This pod has no application with this client_id. It may have been deleted.",
        ),
        Fault::Redirect => (
            "Invalid redirect URI",
            "The application has not registered this redirect_uri, so you were not redirected.",
        ),
    };
    visit.say(StatusCode::BAD_REQUEST, title, text).await
}

async fn ask(visit: &Visit, wanted: &Request) -> Result<Response> {
    let params = PARAMS.iter().copied().filter_map(|name| {
        let value = visit.query.last(name)?;
        Some(context! { name, value })
    });
    let facts = context! {
        app => context! { name => wanted.client.name.as_str() },
        unverified => wanted.client.user_id.is_none() && wanted.client.client_id != EXPLORER,
        scopes => Serde(scopes::told(wanted.reach())),
        oob => redirect::is_out_of_band(&wanted.redirect_uri),
        target => redirect::shown(&wanted.redirect_uri),
        params => params.collect::<Vec<_>>(),
    };
    let leads_to = redirect::source(&wanted.redirect_uri);
    visit
        .show(Page {
            leads_to,
            ..Page::new("authorize.html", facts)
        })
        .await
}

async fn grant(visit: &Visit, wanted: &Request) -> Result<Response> {
    let permit = visit.allow::<Authorize>().await?;
    let granted = wanted.grant(permit.app(), permit.user()?.user_id).await?;
    if !redirect::is_out_of_band(&wanted.redirect_uri) {
        return Ok(go(&granted.location));
    }
    let app = context! { name => wanted.client.name.as_str() };
    let facts = context! { app, code => granted.code };
    visit.show(Page::new("authorize-code.html", facts)).await
}

#[handler]
pub async fn decide(visit: Visit) -> Result<Response> {
    let wanted = match authorize::check(visit.app(), &visit.form).await? {
        Ok(wanted) => wanted,
        Err(fault) => return turn_away(&visit, fault).await,
    };
    if visit.form.is_on("allow") {
        return grant(&visit, &wanted).await;
    }
    visit.user()?;
    let told = wanted.refuse(visit.app(), "access_denied");
    match redirect::is_out_of_band(&wanted.redirect_uri) {
        true => {
            visit
                .say(
                    StatusCode::OK,
                    "Cancelled",
                    "The application did not get access. You can close this page.",
                )
                .await
        }
        false => Ok(go(&told.location)),
    }
}

/// Where signing in may redirect to outside of this pod, if the authorization request in `next` was
/// granted before. Browsers apply the `form-action` of the form's page to every redirect.
pub async fn leads_to(visit: &Visit) -> Result<Option<String>> {
    let Some(query) = visit.next().strip_prefix("/authorize?") else {
        return Ok(None);
    };
    let checked = authorize::check(visit.app(), &Pairs::parse(query)?).await?;
    Ok(match checked {
        Ok(wanted) => redirect::source(&wanted.redirect_uri),
        Err(Fault::Told(told)) => redirect::source(&told.location),
        Err(_) => None,
    })
}
