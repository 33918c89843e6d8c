//! Signing in with a password.
use sha2::{Digest, Sha256};
use sqlx::FromRow;
use uuid::Uuid;

use super::{
    password,
    recovery::remind,
    sessions::{self, Opened},
};
use crate::{
    app::App,
    auth::known_browser,
    caller::Client,
    error::{Error, Result},
    proof::Proof,
    store::{sql, text::folded},
    throttle::Ident,
};

/// An account, as far as signing in needs it.
#[derive(Clone, Debug, FromRow)]
struct Account {
    id: i64,
    secret_key: Uuid,
    password: String,
    is_active: bool,
    is_superuser: bool,
    email_verified: bool,
}

impl Account {
    fn proof(&self) -> Proof {
        Proof {
            user: self.id,
            stamp: self.secret_key,
        }
    }
}

pub const REFUSED: &str = "Unable to log in with provided credentials";
const UNVERIFIED: &str =
    "Your e-mail address is not confirmed yet. Follow the link in the mail that was sent to it.";

/// A username or email address, and a password.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    pub login: &'a str,
    pub password: &'a str,
    /// The cookie of a browser that was used before.
    pub known_browser: Option<&'a str>,
}

impl Attempt<'_> {
    fn browser_of(&self, account: &Account) -> Option<&str> {
        known_browser::name(self.known_browser?, account.proof())
    }
}

/// Opens a session for a username or email address and its password.
pub async fn sign_in(app: &App, attempt: Attempt<'_>, client: &Client) -> Result<Opened> {
    let from = app.ident(client.address);
    let Some(user) = check(app, attempt, from).await? else {
        return Err(Error::field("non_field_errors", REFUSED));
    };
    if !user.may_enter {
        remind(app, user.proof.user).await?;
        return Err(Error::field("non_field_errors", UNVERIFIED));
    }
    let opened = sessions::open(app, user.proof, client).await?;
    opened.ok_or_else(|| Error::field("non_field_errors", REFUSED))
}

/// A user whose password was right.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    pub proof: Proof,
    /// Whether the user may sign in; false while a required email confirmation is missing.
    pub may_enter: bool,
}

/// Checks a username or email address and a password. Takes the same time for unknown names.
///
/// Wrong guesses are counted by name, whatever address they come from, so that many addresses guess no
/// more than a few. Strangers cannot keep the owner out: addresses with a session of the account are
/// exempt, and browsers in which it was used before, or its password reset, are counted one by one.
pub async fn check(app: &App, attempt: Attempt<'_>, from: Ident) -> Result<Option<Known>> {
    let Attempt {
        login,
        password: plain,
        ..
    } = attempt;
    let account: Option<Account> = sql(
        "select id, secret_key, password, is_active, is_superuser, email_verified from users
         where username = ? or username_folded = ? or (email_folded = ? and email_folded <> '')
         order by case when username = ? then 0 when username_folded = ? then 1 else 2 end limit 1",
    )
    .bind(login)
    .bind(folded(login))
    .bind(folded(login))
    .bind(login)
    .bind(folded(login))
    .optional(app.db())
    .await?;
    let guess = match &account {
        Some(account) if sessions::are_from(app, account.id, from).await? => None,
        Some(account) => Some(match attempt.browser_of(account) {
            Some(browser) => counted(app, &format!("{browser} #{}", account.id)).await?,
            None => counted(app, &format!("{} #{}", share(from), account.id)).await?,
        }),
        None => Some(counted(app, &format!("{} {}", share(from), folded(login))).await?),
    };
    let stored = account.as_ref().map(|account| account.password.clone());
    let foreign = app.foreign_hash().await?;
    let right = app
        .hashing()
        .verify(plain, stored, (*foreign).clone())
        .await?;
    let Some(account) = account.filter(|account| right && account.is_active) else {
        return Ok(None);
    };
    if let Some(name) = guess {
        app.limits().give_back(name, BUDGET).await?;
    }
    if !password::is_current(&account.password) {
        renew(app, account.id, &account.password, plain).await?;
    }
    let enforced = app.config().account_email_verification_enforce;
    Ok(Some(Known {
        proof: account.proof(),
        may_enter: !enforced || account.email_verified || account.is_superuser,
    }))
}

/// The rate limit of wrong passwords.
const BUDGET: &str = "login";
/// Into so many shares all addresses are divided; each has the budget for every name. So one address
/// that guesses keeps others out of one share at most, and all together are bounded.
const SHARES: u8 = 4;

fn share(from: Ident) -> u8 {
    Sha256::digest(from.to_string().as_bytes())[0] % SHARES
}

/// Counts a guess under a name; it is given back if it was right.
async fn counted(app: &App, name: &str) -> Result<Ident> {
    let hash = Sha256::digest(name.as_bytes());
    let (start, _) = hash.split_first_chunk().expect("a digest has 32 bytes");
    let name = Ident::Login(u64::from_be_bytes(*start));
    let verdict = app.spend(name, &[BUDGET]).await?.pop();
    match verdict.filter(|verdict| !verdict.passes) {
        None => Ok(name),
        Some(verdict) => Err(Error::Throttled(verdict.quota.retry_after.unwrap_or(1))),
    }
}

/// What a user's password proves; `None` if it is another one.
pub async fn prove(app: &App, user: i64, plain: &str) -> Result<Option<Proof>> {
    let stored: Option<(String, Uuid)> = sql("select password, secret_key from users where id = ?")
        .bind(user)
        .optional(app.db())
        .await?;
    let (stored, stamp) = stored.unzip();
    let right = app.hashing().verify(plain, stored, None).await?;
    Ok(stamp.filter(|_| right).map(|stamp| Proof { user, stamp }))
}

/// Replaces an outdated hash, unless the password was changed in the meantime.
async fn renew(app: &App, user: i64, old: &str, plain: &str) -> Result<()> {
    let hash = app.hashing().hash(plain).await?;
    sql("update users set password = ? where id = ? and password = ?")
        .bind(hash)
        .bind(user)
        .bind(old)
        .run(app.db())
        .await
        .map(|_| ())
}
