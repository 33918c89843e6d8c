//! The REST endpoints of sign-up and passwords.
use poem::{Request, Response, http::StatusCode};
use poem_openapi::{Object, OpenApi, param::Path};
use serde::Serialize;

use super::{
    ChangePassword, ConfirmationPage, NewAccount, PasswordChange, PasswordReset, Register,
    RequestReset, Reset, UpdateUser, UserDetails, VerifyEmail, change_password, register,
    request_reset, reset, same_name, verify_email,
};
use crate::{
    accounts::{sessions, sign_up::Outcome},
    auth::csrf,
    context::{Cx, Reader},
    error::Result,
    guard::Allowed,
    resources::users,
    rest::{
        answer::{Answer, Plain, Redirect},
        body::Body,
        cookies,
        form::FORM,
    },
};

/// Confirmation message.
#[derive(Debug, Serialize, Object)]
struct Done {
    /// The message, for people.
    detail: String,
}

fn done(detail: &str) -> Answer<Done> {
    Answer(Done {
        detail: detail.to_owned(),
    })
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
    let form = request
        .content_type()
        .is_some_and(|kind| kind.starts_with(FORM));
    if let Outcome::Ready(user) = outcome
        && (!form || csrf::is_genuine(request, None))
    {
        let session = sessions::open(permit.app(), user, cx.client()).await?;
        cookies::set_session(permit.app(), &mut response, &session);
    }
    Ok(response)
}

pub struct Rest;

#[OpenApi(prefix_path = "/api/v1/auth")]
impl Rest {
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

    #[oai(path = "/registration/verify-email", method = "post")]
    async fn verify_email(
        &self,
        permit: Allowed<VerifyEmail>,
        key: Body<Key>,
    ) -> Result<Answer<Done>> {
        verify_email(&permit, &key.0.key).await?;
        Ok(done("ok"))
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

    #[oai(path = "/password/reset", method = "post")]
    async fn password_reset(
        &self,
        permit: Allowed<RequestReset>,
        address: Body<Address>,
    ) -> Result<Answer<Done>> {
        request_reset(&permit, &address.0.email).await?;
        Ok(done("Password reset e-mail has been sent."))
    }

    #[oai(path = "/password/reset/confirm", method = "post")]
    async fn password_reset_confirm(
        &self,
        permit: Allowed<Reset>,
        new: Body<PasswordReset>,
    ) -> Result<Answer<Done>> {
        reset(&permit, &new.0).await?;
        Ok(done("Password has been reset with the new password."))
    }

    #[oai(path = "/password/change", method = "post")]
    async fn password_change(
        &self,
        permit: Allowed<ChangePassword>,
        new: Body<PasswordChange>,
    ) -> Result<Answer<Done>> {
        change_password(&permit, &new.0).await?;
        Ok(done("New password has been saved."))
    }

    #[oai(path = "/registration/change-password", method = "post")]
    async fn registration_password_change(
        &self,
        permit: Allowed<ChangePassword>,
        new: Body<PasswordChange>,
    ) -> Result<Answer<Done>> {
        change_password(&permit, &new.0).await?;
        Ok(done("New password has been saved."))
    }

    #[oai(path = "/user", method = "get")]
    async fn user(&self, permit: Allowed<UserDetails>) -> Result<Answer<UserDetailsBody>> {
        details(&permit).await.map(Answer)
    }

    #[oai(path = "/user", method = "put")]
    async fn replace_user(
        &self,
        permit: Allowed<UpdateUser>,
        changes: Body<UserDetailsChanges>,
    ) -> Result<Answer<UserDetailsBody>> {
        rename(&permit, changes.0).await.map(Answer)
    }

    #[oai(path = "/user", method = "patch")]
    async fn update_user(
        &self,
        permit: Allowed<UpdateUser>,
        changes: Body<UserDetailsChanges>,
    ) -> Result<Answer<UserDetailsBody>> {
        rename(&permit, changes.0).await.map(Answer)
    }
}
