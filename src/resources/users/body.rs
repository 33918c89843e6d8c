//! Users at the REST door.
use poem::{Request, web::Data};
use poem_openapi::{Object, OpenApi, param::Path, types::Any};
use serde::Serialize;
use serde_json::Value;

use super::{
    ChangeEmail, Changes, Delete, DeleteAccount, DeleteSubsonicToken, Email, Login, Logout, Me,
    PermissionsBody, QuotaStatus, Retrieve, RotateSubsonicToken, Settings, SubsonicToken, Update,
    User, UserPrivacy, Viewer, change_email, delete, delete_subsonic_token, quota, retrieve,
    rotate_subsonic_token, session, sql, store_settings, update, write::subsonic_token,
};
use crate::{
    auth::listening,
    context::{Cx, Reader},
    error::{Error, Result},
    guard::Allowed,
    load::Loaders,
    resources::{
        attachments::{Attachment, AttachmentBody},
        contents::{Content, ContentBody},
    },
    rest::{
        answer::{Answer, Gone, Plain},
        body::Body,
        form::Form,
    },
    time::Timestamp,
};

/// A user of this pod, as everybody may see them.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "User")]
struct UserBody {
    /// The number of the user.
    id: i64,
    /// The name to sign in with.
    username: String,
    /// The name with the pod's: `alice@pod.example`.
    full_username: String,
    /// The name to show.
    name: String,
    /// When the account was made.
    date_joined: Timestamp,
    /// The picture.
    avatar: Option<AttachmentBody>,
    /// What the user tells of themselves.
    summary: Option<ContentBody>,
}

/// Tokens that are made anew each time the account is shown.
#[derive(Debug, Serialize, Object)]
struct Tokens {
    /// For the parameter `token` of addresses of audio: it lasts three days, and only listens.
    listen: String,
}

/// The caller's own account.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Me")]
struct MeBody {
    /// The number of the user.
    id: i64,
    /// The name to sign in with.
    username: String,
    /// The name with the pod's: `alice@pod.example`.
    full_username: String,
    /// The name to show.
    name: String,
    /// The e-mail address.
    email: String,
    /// Whether the account looks after the pod.
    is_staff: bool,
    /// Whether the account may do everything.
    is_superuser: bool,
    /// Privileges beside the common ones.
    permissions: PermissionsBody,
    /// When the account was made.
    date_joined: Timestamp,
    /// Who may see what the user does.
    privacy_level: UserPrivacy,
    /// The picture.
    avatar: Option<AttachmentBody>,
    /// The room for uploads.
    quota_status: QuotaStatus,
    /// When to ask the user to support the pod; null: never.
    instance_support_message_display_date: Option<Timestamp>,
    /// When to ask the user to support the project; null: never.
    funkwhale_support_message_display_date: Option<Timestamp>,
    /// What the user tells of themselves.
    summary: Option<ContentBody>,
    /// Tokens for addresses.
    tokens: Tokens,
    /// What clients keep for the user.
    settings: Option<Any<Value>>,
}

/// A profile that was changed.
#[derive(Debug, Serialize, Object)]
struct ProfileBody {
    /// The name to show.
    name: String,
    /// Who may see what the user does.
    privacy_level: UserPrivacy,
    /// When to ask the user to support the pod; null: never.
    instance_support_message_display_date: Option<Timestamp>,
    /// When to ask the user to support the project; null: never.
    funkwhale_support_message_display_date: Option<Timestamp>,
    /// What the user tells of themselves.
    summary: Option<ContentBody>,
    /// The picture.
    avatar: Option<AttachmentBody>,
}

/// The token of Subsonic players.
#[derive(Debug, Serialize, Object)]
struct SubsonicTokenBody {
    /// The token; null where there is none.
    subsonic_api_token: Option<String>,
}

impl SubsonicTokenBody {
    fn of(subsonic_api_token: Option<String>) -> Self {
        Self { subsonic_api_token }
    }
}

/// A name or an e-mail address, and a password.
#[derive(Debug, Object)]
struct LoginForm {
    /// The user's name or e-mail address.
    username: String,
    /// The password.
    password: String,
}

struct Parts {
    avatar: Option<AttachmentBody>,
    summary: Option<ContentBody>,
}

async fn parts(
    reader: &Reader,
    loaders: &Loaders,
    (avatar, summary): (Option<i64>, Option<i64>),
) -> Result<Parts> {
    let avatar = loaders.maybe::<Attachment>(avatar).await?;
    let summary = loaders.maybe::<Content>(summary).await?;
    Ok(Parts {
        avatar: avatar.map(|picture| picture.body(reader)),
        summary: summary.map(|text| text.body()),
    })
}

fn full_username(reader: &Reader, username: &str) -> String {
    format!("{username}@{}", reader.config().hostname())
}

async fn user_body(permit: &Allowed<Retrieve>, user: User) -> Result<UserBody> {
    let ids = (user.avatar_id, user.summary_id);
    let parts = parts(permit, permit.loaders(), ids).await?;
    Ok(UserBody {
        id: user.id,
        full_username: full_username(permit, &user.username),
        username: user.username,
        name: user.name,
        date_joined: user.date_joined,
        avatar: parts.avatar,
        summary: parts.summary,
    })
}

async fn me(reader: &Reader, loaders: &Loaders) -> Result<MeBody> {
    let viewer = sql::viewer(reader, reader.db()).await?;
    let parts = parts(reader, loaders, (viewer.avatar_id, viewer.summary_id)).await?;
    let quota_status = quota::status(reader, &viewer).await?;
    let now = reader.clock().now();
    Ok(MeBody {
        id: viewer.id,
        full_username: full_username(reader, &viewer.username),
        username: viewer.username,
        name: viewer.name,
        email: viewer.email,
        is_staff: viewer.is_staff,
        is_superuser: viewer.is_superuser,
        permissions: reader.user()?.permissions.into(),
        date_joined: viewer.date_joined,
        privacy_level: viewer.privacy_level,
        avatar: parts.avatar,
        quota_status,
        instance_support_message_display_date: viewer.instance_support_message_display_date,
        funkwhale_support_message_display_date: viewer.funkwhale_support_message_display_date,
        summary: parts.summary,
        tokens: Tokens {
            listen: listening::sign(viewer.id, viewer.secret_key, now),
        },
        settings: viewer.settings.map(Any),
    })
}

async fn profile(reader: &Reader, loaders: &Loaders, viewer: Viewer) -> Result<ProfileBody> {
    let parts = parts(reader, loaders, (viewer.avatar_id, viewer.summary_id)).await?;
    Ok(ProfileBody {
        name: viewer.name,
        privacy_level: viewer.privacy_level,
        instance_support_message_display_date: viewer.instance_support_message_display_date,
        funkwhale_support_message_display_date: viewer.funkwhale_support_message_display_date,
        summary: parts.summary,
        avatar: parts.avatar,
    })
}

/// Any keys with any values.
#[derive(Debug, Object)]
#[oai(rename = "UserSettings")]
pub struct AnyKeys {
    /// Whatever clients keep.
    #[oai(flatten)]
    all: Any<Value>,
}

pub struct Rest;

#[OpenApi(prefix_path = "/api/v1/users")]
impl Rest {
    #[oai(path = "/me", method = "get")]
    async fn me(&self, permit: Allowed<Me>) -> Result<Answer<MeBody>> {
        me(&permit, permit.loaders()).await.map(Answer)
    }

    #[oai(path = "/users/me", method = "get")]
    async fn own(&self, permit: Allowed<Me>) -> Result<Answer<MeBody>> {
        me(&permit, permit.loaders()).await.map(Answer)
    }

    #[oai(path = "/me", method = "delete")]
    async fn delete(&self, permit: Allowed<Delete>, sure: Body<DeleteAccount>) -> Result<Gone> {
        delete(&permit, &sure.0).await.map(|()| Gone)
    }

    #[oai(path = "/users/me", method = "delete")]
    async fn delete_own(&self, permit: Allowed<Delete>, sure: Body<DeleteAccount>) -> Result<Gone> {
        delete(&permit, &sure.0).await.map(|()| Gone)
    }

    #[oai(path = "/settings", method = "post")]
    async fn settings(
        &self,
        permit: Allowed<Settings>,
        new: Body<AnyKeys>,
    ) -> Result<Answer<Any<Value>>> {
        let Value::Object(keys) = new.0.all.0 else {
            return Err(Error::field("non_field_errors", "Send an object."));
        };
        store_settings(&permit, keys)
            .await
            .map(|all| Answer(Any(all)))
    }

    #[oai(path = "/change-email", method = "post")]
    async fn change_email(&self, permit: Allowed<Email>, new: Body<ChangeEmail>) -> Result<Gone> {
        change_email(&permit, &new.0).await.map(|()| Gone)
    }

    #[oai(path = "/login", method = "post")]
    async fn login(
        &self,
        permit: Allowed<Login>,
        cx: Data<&Cx>,
        request: &Request,
        form: Form<LoginForm>,
    ) -> Plain<String> {
        Plain::of(session::signed_in(&cx, &permit, request, &form.0).await)
    }

    #[oai(path = "/logout", method = "post")]
    async fn logout(&self, permit: Allowed<Logout>, request: &Request) -> Plain<String> {
        Plain::of(session::signed_out(&permit, request).await)
    }

    #[oai(path = "/:username", method = "get")]
    async fn retrieve(
        &self,
        permit: Allowed<Retrieve>,
        username: Path<String>,
    ) -> Result<Answer<UserBody>> {
        let user = retrieve(&permit, &username).await?;
        user_body(&permit, user).await.map(Answer)
    }

    #[oai(path = "/:username", method = "put")]
    async fn replace(
        &self,
        permit: Allowed<Update>,
        username: Path<String>,
        changes: Body<Changes>,
    ) -> Result<Answer<ProfileBody>> {
        let viewer = update(&permit, &username, changes.0).await?;
        profile(&permit, permit.loaders(), viewer).await.map(Answer)
    }

    #[oai(path = "/:username", method = "patch")]
    async fn update(
        &self,
        permit: Allowed<Update>,
        username: Path<String>,
        changes: Body<Changes>,
    ) -> Result<Answer<ProfileBody>> {
        let viewer = update(&permit, &username, changes.0).await?;
        profile(&permit, permit.loaders(), viewer).await.map(Answer)
    }

    #[oai(path = "/:username/subsonic-token", method = "get")]
    async fn subsonic_token(
        &self,
        permit: Allowed<SubsonicToken>,
        username: Path<String>,
    ) -> Result<Answer<SubsonicTokenBody>> {
        let token = subsonic_token(&permit, &username).await?;
        Ok(Answer(SubsonicTokenBody::of(token)))
    }

    #[oai(path = "/:username/subsonic-token", method = "post")]
    async fn rotate_subsonic_token(
        &self,
        permit: Allowed<RotateSubsonicToken>,
        username: Path<String>,
    ) -> Result<Answer<SubsonicTokenBody>> {
        let token = rotate_subsonic_token(&permit, Some(&username)).await?;
        Ok(Answer(SubsonicTokenBody::of(Some(token))))
    }

    #[oai(path = "/:username/subsonic-token", method = "delete")]
    async fn delete_subsonic_token(
        &self,
        permit: Allowed<DeleteSubsonicToken>,
        username: Path<String>,
    ) -> Result<Gone> {
        delete_subsonic_token(&permit, Some(&username))
            .await
            .map(|()| Gone)
    }
}
