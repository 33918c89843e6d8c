//! Signing in with a password, and signing out.
use minijinja::{Value, context};
use poem::{Request, Response, handler};

use super::{
    authorize::waiting,
    visit::{Page, Visit, go},
};
use crate::{
    accounts::{
        sessions::{self, Opened},
        sign_in::{self as password, Attempt},
    },
    auth::browser,
    error::Result,
    resources::people::users::{Login, Logout},
};

async fn facts(visit: &Visit) -> Result<Value> {
    let preferences = visit.app().preferences().await?;
    let notice = match visit.query.last("done") {
        Some("password") => Some("Your new password is set. Sign in with it."),
        Some("confirmed") => Some("Your e-mail address is confirmed. You can now sign in."),
        Some("deleted") => Some("Your account was deleted."),
        _ => None,
    };
    Ok(context! {
        notice,
        next => visit.next(),
        openid => visit.app().config().openid_name(),
        signup_open => preferences.is_on("users__registration_enabled"),
    })
}

/// Redirects users who are already signed in, unless an application requires signing in again.
#[handler]
pub async fn page(visit: Visit) -> Result<Response> {
    if visit.user().is_ok() && !visit.query.is_on("again") {
        return Ok(go(visit.next()));
    }
    visit.show(form(&visit).await?).await
}

async fn form(visit: &Visit) -> Result<Page> {
    let waiting = waiting(visit).await?;
    Ok(Page {
        leads_to: waiting.leads_to,
        ..Page::new(
            "login.html",
            context! { application => waiting.application, ..facts(visit).await? },
        )
    })
}

#[handler]
pub async fn sign_in(visit: Visit) -> Result<Response> {
    let permit = visit.allow::<Login>().await?;
    let attempt = Attempt {
        login: visit.typed("username"),
        password: visit.exact("password"),
        known_browser: visit.known_browser.as_deref(),
    };
    match password::sign_in(permit.app(), attempt, visit.cx.client()).await {
        Ok(opened) => admit(&visit, &opened).await,
        Err(error) => visit.complain(form(&visit).await?, error).await,
    }
}

/// Sets the session cookie, and closes the browser's previous session.
pub async fn admit(visit: &Visit, opened: &Opened) -> Result<Response> {
    if let Some(old) = &visit.session {
        sessions::close(visit.app(), old).await?;
    }
    let mut response = go(visit.next());
    browser::set_session(visit.app(), &mut response, opened);
    Ok(response)
}

#[handler]
pub async fn sign_out(visit: Visit, request: &Request) -> Result<Response> {
    let permit = visit.allow::<Logout>().await?;
    sessions::close_of(permit.app(), request).await?;
    let mut response = go("/");
    browser::clear_session(permit.app(), &mut response);
    Ok(response)
}
