//! Changing and resetting passwords; confirming and changing email addresses.
use sqlx::FromRow;

use super::{
    EMAIL_TAKEN, check_email, check_syntax,
    keys::{self, Purpose},
    mails::Letterhead,
    password, sessions,
    sign_in::prove,
    take_turns,
};
use crate::{
    app::App,
    caller::Identity,
    error::{Error, Result},
    oauth::{revoke_codes, revoke_user},
    proof::{Proof, lock_user, recheck},
    store::{Reads, Tx, sql, text::folded},
};

const INVALID: &str = "Invalid value";

#[derive(FromRow)]
struct Addressed {
    id: i64,
    email: String,
}

/// Sends a password reset link. Runs in the background, so that neither the answer nor its timing
/// reveals whether an account has the address.
pub async fn forgot(app: &App, email: &str) -> Result<()> {
    check_syntax(email)?;
    let (app, email) = (app.clone(), email.to_owned());
    tokio::spawn(async move {
        if let Err(error) = send_reset(&app, &email).await {
            error.log();
        }
    });
    Ok(())
}

async fn send_reset(app: &App, email: &str) -> Result<()> {
    let letterhead = Letterhead::of(app).await?;
    let mut tx = app.db().begin().await?;
    let known: Option<Addressed> =
        sql("select id, email from users where email_folded = ? and is_active = true")
            .bind(folded(email))
            .optional(&mut tx)
            .await?;
    let Some(user) = known else {
        return Ok(());
    };
    if !keys::is_due(app, &mut tx, Purpose::Password, user.id).await? {
        return Ok(());
    }
    let mail = letterhead.reset(app, &mut tx, user.id, &user.email).await?;
    tx.commit().await?;
    app.mailer().post(mail);
    Ok(())
}

/// Seconds after sign-in in which an account without a password can set one.
const FIRST_PASSWORD: i64 = 600;

/// A new password, entered twice.
#[derive(Clone, Copy, Debug)]
pub struct Twice<'a> {
    pub first: &'a str,
    pub second: &'a str,
}

impl<'a> Twice<'a> {
    /// Returns the password if it is valid and both entries match.
    fn checked(self) -> Result<&'a str> {
        password::check("new_password1", self.first)?;
        if self.first == self.second {
            return Ok(self.first);
        }
        let complaint = "The two password fields didn’t match.";
        Err(Error::field("new_password2", complaint))
    }
}

/// An account with a new password.
#[derive(Clone, Debug)]
pub struct Restored {
    pub proof: Proof,
    pub username: String,
}

/// Sets a new password, with the user ID and key from the mail.
pub async fn reset(app: &App, uid: &str, key: &str, new: Twice<'_>) -> Result<Restored> {
    let held = keys::look(app, Purpose::Password, key).await?;
    let user = held.and_then(|holder| holder.user_id);
    let Some(user) = user.filter(|user| user.to_string() == uid) else {
        return Err(Error::field("token", INVALID));
    };
    let hash = app.hashing().hash(new.checked()?).await?;
    let mut tx = app.db().begin().await?;
    lock_user(&mut tx, user).await?;
    let taken = keys::take(app, &mut tx, Purpose::Password, key).await?;
    let Some(holder) = taken else {
        return Err(Error::field("token", INVALID));
    };
    set_password(app, &mut tx, user, (hash, None)).await?;
    // An intruder may have created tokens or linked an OpenID account.
    revoke_user(&mut tx, user).await?;
    sql("delete from user_identities where user_id = ?")
        .bind(user)
        .run(&mut tx)
        .await?;
    // The key came by mail, which confirms the address.
    sql("update users set email_verified = true where id = ? and email_folded = ?")
        .bind(user)
        .bind(folded(&holder.email))
        .run(&mut tx)
        .await?;
    let proof = Proof::of(&mut tx, user).await?;
    let (username,): (String,) = sql("select username from users where id = ?")
        .bind(user)
        .one(&mut tx)
        .await?;
    tx.commit().await?;
    app.credentials().forget_all();
    Ok(Restored { proof, username })
}

/// Changes a password. The user must know the old one or, for an account without a password, have
/// just signed in. Other sessions end; with `apps_too` also all access that applications have. Returns
/// what the new password proves.
pub async fn change(
    app: &App,
    identity: &Identity,
    old: &str,
    new: Twice<'_>,
    apps_too: bool,
) -> Result<Proof> {
    let (user, session) = (identity.user_id, identity.session_id());
    let new = new.checked()?;
    let refused = |complaint| Err(Error::field("old_password", complaint));
    let proof = if has_password(app.db(), user).await? {
        match prove(app, user, old).await? {
            Some(proof) => proof,
            None => return refused(WRONG),
        }
    } else {
        let proof = Proof::of(app.db(), user).await?;
        if !sessions::is_recent(app, session, FIRST_PASSWORD).await? {
            return refused(NONE_YET);
        }
        proof
    };
    let hash = app.hashing().hash(new).await?;
    let mut tx = app.db().begin().await?;
    recheck(&mut tx, identity, app.clock().now()).await?;
    if !proof.is_valid(&mut tx).await? {
        return refused(WRONG);
    }
    put(app, tx, (user, hash), session, apps_too).await
}

const NONE_YET: &str = "You have no password yet. Sign in again, and set one within ten minutes.";
const WRONG: &str = "Your old password was entered incorrectly. Please enter it again.";

/// Whether an account has a password. Accounts created through an OpenID provider have none at
/// first.
pub async fn has_password(db: &Reads, user: i64) -> Result<bool> {
    let stored: (String,) = sql("select password from users where id = ?")
        .bind(user)
        .one(db)
        .await?;
    Ok(password::is_hash(&stored.0))
}

/// Sets a password, of which the hash is given, in a transaction that this commits. Ends all sessions except `kept`;
/// with `apps_too` also all access that applications have.
pub async fn put(
    app: &App,
    mut tx: Tx,
    (user, hash): (i64, String),
    kept: Option<i64>,
    apps_too: bool,
) -> Result<Proof> {
    set_password(app, &mut tx, user, (hash, kept)).await?;
    if apps_too {
        revoke_user(&mut tx, user).await?;
    }
    let proof = Proof::of(&mut tx, user).await?;
    tx.commit().await?;
    app.credentials().forget_all();
    Ok(proof)
}

/// Sets a password and invalidates what was issued under the old one: sessions, audio URL tokens,
/// the Subsonic token, and codes of applications that were not redeemed yet.
async fn set_password(
    app: &App,
    tx: &mut Tx,
    user: i64,
    (hash, kept): (String, Option<i64>),
) -> Result<()> {
    sql(
        "update users set password = ?, secret_key = ?, subsonic_api_token =
           case when subsonic_api_token is null then null else ? end where id = ?",
    )
    .bind(hash)
    .bind(crate::random::uuid())
    .bind(app.seal().sealed(&crate::random::token()))
    .bind(user)
    .run(&mut *tx)
    .await?;
    // Whoever knew the old password may have asked for another address.
    sql(
        "delete from account_keys where user_id = ? and (purpose = 'password' or (purpose = 'email'
           and email <> (select email from users where id = ?)))",
    )
    .bind(user)
    .bind(user)
    .run(&mut *tx)
    .await?;
    revoke_codes(&mut *tx, user).await?;
    sessions::end_others(tx, user, kept).await.map(|_| ())
}

/// Sends a confirmation mail to a new address, which takes effect when the key is used.
pub async fn change_email(app: &App, identity: &Identity, plain: &str, email: &str) -> Result<()> {
    let user = identity.user_id;
    check_email(email)?;
    let refused = || Error::field("password", "This is not your password.");
    let proof = prove(app, user, plain).await?.ok_or_else(refused)?;
    let letterhead = Letterhead::of(app).await?;
    let mut tx = app.db().begin().await?;
    recheck(&mut tx, identity, app.clock().now()).await?;
    if !proof.is_valid(&mut tx).await? {
        return Err(refused());
    }
    if is_anothers(&mut tx, email, user).await? {
        return Err(Error::field("email", EMAIL_TAKEN));
    }
    if !keys::is_due_at(app, &mut tx, Purpose::Email, email).await? {
        let complaint = "A mail was sent to this address a few minutes ago. Try again later.";
        return Err(Error::field("email", complaint));
    }
    let mail = letterhead.confirmation(app, &mut tx, user, email).await?;
    tx.commit().await?;
    app.mailer().post(mail);
    Ok(())
}

/// Whether another account has this address.
async fn is_anothers(tx: &mut Tx, email: &str, user: i64) -> Result<bool> {
    let others = sql("select id from users where email_folded = ? and id <> ?");
    let others = others.bind(folded(email)).bind(user);
    Ok(others.optional::<(i64,)>(tx).await?.is_some())
}

/// Sends the confirmation mail again, unless the last one is too recent.
pub async fn remind(app: &App, user: i64) -> Result<()> {
    let letterhead = Letterhead::of(app).await?;
    let mut tx = app.db().begin().await?;
    let known: Addressed = sql("select id, email from users where id = ?")
        .bind(user)
        .one(&mut tx)
        .await?;
    if known.email.is_empty() || !keys::is_due(app, &mut tx, Purpose::Email, user).await? {
        return Ok(());
    }
    let mail = letterhead
        .confirmation(app, &mut tx, known.id, &known.email)
        .await?;
    tx.commit().await?;
    app.mailer().post(mail);
    Ok(())
}

/// Confirms the address that the key was sent to, and makes it the account's.
pub async fn confirm_email(app: &App, key: &str) -> Result<String> {
    let refused = || Error::field("key", "This key is unknown, expired or already used.");
    let letterhead = Letterhead::of(app).await?;
    let known = keys::look(app, Purpose::Email, key).await?;
    let user = known.and_then(|held| held.user_id).ok_or_else(refused)?;
    let mut tx = app.db().begin().await?;
    // In the order in which other transactions lock: domain, user, key.
    take_turns(&mut tx, app).await?;
    lock_user(&mut tx, user).await?;
    let held = keys::take(app, &mut tx, Purpose::Email, key).await?;
    let email = held.ok_or_else(refused)?.email;
    if is_anothers(&mut tx, &email, user).await? {
        return Err(Error::field("key", EMAIL_TAKEN));
    }
    let (before,): (String,) = sql("select email from users where id = ?")
        .bind(user)
        .one(&mut tx)
        .await?;
    sql("update users set email = ?, email_folded = ?, email_verified = true where id = ?")
        .bind(email.as_str())
        .bind(folded(&email))
        .bind(user)
        .run(&mut tx)
        .await?;
    // Password reset links sent to the old address become invalid.
    sql("delete from account_keys where user_id = ? and purpose = 'password'")
        .bind(user)
        .run(&mut tx)
        .await?;
    tx.commit().await?;
    app.credentials().forget_all();
    if !before.is_empty() && folded(&before) != folded(&email) {
        app.mailer().post(letterhead.moved(&before));
    }
    Ok(email)
}
