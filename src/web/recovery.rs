//! Forgotten passwords, and addresses to be confirmed: the pages that mails lead to.
use minijinja::context;
use poem::{Response, handler, http::StatusCode};

use super::visit::{Page, Visit, go};
use crate::{
    error::Result,
    resources::auth::{
        PasswordReset, RequestReset, Reset, VerifyEmail, request_reset, reset, verify_email,
    },
};

#[handler]
pub async fn page(visit: Visit) -> Result<Response> {
    visit
        .show(Page::new("password-reset.html", context! {}))
        .await
}

/// The answer is the same whether anybody has the address.
#[handler]
pub async fn ask(visit: Visit) -> Result<Response> {
    let permit = visit.allow::<RequestReset>().await?;
    match request_reset(&permit, visit.typed("email")).await {
        Ok(()) => {
            let text = "If there is an account with this address, a mail with a link is on its way. The link works for one hour.";
            visit.say(StatusCode::OK, "Look into your mail", text).await
        }
        Err(error) => {
            visit
                .complain(Page::new("password-reset.html", context! {}), error)
                .await
        }
    }
}

/// The page of the link in the mail.
#[handler]
pub async fn new_page(visit: Visit) -> Result<Response> {
    let given = |name| visit.query.last(name).unwrap_or_default();
    let facts = context! { uid => given("uid"), token => given("token") };
    visit.show(Page::new("password-new.html", facts)).await
}

#[handler]
pub async fn set(visit: Visit) -> Result<Response> {
    let permit = visit.allow::<Reset>().await?;
    let new = PasswordReset {
        uid: visit.typed("uid").to_owned(),
        token: visit.typed("token").to_owned(),
        new_password1: visit.exact("new_password1").to_owned(),
        new_password2: visit.exact("new_password2").to_owned(),
    };
    match reset(&permit, &new).await {
        Ok(()) => Ok(go("/login?done=password")),
        Err(error) => {
            let facts = context! { uid => new.uid, token => new.token };
            visit
                .complain(Page::new("password-new.html", facts), error)
                .await
        }
    }
}

/// The page of the link in the mail. Programs that look at mails open links: only the button counts.
#[handler]
pub async fn email_page(visit: Visit) -> Result<Response> {
    let key = visit.query.last("key").unwrap_or_default();
    let facts = context! {
        title => "Confirm your e-mail address",
        text => "One more click, and the address is confirmed.",
        action => "/auth/email/confirm",
        fields => vec![context! { name => "key", value => key }],
        button => "Confirm the address",
    };
    visit.show(Page::new("confirm.html", facts)).await
}

#[handler]
pub async fn confirm_email(visit: Visit) -> Result<Response> {
    let permit = visit.allow::<VerifyEmail>().await?;
    match verify_email(&permit, visit.typed("key")).await {
        Ok(()) => Ok(go(match visit.user() {
            Ok(_) => "/settings?done=confirmed#email",
            Err(_) => "/login?done=confirmed",
        })),
        Err(crate::error::Error::Invalid(fields)) => {
            let why = fields
                .values()
                .flatten()
                .cloned()
                .collect::<Vec<_>>()
                .join(" ");
            visit
                .say(
                    StatusCode::BAD_REQUEST,
                    "The address is not confirmed",
                    &why,
                )
                .await
        }
        Err(error) => Err(error),
    }
}
