//! The page where people answer the authorisation requests of applications (RFC 6749 section 3.1).
use minijinja::{context, value::Serde};
use poem::{Response, handler, http::StatusCode};

use super::visit::{Page, Visit, go, with};
use crate::{
    error::Result,
    oauth::{
        Authorize, EXPLORER,
        authorize::{self, Fault, Request},
        redirect, scopes,
    },
    rest::params::Pairs,
};

/// What the form repeats of the request.
const PARAMS: &[&str] = &[
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
];

/// Whether an application asks that the person be asked (OpenID Connect Core section 3.1.2.1).
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
    // Anybody can register an application: only those that somebody answers for are told.
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

/// The way back here by the page of signing in, which then is not to be asked for again.
fn sign_in_again(params: &Pairs) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(params.iter().filter(|(name, _)| *name != "prompt"));
    let next = format!("/authorize?{}", query.finish());
    format!("{}&again=1", with("/login", "next", &next))
}

/// An application hears of its mistakes at its own address. Whoever is not signed in is not sent
/// there: this pod is no way to pass links on (RFC 9700 section 4.11.2).
async fn turn_away(visit: &Visit, fault: Fault) -> Result<Response> {
    let (title, text) = match fault {
        Fault::Told(told) if redirect::is_out_of_band(&told.location) => {
            ("That did not work", told.error)
        }
        Fault::Told(told) => {
            visit.user()?;
            return Ok(go(&told.location));
        }
        Fault::Client => (
            "Unknown application",
            "This pod knows no application of this client_id. It may have been deleted.",
        ),
        Fault::Redirect => (
            "Wrong address to go back to",
            "The application wants you to be sent to an address that it has not registered (redirect_uri). It was not followed.",
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
                    "The application gets no code. You can close this page.",
                )
                .await
        }
        false => Ok(go(&told.location)),
    }
}

/// Where signing in may lead on to beside this pod, when the request at `next` was allowed before:
/// browsers hold the policy of the form's page against every step.
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
