//! The REST endpoints of users.
use poem::{Request, web::Data};
use poem_openapi::{Object, types::Any};
use serde::Serialize;
use serde_json::Value;

use super::{
    ChangeEmail, Changes, Delete, DeleteAccount, DeleteSubsonicToken, Email, Login, Logout, Me,
    PermissionsBody, QuotaStatus, Retrieve, RotateSubsonicToken, Settings, SubsonicToken, Update,
    UserPrivacy, change_email, delete, delete_subsonic_token, quota, retrieve,
    rotate_subsonic_token, session, sql, store_settings, update,
    write::{is_own, subsonic_token},
};
use crate::{
    auth::listening,
    context::{Cx, Reader},
    error::{Error, Result},
    guard::Allowed,
    load::Loaders,
    resources::library::{
        attachments::{Attachment, AttachmentBody},
        contents::{Content, ContentBody},
    },
    rest::{
        answer::{Answer, NoContent, Plain},
        form::Form,
        standard::routes,
    },
    time::Timestamp,
};

/// Public profile of a user of this pod.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "User")]
struct UserBody {
    /// Numeric ID of the user.
    id: i64,
    /// Username, used for signing in.
    username: String,
    /// Username with the pod's hostname, such as `alice@pod.example`.
    full_username: String,
    /// Display name.
    name: String,
    /// Time at which the account was created.
    date_joined: Timestamp,
    /// Avatar picture; null if there is none.
    avatar: Option<AttachmentBody>,
    /// The user's description of themselves; null if there is none.
    summary: Option<ContentBody>,
}

/// Tokens that are created for each response.
#[derive(Debug, Serialize, Object)]
struct Tokens {
    /// Token for the `token` query parameter of audio URLs. Valid for three days, or until the
    /// password changes. Gives access to audio only.
    listen: String,
}

/// Your own account.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Me")]
struct MeBody {
    /// Numeric ID of the user.
    id: i64,
    /// Username, used for signing in.
    username: String,
    /// Username with the pod's hostname, such as `alice@pod.example`.
    full_username: String,
    /// Display name.
    name: String,
    /// Email address; empty if the account has none.
    email: String,
    /// Whether the account belongs to the pod's staff.
    is_staff: bool,
    /// Whether the account is a superuser, who holds every permission.
    is_superuser: bool,
    /// Staff permissions, including those that the pod gives to every user.
    permissions: PermissionsBody,
    /// Time at which the account was created.
    date_joined: Timestamp,
    /// Who can see the user's favorites and listening history.
    privacy_level: UserPrivacy,
    /// Avatar picture; null if there is none.
    avatar: Option<AttachmentBody>,
    /// Upload quota and its use.
    quota_status: QuotaStatus,
    /// When clients may next ask the user to support the pod; null: never.
    instance_support_message_display_date: Option<Timestamp>,
    /// When clients may next ask the user to support the Funkwhale project; null: never.
    funkwhale_support_message_display_date: Option<Timestamp>,
    /// The user's description of themselves; null if there is none.
    summary: Option<ContentBody>,
    /// Tokens for use in URLs.
    tokens: Tokens,
    /// Client settings: a JSON object; null if nothing was stored.
    settings: Option<Any<Value>>,
}

/// Profile after an update.
#[derive(Debug, Serialize, Object)]
struct ProfileBody {
    /// Display name.
    name: String,
    /// Who can see the user's favorites and listening history.
    privacy_level: UserPrivacy,
    /// When clients may next ask the user to support the pod; null: never.
    instance_support_message_display_date: Option<Timestamp>,
    /// When clients may next ask the user to support the Funkwhale project; null: never.
    funkwhale_support_message_display_date: Option<Timestamp>,
    /// The user's description of themselves; null if there is none.
    summary: Option<ContentBody>,
    /// Avatar picture; null if there is none.
    avatar: Option<AttachmentBody>,
}

/// Subsonic API token.
#[derive(Debug, Serialize, Object)]
struct SubsonicTokenBody {
    /// Subsonic API token; null if there is none.
    subsonic_api_token: Option<String>,
}

impl SubsonicTokenBody {
    fn of(subsonic_api_token: Option<String>) -> Self {
        Self { subsonic_api_token }
    }
}

/// Credentials to sign in with.
#[derive(Debug, Object)]
struct LoginForm {
    /// Username or email address.
    username: String,
    /// Password.
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

async fn shown(permit: &Allowed<Retrieve>, username: &str) -> Result<UserBody> {
    let user = retrieve(permit, username).await?;
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

async fn me(permit: &Allowed<Me>) -> Result<MeBody> {
    let viewer = sql::viewer(permit, permit.db()).await?;
    let ids = (viewer.avatar_id, viewer.summary_id);
    let parts = parts(permit, permit.loaders(), ids).await?;
    let quota_status = quota::status(permit, &viewer).await?;
    let now = permit.clock().now();
    Ok(MeBody {
        id: viewer.id,
        full_username: full_username(permit, &viewer.username),
        username: viewer.username,
        name: viewer.name,
        email: viewer.email,
        is_staff: viewer.is_staff,
        is_superuser: viewer.is_superuser,
        permissions: permit.user()?.permissions.into(),
        date_joined: viewer.date_joined,
        privacy_level: viewer.privacy_level,
        avatar: parts.avatar,
        quota_status,
        instance_support_message_display_date: viewer.instance_support_message_display_date,
        funkwhale_support_message_display_date: viewer.funkwhale_support_message_display_date,
        summary: parts.summary,
        tokens: Tokens {
            listen: listening::sign(permit.user()?, viewer.secret_key, now),
        },
        settings: viewer.settings.map(Any),
    })
}

async fn updated(
    permit: &Allowed<Update>,
    username: &str,
    changes: Changes,
) -> Result<ProfileBody> {
    is_own(permit, username)?;
    let viewer = update(permit, changes).await?;
    let ids = (viewer.avatar_id, viewer.summary_id);
    let parts = parts(permit, permit.loaders(), ids).await?;
    Ok(ProfileBody {
        name: viewer.name,
        privacy_level: viewer.privacy_level,
        instance_support_message_display_date: viewer.instance_support_message_display_date,
        funkwhale_support_message_display_date: viewer.funkwhale_support_message_display_date,
        summary: parts.summary,
        avatar: parts.avatar,
    })
}

/// Client settings: any keys with any JSON values.
#[derive(Debug, Object)]
#[oai(rename = "UserSettings")]
pub struct AnyKeys {
    /// All keys of the object.
    #[oai(flatten)]
    all: Any<Value>,
}

async fn settings(permit: &Allowed<Settings>, new: AnyKeys) -> Result<Any<Value>> {
    let Value::Object(keys) = new.all.0 else {
        return Err(Error::field("non_field_errors", "Expected a JSON object."));
    };
    store_settings(permit, keys).await.map(Any)
}

async fn own_token(permit: &Allowed<SubsonicToken>, username: &str) -> Result<SubsonicTokenBody> {
    is_own(permit, username)?;
    Ok(SubsonicTokenBody::of(subsonic_token(permit).await?))
}

async fn rotated_token(
    permit: &Allowed<RotateSubsonicToken>,
    username: &str,
) -> Result<SubsonicTokenBody> {
    is_own(permit, username)?;
    let token = rotate_subsonic_token(permit).await?;
    Ok(SubsonicTokenBody::of(Some(token)))
}

async fn deleted_token(permit: &Allowed<DeleteSubsonicToken>, username: &str) -> Result<()> {
    is_own(permit, username)?;
    delete_subsonic_token(permit).await
}

routes! {
    "/api/v1/users";
    me: Me = get "/me" -> Answer<MeBody>;
    own: Me = get "/users/me" -> Answer<MeBody> => me;
    delete: Delete = delete "/me" {sure: DeleteAccount} -> NoContent;
    delete_own: Delete = delete "/users/me" {sure: DeleteAccount} -> NoContent => delete;
    settings: Settings = post "/settings" {new: AnyKeys} -> Answer<Any<Value>>;
    change_email: Email = post "/change-email" {new: ChangeEmail} -> NoContent;
    retrieve: Retrieve = get "/:username" <username> -> Answer<UserBody> => shown;
    replace: Update = put "/:username" <username> {changes: Changes} -> Answer<ProfileBody> => updated;
    update: Update = patch "/:username" <username> {changes: Changes} -> Answer<ProfileBody> => updated;
    subsonic_token: SubsonicToken = get "/:username/subsonic-token" <username> -> Answer<SubsonicTokenBody> => own_token;
    delete_subsonic_token: DeleteSubsonicToken = delete "/:username/subsonic-token" <username> -> NoContent => deleted_token;
    rotate_subsonic_token: RotateSubsonicToken = post "/:username/subsonic-token" <username> -> Answer<SubsonicTokenBody> => rotated_token;
    {
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
    }
}
