//! Password resets and e-mail confirmation: the pages that links in mails lead to.
use minijinja::context;
use poem::{Response, handler, http::StatusCode};

use super::visit::{Page, Visit, go};
use crate::{
    auth::browser,
    error::Result,
    resources::people::auth::{
        PasswordReset, RequestReset, Reset, VerifyEmail, request_reset, reset, verify_email,
    },
};

#[handler]
pub async fn page(visit: Visit) -> Result<Response> {
    visit
        .show(Page::new("password-reset.html", context! {}))
        .await
}

/// The response does not reveal whether an account has the address.
#[handler]
pub async fn ask(visit: Visit) -> Result<Response> {
    let permit = visit.allow::<RequestReset>().await?;
    match request_reset(&permit, visit.typed("email")).await {
        Ok(()) => {
            let text = "If there is an account with this e-mail address, we have sent it a link. The link is valid for one hour.";
            visit.say(StatusCode::OK, "Check your mail", text).await
        }
        Err(error) => {
            visit
                .complain(Page::new("password-reset.html", context! {}), error)
                .await
        }
    }
}

/// The page of the link in the password reset mail.
#[handler]
pub async fn new_page(visit: Visit) -> Result<Response> {
    let given = |name| visit.query.last(name).unwrap_or_default();
    let facts = context! { uid => given("uid"), token => given("token") };
    visit.show(Page::new("password-new.html", facts)).await
}

#[handler]
pub async fn set(visit: Visit) -> Result<Response> {
    let permit = visit.allow::<Reset>().await?;
    let facts = context! { uid => visit.typed("uid"), token => visit.typed("token") };
    let new = PasswordReset {
        uid: visit.typed("uid").to_owned(),
        token: visit.typed("token").to_owned(),
        new_password1: visit.exact("new_password1").to_owned(),
        new_password2: visit.exact("new_password2").to_owned(),
    };
    match reset(&permit, new).await {
        Ok(restored) => {
            let mut response = go("/login?done=password");
            browser::set_known(visit.app(), &mut response, restored.proof);
            Ok(response)
        }
        Err(error) => {
            let again = Page::new("password-new.html", facts);
            visit.complain(again, error).await
        }
    }
}

/// The page of the link in the confirmation mail. Mail scanners open links, so confirming takes a
/// click on the button.
#[handler]
pub async fn email_page(visit: Visit) -> Result<Response> {
    let key = visit.query.last("key").unwrap_or_default();
    let facts = context! {
        title => "Confirm your e-mail address",
        text => "Click the button to confirm the address.",
        action => "/auth/email/confirm",
        fields => vec![context! { name => "key", value => key }],
        button => "Confirm address",
    };
    visit.show(Page::new("confirm.html", facts)).await
}

#[handler]
pub async fn confirm_email(visit: Visit) -> Result<Response> {
    let permit = visit.allow::<VerifyEmail>().await?;
    match verify_email(&permit, visit.typed("key")).await {
        Ok(_) => Ok(go(match visit.user() {
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
                    "E-mail address not confirmed",
                    &why,
                )
                .await
        }
        Err(error) => Err(error),
    }
}
