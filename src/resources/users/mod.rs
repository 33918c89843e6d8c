//! Users: what somebody is told and may change of their own account, and what others see of it
//! (contract section 8).
mod body;
mod graphql;
mod quota;
mod session;
mod sql;
mod write;

use async_graphql::SimpleObject;
use poem_openapi::Object;
use serde::Serialize;
use serde_json::Value;
use sqlx::FromRow;

pub use self::{
    body::Rest,
    graphql::{Mutations, Queries},
    quota::QuotaStatus,
    sql::{retrieve, summary, viewer},
    write::{
        ChangeEmail, Changes, DeleteAccount, change, change_email, delete, delete_subsonic_token,
        rotate_subsonic_token, store_settings, update,
    },
};
use crate::{guard::operations, rest::params::choices, scope::Permissions, time::Timestamp};

operations! {
    "users";
    /// Shows the caller's own account.
    me: Me = read Profile, anonymous = Never, throttle = Wildcard, graphql = "viewer";
    /// Takes the caller's account away, with all that belongs to it: libraries, uploads, channels, playlists, favorites, history. The password must be sent along. Nobody can bring it back.
    delete: Delete = write Profile, anonymous = Never, throttle = PasswordChange, graphql = "Mutation.deleteAccount";
    /// Shows what everybody may know of a user.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "user";
    /// Changes the caller's profile; what is not sent stays.
    update: Update = write Profile, anonymous = Never, throttle = Update, graphql = "Mutation.updateUser";
    /// Puts keys into the settings that clients keep for the caller, up to 64 KiB of them; answers all of them.
    settings: Settings = write Profile, anonymous = Never, throttle = Wildcard, graphql = "Mutation.updateSettings";
    /// Shows the token with which Subsonic players act for the caller.
    subsonic_token: SubsonicToken = read Security, anonymous = Never, throttle = Wildcard, graphql = "Viewer.subsonicToken";
    /// Makes a new token for Subsonic players; the old one stops at once.
    rotate_subsonic_token: RotateSubsonicToken = write Security, anonymous = Never, throttle = Wildcard, graphql = "Mutation.rotateSubsonicToken";
    /// Takes the token for Subsonic players away.
    delete_subsonic_token: DeleteSubsonicToken = write Security, anonymous = Never, throttle = Wildcard, graphql = "Mutation.deleteSubsonicToken";
    /// Sends a mail to a new e-mail address; it is the account's once the link in the mail was followed.
    change_email: Email = write Security, anonymous = Never, throttle = VerifyEmail, graphql = "Mutation.changeEmail";
    /// Signs a browser in: sets the cookies `sessionid` and `csrftoken`. The header `X-CSRFToken` must repeat the `csrftoken` that the browser already has.
    login: Login = act, anonymous = Always, throttle = Login, graphql = "(sessions are of browsers: it sets cookies)";
    /// Signs a browser out.
    logout: Logout = act, anonymous = Always, throttle = Never, graphql = "(sessions are of browsers: it takes cookies away)";
}

choices! {
    /// Who may see what somebody does: favorites, history, new playlists.
    pub enum UserPrivacy {
        /// Nobody else.
        Me = "me",
        /// Followers.
        Followers = "followers",
        /// Everybody of this pod.
        Instance = "instance",
        /// Everybody.
        Everyone = "everyone",
    }
}

/// A user of this pod, as everybody may see them.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct User {
    /// The number of the row, unique among users.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// The name to sign in with.
    pub username: String,
    /// The name to show.
    pub name: String,
    /// When the account was made.
    pub date_joined: Timestamp,
    #[graphql(skip)]
    pub avatar_id: Option<i64>,
    #[graphql(skip)]
    pub summary_id: Option<i64>,
}

/// The caller's own account.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Viewer {
    /// The number of the row, unique among users.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// The name to sign in with.
    pub username: String,
    /// The name to show.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// Whether the e-mail address is confirmed.
    pub email_verified: bool,
    /// Whether the account looks after the pod.
    pub is_staff: bool,
    /// Whether the account may do everything.
    pub is_superuser: bool,
    /// When the account was made.
    pub date_joined: Timestamp,
    /// Who may see what the user does.
    pub privacy_level: UserPrivacy,
    /// When to ask the user to support the pod; null: never.
    pub instance_support_message_display_date: Option<Timestamp>,
    /// When to ask the user to support the project; null: never.
    pub funkwhale_support_message_display_date: Option<Timestamp>,
    #[graphql(skip)]
    pub avatar_id: Option<i64>,
    #[graphql(skip)]
    pub summary_id: Option<i64>,
    #[graphql(skip)]
    pub secret_key: uuid::Uuid,
    #[graphql(skip)]
    pub upload_quota: Option<i64>,
    #[graphql(skip)]
    pub subsonic_api_token: Option<String>,
    #[graphql(skip)]
    #[sqlx(json(nullable))]
    pub settings: Option<Value>,
}

/// Privileges beside the common ones.
#[derive(Clone, Copy, Debug, Serialize, Object, SimpleObject)]
#[graphql(name = "UserPermissions")]
#[oai(rename = "UserPermissions")]
pub struct PermissionsBody {
    /// Looking after the catalogue.
    library: bool,
    /// Looking after what people do.
    moderation: bool,
    /// Looking after the pod: its settings, its users.
    settings: bool,
}

impl From<Permissions> for PermissionsBody {
    fn from(held: Permissions) -> Self {
        Self {
            library: held.library,
            moderation: held.moderation,
            settings: held.settings,
        }
    }
}
