//! The page where users authorize devices that have no browser (RFC 8628 section 3.3).
use minijinja::{context, value::Serde};
use poem::{Response, handler, http::StatusCode};

use super::visit::{Page, Visit};
use crate::{
    error::{Error, Result},
    oauth::{
        EXPLORER,
        device::{self, Pending},
        scopes,
    },
    resources::{checks::visible, people::oauth::Authorize},
};

/// Links from QR codes contain the code; the user compares it with the one on the device.
#[handler]
pub async fn page(visit: Visit) -> Result<Response> {
    visit.user()?;
    match visit.query.last("user_code") {
        Some(typed) if !typed.is_empty() => look(&visit, typed).await,
        _ => visit.show(Page::new("device.html", context! {})).await,
    }
}

#[handler]
pub async fn decide(visit: Visit) -> Result<Response> {
    let typed = visit.typed("user_code");
    if visit.form.last("allow").is_none() {
        return look(&visit, typed).await;
    }
    let permit = visit.allow::<Authorize>().await?;
    let allow = visit.form.is_on("allow");
    let pending = device::find(permit.app(), typed).await;
    if let Ok(pending) = &pending
        && allow
        && visit.form.last("shown") != Some(pending.shown().as_str())
    {
        return confirm(&visit, pending, typed, true).await;
    }
    let decided = async {
        let pending = pending?;
        device::decide(permit.app(), &pending, permit.user()?, allow).await
    };
    match (decided.await, allow) {
        (Err(error), _) => wrong(&visit, typed, error).await,
        (Ok(()), true) => {
            let text = "The device will continue in a few seconds. You can close this page.";
            visit
                .say(StatusCode::OK, "The device is connected", text)
                .await
        }
        (Ok(()), false) => {
            visit
                .say(StatusCode::OK, "Cancelled", "Access was not granted.")
                .await
        }
    }
}

/// Every lookup counts against the rate limit, so that codes cannot be guessed (RFC 8628
/// section 5.1).
async fn look(visit: &Visit, typed: &str) -> Result<Response> {
    let permit = visit.allow::<Authorize>().await?;
    match device::find(permit.app(), typed).await {
        Ok(pending) => confirm(visit, &pending, typed, false).await,
        Err(error) => wrong(visit, typed, error).await,
    }
}

async fn wrong(visit: &Visit, typed: &str, error: Error) -> Result<Response> {
    let Error::Invalid(errors) = error else {
        return Err(error);
    };
    let values = context! { user_code => typed };
    let facts = context! { errors => Serde(errors), values };
    let status = StatusCode::BAD_REQUEST;
    visit
        .show(Page {
            status,
            ..Page::new("device.html", facts)
        })
        .await
}

/// Asks the person; `changed` if the application is no longer what was shown before.
async fn confirm(visit: &Visit, pending: &Pending, typed: &str, changed: bool) -> Result<Response> {
    let facts = context! {
        app => context! { name => visible(&pending.client.name) },
        ours => pending.client.client_id == EXPLORER,
        owner => pending.client.owner(visit.app()).await?,
        changed,
        shown => pending.shown(),
        scopes => Serde(scopes::told(pending.reach)),
        user_code => device::shown(typed),
    };
    visit.show(Page::new("device-confirm.html", facts)).await
}
