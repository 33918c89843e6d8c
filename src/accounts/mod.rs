//! Accounts: users who can sign in.
pub mod directory;
pub mod farewell;
pub mod keys;
pub mod mails;
pub mod moderators;
pub mod openid;
pub mod password;
pub mod recovery;
pub mod sessions;
pub mod setup;
pub mod sign_in;
pub mod sign_up;
pub mod subsonic;

use indexmap::IndexMap;

use crate::{
    app::App,
    error::{Error, Result},
    scope::Permissions,
    store::{
        Sql, Tx, sql,
        text::{folded, is_plain},
    },
};

/// An account to create.
#[derive(Clone, Debug)]
pub struct New {
    pub username: String,
    /// May be empty.
    pub email: String,
    pub password: String,
    pub permissions: Permissions,
    pub is_superuser: bool,
}

/// IDs of a created account and its actor.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    pub user: i64,
    pub actor: i64,
}

/// Maximum length of a username.
const LONGEST: usize = 30;

/// Usernames that sign-up refuses, because they could be mistaken for the pod or its URLs.
const RESERVED: &[&str] = &[
    "_",
    "about",
    "account",
    "actor",
    "admin",
    "administrator",
    "anonymous",
    "api",
    "auth",
    "baleen",
    "contact",
    "federation",
    "front",
    "funkwhale",
    "ghost",
    "hello",
    "help",
    "inbox",
    "info",
    "instance",
    "library",
    "local",
    "login",
    "logout",
    "mail",
    "me",
    "media",
    "mod",
    "moderation",
    "moderator",
    "nobody",
    "outbox",
    "owner",
    "postmaster",
    "root",
    "security",
    "service",
    "settings",
    "shared-inbox",
    "staff",
    "status",
    "subsonic",
    "superuser",
    "support",
    "system",
    "test",
    "users",
    "webmaster",
];

pub fn is_reserved(username: &str) -> bool {
    RESERVED.contains(&folded(username).as_str())
}

/// Creates an account with its actor.
pub async fn create(app: &App, new: &New) -> Result<Made> {
    check(new)?;
    let hash = app.hashing().hash(&new.password).await?;
    let mut tx = app.db().begin().await?;
    let made = insert(&mut tx, app, new, hash).await?;
    tx.commit().await?;
    Ok(made)
}

/// Inserts an account whose password is already hashed. All field errors are reported at once.
pub async fn insert(tx: &mut Tx, app: &App, new: &New, hash: String) -> Result<Made> {
    take_turns(tx, app).await?;
    let complaints = taken(tx, app, new).await?;
    if !complaints.is_empty() {
        return Err(Error::Invalid(complaints));
    }
    let actor = actor(tx, app, &new.username, &new.username).await?;
    let user = user(tx, app, new, hash, actor).await?;
    Ok(Made { user, actor })
}

/// Serializes changes of usernames and email addresses by locking the domain's row, so that none is
/// taken between the check and the insert.
pub async fn take_turns(tx: &mut Tx, app: &App) -> Result<()> {
    sql("insert into domains (name, creation_date) values (?, ?)
         on conflict (name) do update set name = excluded.name")
    .bind(app.config().hostname())
    .bind(app.clock().now())
    .run(tx)
    .await
    .map(|_| ())
}

/// Condition: the row of `users` is the account of this name. Case does not count, unless names that were
/// imported differ in nothing else.
pub fn is_named(username: &str) -> Sql {
    sql(
        "username = (select username from users where username = ? or username_folded = ?
           order by case when username = ? then 0 else 1 end limit 1)",
    )
    .bind(username)
    .bind(folded(username))
    .bind(username)
}

/// Field errors for a username or email address that is taken.
pub async fn taken(tx: &mut Tx, app: &App, new: &New) -> Result<IndexMap<String, Vec<String>>> {
    let mut complaints = IndexMap::new();
    if name_is_taken(tx, app, &new.username).await? {
        let complaint = "A user with that username already exists.";
        complaints.insert("username".to_owned(), vec![complaint.to_owned()]);
    }
    if email_is_taken(tx, &new.email).await? {
        complaints.insert("email".to_owned(), vec![EMAIL_TAKEN.to_owned()]);
    }
    Ok(complaints)
}

/// Whether a user or a channel of this pod has a username. Case does not count.
pub async fn name_is_taken(tx: &mut Tx, app: &App, username: &str) -> Result<bool> {
    let taken = sql(
        "select u.id from users u where u.username_folded = ? union all
         select a.id from actors a where lower(a.preferred_username) = ? and a.domain = ?",
    )
    .bind(folded(username))
    .bind(folded(username))
    .bind(app.config().hostname());
    Ok(taken.optional::<(i64,)>(tx).await?.is_some())
}

pub const EMAIL_TAKEN: &str = "A user is already registered with this e-mail address.";

pub async fn email_is_taken(tx: &mut Tx, email: &str) -> Result<bool> {
    let taken = sql("select id from users where email_folded = ? and email_folded <> ''");
    let taken = taken.bind(folded(email));
    Ok(taken.optional::<(i64,)>(tx).await?.is_some())
}

/// Checks the format of a username.
pub fn check_username(username: &str) -> Result<()> {
    let plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '.' | '-');
    // Profiles have addresses, in which these mean something else.
    let is_address = !username.to_ascii_lowercase().ends_with(".json")
        && username.chars().any(|char| char.is_ascii_alphanumeric());
    if (1..=LONGEST).contains(&username.len()) && username.chars().all(plain) && is_address {
        return Ok(());
    }
    let complaint =
        format!("Enter 1 to {LONGEST} of the characters a to z, A to Z, 0 to 9, `_`, `.` and `-`.");
    Err(Error::field("username", complaint))
}

/// Checks a new email address. One with characters that are not stored as written would take the
/// address of another mailbox.
pub fn check_email(email: &str) -> Result<()> {
    check_syntax(email)?;
    match is_plain(email) {
        true => Ok(()),
        false => Err(invalid_email()),
    }
}

fn invalid_email() -> Error {
    Error::field("email", "Enter a valid email address.")
}

/// Checks the format of an email address.
pub fn check_syntax(email: &str) -> Result<()> {
    match email.len() <= 254 && email.parse::<lettre::Address>().is_ok() {
        true => Ok(()),
        false => Err(invalid_email()),
    }
}

fn check(new: &New) -> Result<()> {
    check_username(&new.username)?;
    if !new.email.is_empty() {
        check_email(&new.email)?;
    }
    password::check("password", &new.password)
}

/// Inserts an actor of this pod; returns its ID.
pub async fn actor(tx: &mut Tx, app: &App, username: &str, name: &str) -> Result<i64> {
    let (now, host) = (app.clock().now(), app.config().hostname());
    let fid = format!("{}/federation/actors/{username}", app.config().public_url());
    sql(
        "insert into actors (fid, type, name, preferred_username, domain, inbox_url, outbox_url,
           followers_url, following_url, creation_date, last_fetch_date,
           manually_approves_followers)
         values (?, 'Person', ?, ?, ?, ?, ?, ?, ?, ?, ?, false) returning id",
    )
    .bind(fid.as_str())
    .bind(name)
    .bind(username)
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

/// The actor of the pod itself, which is made when it is first needed.
pub async fn service(tx: &mut Tx, app: &App) -> Result<i64> {
    const NAME: &str = "service";
    let host = app.config().hostname();
    let found = sql("select id from actors where preferred_username = ? and domain = ?");
    let found: Option<(i64,)> = found.bind(NAME).bind(host).optional(&mut *tx).await?;
    if let Some((id,)) = found {
        return Ok(id);
    }
    take_turns(tx, app).await?;
    let id = actor(tx, app, NAME, NAME).await?;
    let set = sql("update actors set type = 'Service' where id = ?").bind(id);
    set.run(tx).await?;
    Ok(id)
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
