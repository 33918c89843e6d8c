//! Users: the caller's own account, and the public profiles of users (contract section 8).
mod body;
pub mod graphql;
pub mod quota;
mod reference;
mod session;
mod sql;
mod write;

use std::sync::Arc;

use async_graphql::SimpleObject;
use poem_openapi::Object;
use serde::Serialize;
use serde_json::Value;
use sqlx::FromRow;
use tokio::sync::OnceCell;

pub use self::{
    body::Rest,
    quota::QuotaStatus,
    reference::{UserRef, refs},
    sql::{UserById, retrieve, summary, viewer},
    write::{
        ChangeEmail, Changes, DeleteAccount, change, change_email, delete, delete_subsonic_token,
        rotate_subsonic_token, store_settings, subsonic_token, update,
    },
};
use crate::{
    guard::{Allowed, operations},
    rest::params::choices,
    scope::Permissions,
    time::Timestamp,
};

operations! {
    "users", "Your account and its settings.";
    /// Returns your own account.
    ///
    /// Includes your permissions, upload quota and client settings, and a token for audio URLs that
    /// is valid for three days.
    me: Me = read Profile, anonymous = Never, throttle = Wildcard, graphql = "viewer";
    /// Deletes your own account permanently.
    ///
    /// Deletes your libraries, uploads, channels (with their artists, albums and tracks),
    /// playlists, favorites, listening history, applications, tokens and sessions. Other artists,
    /// albums and tracks stay in the catalogue. Your username cannot be registered again. Requires
    /// your password and `confirm: true`; otherwise the answer is 400.
    delete: Delete = write Profile, anonymous = Never, throttle = PasswordChange, graphql = "Mutation.deleteAccount";
    /// Returns a user's public profile.
    ///
    /// The username is not case-sensitive. Unknown usernames and deactivated accounts are answered
    /// with 404. Anonymous callers are answered with 401 if the pod requires authentication.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "user";
    /// Updates your own profile.
    ///
    /// Fields that are not sent keep their values. Another user's username is answered with 403,
    /// invalid values with 400.
    update: Update = write Profile, anonymous = Never, throttle = Update, graphql = "Mutation.updateUser";
    /// Updates your client settings.
    ///
    /// Settings are a JSON object in which clients keep what they like. Top-level keys that are
    /// sent are added or replaced; the others stay. Returns all settings. More than 64 KiB of JSON
    /// in total are answered with 400.
    settings: Settings = write Profile, anonymous = Never, throttle = Wildcard, graphql = "Mutation.updateSettings";
    /// Returns your Subsonic API token.
    ///
    /// The token is null if there is none. Another user's username is answered with 403.
    subsonic_token: SubsonicToken = read Security, anonymous = Never, throttle = Wildcard, graphql = "User.subsonicToken";
    /// Creates or replaces your Subsonic API token.
    ///
    /// The old token stops working immediately. Another user's username is answered with 403.
    rotate_subsonic_token: RotateSubsonicToken = write Security, anonymous = Never, throttle = Wildcard, graphql = "Mutation.rotateSubsonicToken";
    /// Deletes your Subsonic API token.
    ///
    /// The token stops working immediately. Another user's username is answered with 403.
    delete_subsonic_token: DeleteSubsonicToken = write Security, anonymous = Never, throttle = Wildcard, graphql = "Mutation.deleteSubsonicToken";
    /// Starts changing your email address.
    ///
    /// Sends a confirmation link, valid for three days, to the new address. Your address changes
    /// when the link is followed. A wrong password, an invalid address, and an address that belongs
    /// to another account are answered with 400.
    change_email: Email = write Security, anonymous = Never, throttle = VerifyEmail, graphql = "Mutation.changeEmail";
    /// Signs a browser in.
    ///
    /// Sets the cookies `sessionid` and `csrftoken`. The header `X-CSRFToken` must repeat the value
    /// of the `csrftoken` cookie that the browser already has, otherwise the answer is 403. Missing
    /// fields and wrong credentials are answered with 400.
    login: Login = act, anonymous = Always, throttle = Login, graphql = "(REST only: sets cookies)", wire = Plain;
    /// Signs a browser out.
    ///
    /// Ends the session and clears its cookies. Requires the header `X-CSRFToken` if there is a
    /// session (otherwise 403), and does nothing without one.
    logout: Logout = act, anonymous = Always, throttle = Never, graphql = "(REST only: clears cookies)", wire = Plain;
}

choices! {
    /// Who can see a user's favorites and listening history.
    pub enum UserPrivacy {
        /// Only the user.
        Me = "me",
        /// The user's followers.
        Followers = "followers",
        /// All users of this pod.
        Instance = "instance",
        /// Everyone, including anonymous callers.
        Everyone = "everyone",
    }
}

/// A user of this pod. What only the user may see of the account is null for others.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct User {
    /// Numeric ID, unique among users.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// Username, used for signing in.
    pub username: String,
    /// Display name.
    pub name: String,
    /// Time at which the account was created.
    pub date_joined: Timestamp,
    #[graphql(skip)]
    pub avatar_id: Option<i64>,
    #[graphql(skip)]
    pub summary_id: Option<i64>,
    #[graphql(skip)]
    pub actor_id: Option<i64>,
    /// The account, once the caller was found to be its owner and may see it.
    #[graphql(skip)]
    #[sqlx(skip)]
    account: Arc<OnceCell<Viewer>>,
}

/// The caller's own account.
#[derive(Clone, Debug, FromRow)]
pub struct Viewer {
    pub id: i64,
    pub username: String,
    pub name: String,
    /// Empty if the account has none.
    pub email: String,
    pub email_verified: bool,
    pub is_staff: bool,
    pub is_superuser: bool,
    pub date_joined: Timestamp,
    pub privacy_level: UserPrivacy,
    pub instance_support_message_display_date: Option<Timestamp>,
    pub funkwhale_support_message_display_date: Option<Timestamp>,
    pub avatar_id: Option<i64>,
    pub summary_id: Option<i64>,
    pub actor_id: Option<i64>,
    pub secret_key: uuid::Uuid,
    pub upload_quota: Option<i64>,
    pub subsonic_api_token: Option<String>,
    #[sqlx(json(nullable))]
    pub settings: Option<Value>,
}

impl User {
    /// A user with the whole account, which the permit allows to see.
    fn whole(_: &Allowed<Me>, account: Viewer) -> Self {
        let profile = Self::profile(&account);
        let account = Arc::new(OnceCell::new_with(Some(account)));
        Self { account, ..profile }
    }

    /// The profile of an account, without what only its owner may see.
    fn profile(account: &Viewer) -> Self {
        Self {
            id: account.id,
            username: account.username.clone(),
            name: account.name.clone(),
            date_joined: account.date_joined,
            avatar_id: account.avatar_id,
            summary_id: account.summary_id,
            actor_id: account.actor_id,
            account: Arc::default(),
        }
    }
}

/// Staff permissions of a user, including those that the pod gives to every user.
#[derive(Clone, Copy, Debug, Serialize, Object, SimpleObject)]
#[graphql(name = "UserPermissions")]
#[oai(rename = "UserPermissions")]
pub struct PermissionsBody {
    /// Can manage the catalogue: edits and libraries of the whole pod.
    library: bool,
    /// Can moderate: reports, sign-up requests, policies, remote accounts and domains.
    moderation: bool,
    /// Can manage the pod's settings, users and invitations.
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
