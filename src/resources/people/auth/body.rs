//! The REST endpoints of sign-up and passwords.
use poem::{Request, Response, http::StatusCode};
use poem_openapi::{Object, param::Path};
use serde::Serialize;

use super::{
    ChangePassword, ConfirmationPage, NewAccount, PasswordChange, PasswordReset, Register,
    RequestReset, Reset, UpdateUser, UserDetails, VerifyEmail, change_password, register,
    request_reset, reset, same_name, verify_email,
};
use crate::{
    accounts::{sessions, sign_up::Outcome},
    auth::{browser, csrf},
    context::{Cx, Reader},
    error::Result,
    guard::Allowed,
    resources::people::users,
    rest::{
        answer::{Answer, Plain, Redirect},
        body::Body,
        standard::routes,
    },
};

/// Confirmation message.
#[derive(Debug, Serialize, Object)]
struct Done {
    /// The message, for people.
    detail: String,
}

fn done(detail: &str) -> Done {
    Done {
        detail: detail.to_owned(),
    }
}

/// Key from a confirmation mail.
#[derive(Debug, Object)]
struct Key {
    /// Key from the mail.
    key: String,
}

/// Email address of an account.
#[derive(Debug, Object)]
struct Address {
    /// Email address.
    email: String,
}

/// Your username, display name and email address.
#[derive(Debug, Serialize, Object)]
struct UserDetailsBody {
    /// Numeric ID of the user.
    pk: i64,
    /// Username.
    username: String,
    /// Email address; empty if the account has none.
    email: String,
    /// Display name.
    first_name: String,
    /// Always empty: `first_name` is the whole display name.
    last_name: String,
}

/// Fields to update.
#[derive(Debug, Object)]
struct UserDetailsChanges {
    /// Username. Cannot be changed: must be your own, if given.
    username: Option<String>,
    /// First part of the display name.
    first_name: Option<String>,
    /// Second part of the display name, appended after a space.
    last_name: Option<String>,
}

async fn verified(permit: &Allowed<VerifyEmail>, key: Key) -> Result<Done> {
    verify_email(permit, &key.key).await?;
    Ok(done("ok"))
}

async fn reset_requested(permit: &Allowed<RequestReset>, address: Address) -> Result<Done> {
    request_reset(permit, &address.email).await?;
    Ok(done("Password reset e-mail has been sent."))
}

async fn reset_done(permit: &Allowed<Reset>, new: PasswordReset) -> Result<Done> {
    reset(permit, new).await?;
    Ok(done("Password has been reset with the new password."))
}

async fn changed(permit: &Allowed<ChangePassword>, new: PasswordChange) -> Result<Done> {
    change_password(permit, new).await?;
    Ok(done("New password has been saved."))
}

async fn details(reader: &Reader) -> Result<UserDetailsBody> {
    let viewer = users::viewer(reader, reader.db()).await?;
    Ok(UserDetailsBody {
        pk: viewer.id,
        username: viewer.username,
        email: viewer.email,
        first_name: viewer.name,
        last_name: String::new(),
    })
}

async fn rename(
    permit: &Allowed<UpdateUser>,
    changes: UserDetailsChanges,
) -> Result<UserDetailsBody> {
    same_name(permit, changes.username.as_deref())?;
    let parts: Vec<String> = [changes.first_name, changes.last_name]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    if !parts.is_empty() {
        let name = users::Changes {
            name: Some(parts.join(" ")),
            ..users::Changes::default()
        };
        let mut tx = permit.begin().await?;
        users::change(&mut tx, permit, name).await?;
        tx.commit().await?;
    }
    details(permit).await
}

/// Opens a session only for requests from a page of this pod or from a script: a form on another
/// site could sign its visitors in to an account that is not theirs.
async fn registered(
    permit: &Allowed<Register>,
    cx: &Cx,
    request: &Request,
    new: NewAccount,
) -> Result<Response> {
    let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
    let outcome = register(permit, &new.into()).await?;
    let kind = request.content_type().unwrap_or_default();
    let is_script = kind.to_ascii_lowercase().starts_with("application/json");
    let is_genuine = browser::is_own_origin(permit.app(), request.headers())
        && (is_script || csrf::is_genuine(request, None));
    if let Outcome::Ready(user) = outcome
        && is_genuine
    {
        let session = sessions::open_first(permit.app(), user, cx.client()).await?;
        browser::set_session(permit.app(), &mut response, &session);
    }
    Ok(response)
}

routes! {
    "/api/v1/auth";
    verify_email: VerifyEmail = post "/registration/verify-email" {key: Key} -> Answer<Done> => verified;
    password_reset: RequestReset = post "/password/reset" {address: Address} -> Answer<Done> => reset_requested;
    password_reset_confirm: Reset = post "/password/reset/confirm" {new: PasswordReset} -> Answer<Done> => reset_done;
    password_change: ChangePassword = post "/password/change" {new: PasswordChange} -> Answer<Done> => changed;
    registration_password_change: ChangePassword = post "/registration/change-password" {new: PasswordChange} -> Answer<Done> => changed;
    user: UserDetails = get "/user" -> Answer<UserDetailsBody> => details;
    replace_user: UpdateUser = put "/user" {changes: UserDetailsChanges} -> Answer<UserDetailsBody> => rename;
    update_user: UpdateUser = patch "/user" {changes: UserDetailsChanges} -> Answer<UserDetailsBody> => rename;
    {
        #[oai(path = "/registration", method = "post")]
        async fn register(
            &self,
            permit: Allowed<Register>,
            cx: poem::web::Data<&Cx>,
            request: &Request,
            new: Body<NewAccount>,
        ) -> Plain<String> {
            Plain::of(registered(&permit, &cx, request, new.0).await)
        }

        #[oai(path = "/registration/account-confirm-email/:key", method = "get")]
        async fn confirmation_page(
            &self,
            _permit: Allowed<ConfirmationPage>,
            key: Path<String>,
        ) -> Redirect {
            let key: String = url::form_urlencoded::byte_serialize(key.as_bytes()).collect();
            Redirect(format!("/auth/email/confirm?key={key}"))
        }
    }
}
