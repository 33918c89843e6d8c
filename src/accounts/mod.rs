//! Accounts: people who can sign in.
pub mod password;

use crate::{
    app::App,
    error::{Error, Result},
    resources::visibility::folded,
    scope::Permissions,
    store::{Tx, sql},
};

/// An account to be made.
#[derive(Clone, Debug)]
pub struct New {
    pub username: String,
    /// May be empty.
    pub email: String,
    pub password: String,
    pub permissions: Permissions,
    pub is_superuser: bool,
}

/// An account that was made.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    pub user: i64,
    pub actor: i64,
}

/// Characters of a user name at most.
const LONGEST: usize = 30;

/// Makes an account with its actor.
pub async fn create(app: &App, new: &New) -> Result<Made> {
    check(new)?;
    let plain = new.password.clone();
    let hashing = tokio::task::spawn_blocking(move || password::hash(&plain));
    let hash = hashing.await.map_err(Error::internal)??;
    let mut tx = app.db().begin().await?;
    let taken = sql("select id from users where username_folded = ?").bind(folded(&new.username));
    if taken.optional::<(i64,)>(&mut tx).await?.is_some() {
        let complaint = "A user with that username already exists.";
        return Err(Error::field("username", complaint));
    }
    let taken = sql("select id from users where email_folded = ? and email_folded <> ''");
    let taken = taken.bind(folded(&new.email));
    if taken.optional::<(i64,)>(&mut tx).await?.is_some() {
        let complaint = "A user is already registered with this e-mail address.";
        return Err(Error::field("email", complaint));
    }
    let actor = actor(&mut tx, app, &new.username).await?;
    let user = user(&mut tx, app, new, hash, actor).await?;
    tx.commit().await?;
    Ok(Made { user, actor })
}

fn check(new: &New) -> Result<()> {
    let plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '.' | '-');
    if !(1..=LONGEST).contains(&new.username.len()) || !new.username.chars().all(plain) {
        let complaint = format!(
            "Enter 1 to {LONGEST} of the characters a to z, A to Z, 0 to 9, `_`, `.` and `-`."
        );
        return Err(Error::field("username", complaint));
    }
    password::check(&new.password)
}

async fn actor(tx: &mut Tx, app: &App, name: &str) -> Result<i64> {
    let (now, host) = (app.clock().now(), app.config().hostname());
    sql("insert into domains (name, creation_date) values (?, ?) on conflict (name) do nothing")
        .bind(host.as_str())
        .bind(now)
        .run(&mut *tx)
        .await?;
    let fid = format!("{}/federation/actors/{name}", app.config().public_url());
    sql(
        "insert into actors (fid, type, name, preferred_username, domain, inbox_url, outbox_url,
           followers_url, following_url, creation_date, last_fetch_date,
           manually_approves_followers)
         values (?, 'Person', ?, ?, ?, ?, ?, ?, ?, ?, ?, false) returning id",
    )
    .bind(fid.as_str())
    .bind(name)
    .bind(name)
    .bind(host)
    .bind(format!("{fid}/inbox"))
    .bind(format!("{fid}/outbox"))
    .bind(format!("{fid}/followers"))
    .bind(format!("{fid}/following"))
    .bind(now)
    .bind(now)
    .number(tx)
    .await
}

async fn user(tx: &mut Tx, app: &App, new: &New, hash: String, actor: i64) -> Result<i64> {
    sql(
        "insert into users (username, username_folded, email, email_folded, password, name,
           is_superuser, is_staff, date_joined, privacy_level, permission_moderation,
           permission_library, permission_settings, actor_id, secret_key)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, 'instance', ?, ?, ?, ?, ?) returning id",
    )
    .bind(new.username.as_str())
    .bind(folded(&new.username))
    .bind(new.email.as_str())
    .bind(folded(&new.email))
    .bind(hash)
    .bind(new.username.as_str())
    .bind(new.is_superuser)
    .bind(new.is_superuser)
    .bind(app.clock().now())
    .bind(new.permissions.moderation)
    .bind(new.permissions.library)
    .bind(new.permissions.settings)
    .bind(actor)
    .bind(crate::random::uuid())
    .number(tx)
    .await
}
