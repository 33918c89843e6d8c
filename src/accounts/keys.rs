//! Single-use keys that are mailed or printed.
use sqlx::FromRow;

use crate::{
    app::App,
    error::Result,
    store::{Tx, sql, text::folded},
    time::Timestamp,
    token::token_hash,
};

/// Purpose of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Creating the first administrator.
    Setup,
    /// Confirming an email address.
    Email,
    /// Setting a new password.
    Password,
}

impl Purpose {
    fn word(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Email => "email",
            Self::Password => "password",
        }
    }

    /// Lifetime of a key in seconds.
    fn lifetime(self) -> i64 {
        match self {
            Self::Setup => 7 * 24 * 3600,
            Self::Email => 3 * 24 * 3600,
            Self::Password => 3600,
        }
    }

    /// Minimum number of seconds between two mails; setup keys are printed instead.
    fn pace(self) -> i64 {
        match self {
            Self::Setup => 0,
            Self::Email => 500,
            Self::Password => 60,
        }
    }
}

/// Holder of a key.
#[derive(Clone, Debug, FromRow)]
pub struct Holder {
    pub user_id: Option<i64>,
    /// Email address that the key was sent to.
    pub email: String,
}

impl Holder {
    pub fn of(user: i64, email: &str) -> Self {
        Self {
            user_id: Some(user),
            email: email.to_owned(),
        }
    }
}

/// Creates a key. The holder's earlier keys for the same purpose become invalid.
pub async fn draw(app: &App, tx: &mut Tx, purpose: Purpose, holder: &Holder) -> Result<String> {
    let key = crate::random::token();
    let now = app.clock().now();
    // They are kept for a while, as they tell where mail was sent.
    sql("update account_keys set expires = ?
         where purpose = ? and coalesce(user_id, 0) = ? and expires > ?")
    .bind(now)
    .bind(purpose.word())
    .bind(holder.user_id.unwrap_or_default())
    .bind(now)
    .run(&mut *tx)
    .await?;
    sql(
        "insert into account_keys (key_hash, purpose, user_id, email, created, expires)
         values (?, ?, ?, ?, ?, ?)",
    )
    .bind(token_hash(&key))
    .bind(purpose.word())
    .bind(holder.user_id)
    .bind(holder.email.as_str())
    .bind(now)
    .bind(now.plus_seconds(purpose.lifetime()))
    .run(tx)
    .await?;
    Ok(key)
}

/// Returns the holder of a valid key without using it.
pub async fn look(app: &App, purpose: Purpose, key: &str) -> Result<Option<Holder>> {
    sql("select user_id, email from account_keys where key_hash = ? and purpose = ? and expires > ?")
        .bind(token_hash(key))
        .bind(purpose.word())
        .bind(app.clock().now())
        .optional(app.db())
        .await
}

/// Uses a key. Of concurrent requests, one succeeds.
pub async fn take(app: &App, tx: &mut Tx, purpose: Purpose, key: &str) -> Result<Option<Holder>> {
    sql(
        "delete from account_keys where key_hash = ? and purpose = ? and expires > ?
         returning user_id, email",
    )
    .bind(token_hash(key))
    .bind(purpose.word())
    .bind(app.clock().now())
    .optional(tx)
    .await
}

/// Whether enough time has passed since the last key to send a user another. Concurrent callers
/// wait for this transaction to end and then see its key.
pub async fn is_due(app: &App, tx: &mut Tx, purpose: Purpose, user: i64) -> Result<bool> {
    if !has_waited(app, tx, purpose, user).await? {
        return Ok(false);
    }
    // Lock the user's row, so that concurrent callers wait.
    sql("update users set email = email where id = ?")
        .bind(user)
        .run(&mut *tx)
        .await?;
    has_waited(app, tx, purpose, user).await
}

async fn has_waited(app: &App, tx: &mut Tx, purpose: Purpose, user: i64) -> Result<bool> {
    let last: (Option<Timestamp>,) =
        sql("select max(created) from account_keys where user_id = ? and purpose = ?")
            .bind(user)
            .bind(purpose.word())
            .one(tx)
            .await?;
    let now = app.clock().now();
    Ok(last
        .0
        .is_none_or(|last| now >= last.plus_seconds(purpose.pace())))
}

/// Whether enough time has passed since the last mail to an address, whoever asked for it.
pub async fn is_due_at(app: &App, tx: &mut Tx, purpose: Purpose, email: &str) -> Result<bool> {
    tx.take_turn("mail").await?;
    let recent: Vec<(String,)> =
        sql("select email from account_keys where purpose = ? and created > ?")
            .bind(purpose.word())
            .bind(app.clock().now().plus_seconds(-purpose.pace()))
            .all(tx)
            .await?;
    let wanted = mailbox(email);
    Ok(recent.iter().all(|(email,)| mailbox(email) != wanted))
}

/// The mailbox of an address, without the part after a plus sign that its owner may choose.
fn mailbox(email: &str) -> String {
    let email = folded(email);
    match email.rsplit_once('@') {
        Some((local, domain)) => {
            let local = local.split('+').next().unwrap_or_default();
            format!("{local}@{domain}")
        }
        None => email,
    }
}

/// Removes keys that expired a day ago.
pub async fn tidy(app: &App) -> Result<()> {
    sql("delete from account_keys where expires <= ?")
        .bind(app.clock().now().plus_seconds(-24 * 3600))
        .run(app.db())
        .await
        .map(|_| ())
}
