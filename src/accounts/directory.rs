//! Managing accounts from the command line.
use serde_json::{Value, json};
use sqlx::FromRow;

use super::{New, check, insert, is_named, password, recovery::put};
use crate::{
    app::App,
    audit::Deed,
    error::{Error, Result},
    store::{Tx, sql},
    time::Timestamp,
};

/// An account in a list.
#[derive(Clone, Debug, FromRow)]
pub struct Listed {
    pub id: i64,
    pub username: String,
    pub email: String,
    pub is_active: bool,
    pub is_superuser: bool,
    pub permission_library: bool,
    pub permission_moderation: bool,
    pub permission_settings: bool,
    pub date_joined: Timestamp,
}

impl Listed {
    /// The permissions of the account, for display.
    pub fn privileges(&self) -> String {
        if self.is_superuser {
            return "everything".to_owned();
        }
        let held = [
            (self.permission_library, "library"),
            (self.permission_moderation, "moderation"),
            (self.permission_settings, "settings"),
        ];
        let names: Vec<_> = held
            .iter()
            .filter(|(held, _)| *held)
            .map(|(_, name)| *name)
            .collect();
        match names.is_empty() {
            true => "-".to_owned(),
            false => names.join(","),
        }
    }
}

/// Permissions to set; `None` leaves a permission as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Privileges {
    pub admin: Option<bool>,
    pub library: Option<bool>,
    pub moderation: Option<bool>,
    pub settings: Option<bool>,
    pub active: Option<bool>,
}

impl Privileges {
    /// What the command line does, for the audit log.
    fn deed<'a>(&self, target: &'a str) -> Deed<'a> {
        let permissions = json!({
            "library": self.library,
            "moderation": self.moderation,
            "settings": self.settings,
        });
        let details = json!({
            "is_superuser": self.admin,
            "is_active": self.active,
            "permissions": permissions,
        });
        Deed::by_command("user_accounts.update", target, details)
    }
}

const SELECT: &str = "select id, username, email, is_active, is_superuser, permission_library,
    permission_moderation, permission_settings, date_joined from users ";

/// Lists every account by username.
pub async fn list(app: &App) -> Result<Vec<Listed>> {
    sql(SELECT).then("order by username").all(app.db()).await
}

/// Finds the ID of an account.
pub async fn id(app: &App, username: &str) -> Result<Option<i64>> {
    let found = sql("select id from users where ").append(is_named(username));
    Ok(found.optional::<(i64,)>(app.db()).await?.map(|row| row.0))
}

async fn find(tx: &mut Tx, username: &str) -> Result<Listed> {
    let found = sql(SELECT).then("where ").append(is_named(username));
    let found: Option<Listed> = found.optional(tx).await?;
    found.ok_or_else(|| Error::field("username", format!("No account is named {username:?}.")))
}

/// Creates an account.
pub async fn create(app: &App, new: &New) -> Result<()> {
    let target = format!("user {}", new.username);
    let details = json!({"is_superuser": new.is_superuser});
    let deed = Deed::by_command("user_accounts.create", &target, details);
    check(new)?;
    let hash = app.hashing().hash(&new.password).await?;
    let mut tx = app.db().begin().await?;
    deed.enter(&mut tx, app.clock().now()).await?;
    insert(&mut tx, app, new, hash).await?;
    tx.commit().await
}

/// Sets a password without checking the old one, and ends all sessions.
pub async fn set_password(app: &App, username: &str, plain: &str) -> Result<()> {
    password::check("password", plain)?;
    let hash = app.hashing().hash(plain).await?;
    let mut tx = app.db().begin().await?;
    let user = find(&mut tx, username).await?;
    let target = format!("user {}", user.username);
    let deed = Deed::by_command("user_accounts.set_password", &target, Value::Null);
    deed.enter(&mut tx, app.clock().now()).await?;
    put(app, tx, (user.id, hash), None, true).await.map(drop)
}

/// Sets permissions of an account and returns the account.
pub async fn set_privileges(app: &App, username: &str, wanted: &Privileges) -> Result<Listed> {
    let mut tx = app.db().begin().await?;
    let known = find(&mut tx, username).await?;
    let admin = wanted.admin.unwrap_or(known.is_superuser);
    let target = format!("user {}", known.username);
    let deed = wanted.deed(&target);
    deed.enter(&mut tx, app.clock().now()).await?;
    sql(
        "update users set is_superuser = ?, is_staff = ?, permission_library = ?,
           permission_moderation = ?, permission_settings = ?, is_active = ? where id = ?",
    )
    .bind(admin)
    .bind(admin)
    .bind(wanted.library.unwrap_or(known.permission_library))
    .bind(wanted.moderation.unwrap_or(known.permission_moderation))
    .bind(wanted.settings.unwrap_or(known.permission_settings))
    .bind(wanted.active.unwrap_or(known.is_active))
    .bind(known.id)
    .run(&mut tx)
    .await?;
    let changed = find(&mut tx, username).await?;
    tx.commit().await?;
    app.credentials().forget_all();
    Ok(changed)
}
