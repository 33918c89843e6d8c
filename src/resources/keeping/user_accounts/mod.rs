//! The accounts of the pod, for administrators.
mod body;
pub mod graphql;
mod write;

use async_graphql::SimpleObject;
use sqlx::FromRow;

pub use self::{
    body::{AccountBody, BriefAccount, Rest, bodies, brief},
    write::{AccountChanges, NOT_HELD, PermissionChanges, update},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::{Allowed, operations},
    load::{Entity, entity},
    resources::people::users::UserPrivacy,
    rest::{
        page::ListQuery,
        params::{filter, ordering},
    },
    scope::Permissions,
    store::{
        Sql,
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
        text::{WORDS, containing},
    },
    time::Timestamp,
};

operations! {
    "user_accounts", "The accounts of the pod, which administrators manage.";
    /// Lists the accounts of the pod.
    ///
    /// Also those that were deactivated or wait for approval. Newest first by default.
    list: List = read InstanceUsers, anonymous = Never, throttle = List, graphql = "userAccounts", params = Query;
    /// Returns an account of the pod.
    ///
    /// Unknown IDs are answered with 404.
    retrieve: Retrieve = read InstanceUsers, anonymous = Never, throttle = Retrieve, graphql = "userAccount";
    /// Changes an account of the pod.
    ///
    /// Its name, quota and permissions, and whether it can be used. Fields that are not sent keep their
    /// values. What belongs to a superuser, and who is one, only superusers change; others are answered
    /// with 403. You cannot deactivate your own account, nor take from it what you need to come back:
    /// then the answer is 400. Unknown IDs are answered with 404.
    update: Update = write InstanceUsers, anonymous = Never, throttle = Update, graphql = "Mutation.updateUserAccount";
}

pub type Query = ListQuery<UserAccountFilter, UserAccountOrder>;

/// An account of the pod, as administrators see it.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct UserAccount {
    /// Numeric ID of the user.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// Username, used for signing in.
    pub username: String,
    /// Email address; empty if there is none.
    pub email: String,
    /// Whether the email address is confirmed.
    pub email_verified: bool,
    /// Display name.
    pub name: String,
    /// Whether the account can be used.
    pub is_active: bool,
    /// Whether the account belongs to the pod's staff.
    pub is_staff: bool,
    /// Whether the account is a superuser, who holds every permission.
    pub is_superuser: bool,
    /// Time at which the account was created.
    pub date_joined: Timestamp,
    /// Time at which the account was last used; null: never.
    pub last_activity: Option<Timestamp>,
    /// Who can see the user's favorites and listening history.
    pub privacy_level: UserPrivacy,
    /// Megabytes that the user can upload; null: as the pod's setting says.
    pub upload_quota: Option<i64>,
    #[graphql(skip)]
    pub permission_library: bool,
    #[graphql(skip)]
    pub permission_moderation: bool,
    #[graphql(skip)]
    pub permission_settings: bool,
    #[graphql(skip)]
    pub actor_id: Option<i64>,
}

entity!(UserAccount in "users": "id, username, email, email_verified, name, is_active, is_staff, is_superuser,
    date_joined, last_activity, privacy_level, upload_quota, permission_library, permission_moderation,
    permission_settings, actor_id", upon [], weighs []);

impl UserAccount {
    /// What the user may do, also by what the pod allows everybody.
    fn permissions(&self, granted: Permissions) -> Permissions {
        let held = |own: bool, granted: bool| own || granted || self.is_superuser;
        Permissions {
            moderation: held(self.permission_moderation, granted.moderation),
            library: held(self.permission_library, granted.library),
            settings: held(self.permission_settings, granted.settings),
        }
    }
}

filter! {
    /// Filter for a list of accounts. An account must match all conditions.
    pub struct UserAccountFilter {
        /// Words that the username, the name or the email address must contain.
        q: Option<String>,
        /// `true`: only accounts that can be used.
        is_active: Option<bool>,
        /// `true`: only staff.
        is_staff: Option<bool>,
        /// `true`: only superusers.
        is_superuser: Option<bool>,
        /// `true`: only those with the permission `library` of their own.
        permission_library: Option<bool>,
        /// `true`: only those with the permission `moderation` of their own.
        permission_moderation: Option<bool>,
        /// `true`: only those with the permission `settings` of their own.
        permission_settings: Option<bool>,
        /// Only those with this privacy level.
        privacy_level: Option<UserPrivacy>,
    }
}

ordering! {
    /// Sort options for accounts.
    pub struct UserAccountOrder by UserAccountOrderField {
        /// Numeric ID.
        Id = "id",
        /// Username.
        Username = "username",
        /// Time at which the account was created.
        DateJoined = "date_joined",
        /// Time at which the account was last used.
        LastActivity = "last_activity",
    }
    others ignored
}

impl UserAccountOrder {
    fn keys(self) -> Vec<SortKey> {
        let down = self.direction.is_descending();
        let (column, kind) = match self.field {
            UserAccountOrderField::Id => ("u.id", KeyKind::Int),
            UserAccountOrderField::Username => ("u.username_folded", KeyKind::Text),
            UserAccountOrderField::DateJoined => ("u.date_joined", KeyKind::Time),
            UserAccountOrderField::LastActivity => {
                let never = "u.last_activity is null";
                return SortKey::nullable("u.last_activity", never, KeyKind::Time, down).into();
            }
        };
        vec![SortKey::new(sql(column), kind, down)]
    }
}

async fn listing(
    _: &Reader,
    filter: &UserAccountFilter,
    order: &[UserAccountOrder],
) -> Result<Listing> {
    let mut from = sql("from users u where true")
        .equal("u.is_active", filter.is_active)
        .equal("u.is_staff", filter.is_staff)
        .equal("u.is_superuser", filter.is_superuser)
        .equal("u.permission_library", filter.permission_library)
        .equal("u.permission_moderation", filter.permission_moderation)
        .equal("u.permission_settings", filter.permission_settings)
        .equal(
            "u.privacy_level",
            filter.privacy_level.map(UserPrivacy::word),
        );
    let words = filter.q.iter().flat_map(|q| q.split_whitespace());
    for word in words.take(WORDS) {
        from = from.and(holds(word));
    }
    let order = order.iter().flat_map(|order| order.keys());
    Ok(Listing::new(from, "u.id", order))
}

/// Condition: the username, the name or the email address contains a word.
fn holds(word: &str) -> Sql {
    sql(
        "(u.username_folded like ? escape '\\' or u.email_folded like ? escape '\\'
          or lower(u.name) like ? escape '\\')",
    )
    .bind(containing(word))
    .bind(containing(word))
    .bind(containing(word))
}

/// The newest accounts whose username, name or email address contains these words.
pub async fn search(permit: &Allowed<List>, q: &str, most: i64) -> Result<Vec<UserAccount>> {
    let filter = UserAccountFilter {
        q: Some(q.to_owned()),
        ..UserAccountFilter::default()
    };
    let all = listing(permit, &filter, &[]).await?;
    let ids = all.page(permit.db(), most, 0).await?;
    permit.loaders().owned::<UserAccount>(&ids).await
}

pub async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<UserAccount> {
    found(permit, key.number()?).await
}

async fn found(reader: &Reader, id: i64) -> Result<UserAccount> {
    let found = UserAccount::select().then(" where id = ?").bind(id);
    found.one(reader.db()).await
}
