//! Changing accounts.
use poem_openapi::{Object, types::MaybeUndefined};
use serde::Serialize;
use serde_json::{Map, Value, to_value};

use super::{Update, UserAccount, found};
use crate::{
    audit::given,
    error::{Error, Result},
    graphql::ids::Key,
    guard::Allowed,
    resources::checks::{plain, shorter},
    scope::Permissions,
    store::{Tx, sql, text::clean},
};

/// Maximum number of characters of a name.
const NAME: usize = 255;
/// The largest quota: a petabyte, in megabytes.
const QUOTA: i64 = 1_000_000_000;

pub const NOT_HELD: &str = "You can only give permissions that you have.";

/// What to change of an account. Fields that are not given keep their values.
#[derive(Debug, Default, Object)]
#[oai(rename = "UserAccountChanges")]
pub struct AccountChanges {
    /// Display name, at most 255 characters.
    pub name: Option<String>,
    /// Whether the account can be used. Sessions and tokens of one that cannot be used are refused.
    pub is_active: Option<bool>,
    /// Whether the account belongs to the pod's staff.
    pub is_staff: Option<bool>,
    /// Whether the account is a superuser, who holds every permission.
    pub is_superuser: Option<bool>,
    /// Megabytes that the user can upload; null: as the pod's setting says.
    pub upload_quota: MaybeUndefined<i64>,
    /// Permissions of the account's own.
    pub permissions: Option<PermissionChanges>,
}

/// Permissions to give or to take. Those that are not given stay.
#[derive(Clone, Debug, Default, Object, Serialize, async_graphql::InputObject)]
#[graphql(name = "UserPermissionsInput")]
pub struct PermissionChanges {
    /// Can manage the catalogue: edits and libraries of the whole pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub library: Option<bool>,
    /// Can moderate: reports, sign-up requests, policies, remote accounts and domains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moderation: Option<bool>,
    /// Can manage the pod's settings, users and invitations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<bool>,
}

pub async fn update(
    permit: &Allowed<Update>,
    key: Key,
    changes: AccountChanges,
) -> Result<UserAccount> {
    changes.check()?;
    let id = key.number()?;
    let account = found(permit, id).await?;
    if changes.told() == Value::Null {
        return Ok(account);
    }
    let target = format!("user {}", account.username);
    let mut tx = permit.begin_deed(&target, changes.told()).await?;
    let me = permit.user()?.user_id;
    // The caller too: of two who take rights from each other at once, one does.
    let both = sql("select id from users where id in (?, ?)");
    tx.lock(both.bind(id).bind(me)).await?;
    let known: UserAccount = of_id(&mut tx, id).await?;
    let caller = of_id(&mut tx, me).await?;
    changes.may_be_made(&caller, &known)?;
    changes.gives_what_is_held(permit.user()?.permissions, &known)?;
    if changes
        .is_active
        .is_some_and(|active| active != known.is_active)
    {
        close_request(&mut tx, permit, &known).await?;
    }
    store(&mut tx, &changes.applied(known)).await?;
    tx.commit().await?;
    permit.app().credentials().forget_all();
    found(permit, id).await
}

/// An account that is opened or closed waits for nobody's approval any more.
async fn close_request(tx: &mut Tx, permit: &Allowed<Update>, known: &UserAccount) -> Result<()> {
    sql(
        "update user_requests set status = ?, handled_date = ?, assigned_to_id = ?
         where submitter_id = ? and status = 'pending'",
    )
    .bind(if known.is_active {
        "refused"
    } else {
        "approved"
    })
    .bind(permit.clock().now())
    .bind(permit.actor_id())
    .bind(known.actor_id.unwrap_or(-1))
    .run(tx)
    .await
    .map(|_| ())
}

async fn of_id(tx: &mut Tx, id: i64) -> Result<UserAccount> {
    use crate::load::Entity;
    let found = UserAccount::select().then(" where id = ?").bind(id);
    found.one(tx).await
}

async fn store(tx: &mut Tx, account: &UserAccount) -> Result<()> {
    sql(
        "update users set name = ?, is_active = ?, is_staff = ?, is_superuser = ?, upload_quota = ?,
           permission_library = ?, permission_moderation = ?, permission_settings = ? where id = ?",
    )
    .bind(account.name.as_str())
    .bind(account.is_active)
    .bind(account.is_staff)
    .bind(account.is_superuser)
    .bind(account.upload_quota)
    .bind(account.permission_library)
    .bind(account.permission_moderation)
    .bind(account.permission_settings)
    .bind(account.id)
    .run(tx)
    .await
    .map(|_| ())
}

impl AccountChanges {
    fn check(&self) -> Result<()> {
        if let Some(name) = &self.name {
            shorter("name", name, NAME)?;
            plain("name", name)?;
        }
        match self.upload_quota {
            MaybeUndefined::Value(quota) if !(0..=QUOTA).contains(&quota) => Err(Error::field(
                "upload_quota",
                format!("Must be from 0 to {QUOTA}."),
            )),
            _ => Ok(()),
        }
    }

    /// Superusers are for superusers to change, and nobody locks themselves out.
    fn may_be_made(&self, caller: &UserAccount, known: &UserAccount) -> Result<()> {
        let is_other = |wanted: Option<bool>, now: bool| wanted.is_some_and(|wanted| wanted != now);
        let is_high = known.is_superuser
            || is_other(self.is_superuser, known.is_superuser)
            || is_other(self.is_staff, known.is_staff);
        if is_high && !caller.is_superuser {
            return Err(Error::Forbidden);
        }
        if caller.id != known.id {
            return Ok(());
        }
        let own = "You cannot take this from your own account.";
        if self.is_active == Some(false) {
            return Err(Error::field("is_active", own));
        }
        if known.is_superuser && self.is_superuser == Some(false) {
            return Err(Error::field("is_superuser", own));
        }
        let permission = self
            .permissions
            .as_ref()
            .and_then(|permissions| permissions.settings);
        if !known.is_superuser && known.permission_settings && permission == Some(false) {
            return Err(Error::field("permissions", own));
        }
        Ok(())
    }

    /// Who is no superuser gives no permission that they do not hold themselves.
    fn gives_what_is_held(&self, held: Permissions, known: &UserAccount) -> Result<()> {
        let given = self.permissions.clone().unwrap_or_default();
        let gives = |wanted: Option<bool>, now: bool| wanted == Some(true) && !now;
        let beyond = (gives(given.library, known.permission_library) && !held.library)
            || (gives(given.moderation, known.permission_moderation) && !held.moderation)
            || (gives(given.settings, known.permission_settings) && !held.settings);
        match beyond {
            true => Err(Error::field("permissions", NOT_HELD)),
            false => Ok(()),
        }
    }

    fn applied(self, known: UserAccount) -> UserAccount {
        let permissions = self.permissions.unwrap_or_default();
        UserAccount {
            name: self.name.as_deref().map_or(known.name, clean),
            is_active: self.is_active.unwrap_or(known.is_active),
            is_staff: self.is_staff.unwrap_or(known.is_staff),
            is_superuser: self.is_superuser.unwrap_or(known.is_superuser),
            upload_quota: match self.upload_quota {
                MaybeUndefined::Undefined => known.upload_quota,
                MaybeUndefined::Null => None,
                MaybeUndefined::Value(quota) => Some(quota),
            },
            permission_library: permissions.library.unwrap_or(known.permission_library),
            permission_moderation: permissions
                .moderation
                .unwrap_or(known.permission_moderation),
            permission_settings: permissions.settings.unwrap_or(known.permission_settings),
            ..known
        }
    }

    /// What was given, for the audit log.
    fn told(&self) -> Value {
        let permissions = self
            .permissions
            .as_ref()
            .and_then(|given| to_value(given).ok());
        let is_empty = |given: &Value| given.as_object().is_some_and(Map::is_empty);
        let quota = match self.upload_quota {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(Value::Null),
            MaybeUndefined::Value(quota) => Some(quota.into()),
        };
        given([
            ("name", self.name.clone().map(Value::from)),
            ("is_active", self.is_active.map(Value::from)),
            ("is_staff", self.is_staff.map(Value::from)),
            ("is_superuser", self.is_superuser.map(Value::from)),
            ("upload_quota", quota),
            ("permissions", permissions.filter(|given| !is_empty(given))),
        ])
    }
}
