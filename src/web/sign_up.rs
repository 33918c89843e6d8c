//! Creating an account, and setting up the pod with the first account.
use std::collections::BTreeMap;

use minijinja::{Value, context};
use poem::{Response, handler, http::StatusCode};

use super::{
    authorize::waiting,
    sign_in::admit,
    visit::{Page, Visit},
};
use crate::{
    accounts::{
        New, sessions,
        setup::{self, Wishes},
        sign_up::{Outcome, Question, Registration, questions},
    },
    error::{Error, Result},
    resources::people::auth::{Register, register},
    scope::Permissions,
};

/// The form field of a question.
fn field(index: usize) -> String {
    format!("answer{index}")
}

async fn facts(visit: &Visit) -> Result<Value> {
    let preferences = visit.app().preferences().await?;
    let form = preferences.get("moderation__signup_form_customization");
    let asked = questions(&preferences).into_iter().enumerate();
    let asked = asked.map(|(index, question)| {
        let Question {
            label,
            required,
            long,
        } = question;
        context! { name => field(index), label, required, long }
    });
    Ok(context! {
        next => visit.next(),
        invitation_needed => !preferences.is_on("users__registration_enabled"),
        approval => preferences.is_on("moderation__signup_approval_enabled"),
        help => form["help_text"]["text"].as_str(),
        questions => asked.collect::<Vec<_>>(),
    })
}

#[handler]
pub async fn page(visit: Visit) -> Result<Response> {
    visit.show(form(&visit).await?).await
}

async fn form(visit: &Visit) -> Result<Page> {
    let waiting = waiting(visit).await?;
    Ok(Page {
        leads_to: waiting.leads_to,
        ..Page::new("signup.html", facts(visit).await?)
    })
}

#[handler]
pub async fn sign_up(visit: Visit) -> Result<Response> {
    let permit = visit.allow::<Register>().await?;
    let preferences = permit.preferences().await?;
    let answers: BTreeMap<String, String> = questions(&preferences)
        .into_iter()
        .enumerate()
        .map(|(index, question)| (question.label, visit.typed(&field(index)).to_owned()))
        .collect();
    let wanted = Registration {
        username: visit.typed("username").to_owned(),
        email: visit.typed("email").to_owned(),
        password1: visit.exact("password1").to_owned(),
        password2: visit.exact("password2").to_owned(),
        invitation: Some(visit.typed("invitation").to_owned()),
        answers,
    };
    let outcome = match register(&permit, &wanted).await {
        Ok(outcome) => outcome,
        Err(error) => {
            return visit.complain(form(&visit).await?, error).await;
        }
    };
    match outcome {
        Outcome::Ready(user) => {
            let session = sessions::open_first(permit.app(), user, visit.cx.client()).await?;
            admit(&visit, &session).await
        }
        Outcome::Unconfirmed => {
            let text = "We sent you a mail. Open the link in it, then sign in.";
            visit
                .say(StatusCode::OK, "Confirm your e-mail address", text)
                .await
        }
        Outcome::Waiting => {
            let text =
                "A moderator will review your request. You will get a mail once it is approved.";
            visit
                .say(StatusCode::OK, "Your request was sent", text)
                .await
        }
    }
}

fn spent() -> Error {
    let why = "This link is invalid, expired or already used. A pod without accounts prints a new link when it starts.";
    Error::Denied(why.to_owned())
}

/// The page of the setup link, which a pod without accounts prints at startup.
#[handler]
pub async fn setup_page(visit: Visit) -> Result<Response> {
    let key = visit.query.last("key").unwrap_or_default();
    if !setup::is_open(visit.app(), key).await? {
        return Err(spent());
    }
    visit.show(Page::new("setup.html", context! { key })).await
}

#[handler]
pub async fn set_up(visit: Visit) -> Result<Response> {
    let permit = visit.allow::<Register>().await?;
    let key = visit.typed("key");
    let wishes = Wishes {
        first: New {
            username: visit.typed("username").to_owned(),
            email: visit.typed("email").to_owned(),
            password: visit.exact("password1").to_owned(),
            permissions: Permissions::default(),
            is_superuser: true,
        },
        repeated: visit.exact("password2").to_owned(),
        open: visit.form.is_on("open"),
    };
    match setup::set_up(permit.app(), key, &wishes).await {
        Ok(Some(user)) => {
            let session = sessions::open_first(permit.app(), user, visit.cx.client()).await?;
            admit(&visit, &session).await
        }
        Ok(None) => Err(spent()),
        Err(error) => {
            visit
                .complain(Page::new("setup.html", context! { key }), error)
                .await
        }
    }
}
