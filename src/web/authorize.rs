//! The authorization page, where users grant access to applications (RFC 6749 section 3.1).
use minijinja::{context, value::Serde};
use poem::{Response, handler, http::StatusCode};

use super::visit::{Page, Visit, go, with};
use crate::{
    error::Result,
    oauth::{
        EXPLORER,
        authorize::{self, Fault, Request, Told},
        consents, redirect, scopes,
    },
    resources::{checks::visible, people::oauth::Authorize},
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
    if silent && visit.user().is_err() {
        return leave(&visit, wanted.refuse(visit.app(), "login_required")).await;
    }
    let user = visit.user()?.user_id;
    if prompts(&visit.query, "login") {
        return Ok(go(&sign_in_again(&visit.query)));
    }
    if !prompts(&visit.query, "consent") && wanted.was_allowed(visit.app(), user).await? {
        return grant(&visit, &wanted).await;
    }
    match silent {
        true => leave(&visit, wanted.refuse(visit.app(), "consent_required")).await,
        false => ask(&visit, &visit.query, &wanted, false).await,
    }
}

/// The sign-in page, leading back here without `prompt`, so that it does not repeat.
fn sign_in_again(params: &Pairs) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(params.iter().filter(|(name, _)| *name != "prompt"));
    let next = format!("/authorize?{}", query.finish());
    format!("{}&again=1", with("/login", "next", &next))
}

/// Applications receive errors at their redirect URI. Anyone can register an application: only those
/// whom this person granted something are told at once, others after a page that says where the link
/// leads, so that the pod is not an open redirector (RFC 9700 section 4.11.2).
async fn leave(visit: &Visit, told: Told) -> Result<Response> {
    if redirect::is_out_of_band(&told.location) {
        let title = "Authorization failed";
        return visit.say(StatusCode::BAD_REQUEST, title, told.error).await;
    }
    let known = match visit.user() {
        Ok(user) => consents::exists(visit.app(), user.user_id, told.application).await?,
        Err(_) => false,
    };
    if known {
        return Ok(go(&told.location));
    }
    let target = redirect::shown(&told.location);
    let facts = context! {
        title => "Leave this pod?",
        text => format!("The application was not authorized ({}). It asks to continue at another \
            address: {target}. Follow the link only if you know it.", told.error),
        link => context! { href => told.location, label => "Continue" },
    };
    visit.show(Page::new("message.html", facts)).await
}

/// What is answered to a request that cannot be granted.
async fn turn_away(visit: &Visit, fault: Fault) -> Result<Response> {
    let (title, text) = match fault {
        Fault::Told(told) => return leave(visit, told).await,
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

/// Asks the person; `changed` if the application is no longer what was shown before.
async fn ask(visit: &Visit, given: &Pairs, wanted: &Request, changed: bool) -> Result<Response> {
    let params = PARAMS.iter().copied().filter_map(|name| {
        let value = given.last(name)?;
        Some(context! { name, value })
    });
    let facts = context! {
        app => context! { name => visible(&wanted.client.name) },
        ours => wanted.client.client_id == EXPLORER,
        owner => wanted.client.owner(visit.app()).await?,
        changed,
        shown => wanted.shown(),
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
    let granted = wanted.grant(permit.app(), permit.user()?).await?;
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
        return match visit.form.last("shown") == Some(wanted.shown().as_str()) {
            true => grant(&visit, &wanted).await,
            false => ask(&visit, &visit.form, &wanted, true).await,
        };
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

/// What waits for a person to sign in.
#[derive(Default)]
pub struct Waiting {
    /// Name of the application that asks.
    pub application: Option<String>,
    /// Where signing in may redirect to outside of this pod, if the request was granted before. Browsers
    /// apply the `form-action` of the form's page to every redirect.
    pub leads_to: Option<String>,
}

/// The authorization request in `next`, if there is one.
pub async fn waiting(visit: &Visit) -> Result<Waiting> {
    let Some(query) = visit.next().strip_prefix("/authorize?") else {
        return Ok(Waiting::default());
    };
    let checked = authorize::check(visit.app(), &Pairs::parse(query)?).await?;
    Ok(match checked {
        Ok(wanted) => Waiting {
            application: Some(visible(&wanted.client.name)),
            leads_to: redirect::source(&wanted.redirect_uri),
        },
        Err(Fault::Told(told)) => Waiting {
            application: None,
            leads_to: redirect::source(&told.location),
        },
        Err(_) => Waiting::default(),
    })
}
