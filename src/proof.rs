//! Rechecks credentials inside transactions. A credential that was checked at the start of a request
//! may be revoked before the request writes; what it writes may outlive the credential.
use uuid::Uuid;

use crate::{
    caller::{Credential, Identity},
    error::{Error, Result, TokenProblem},
    oauth::living,
    store::{Dialect, On, Sql, Tx, sql},
    time::Timestamp,
};

/// Proof of a user's identity; invalid after the user's password changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    pub user: i64,
    /// `users.secret_key`, which every password change renews.
    pub stamp: Uuid,
}

impl Proof {
    /// Without a check of a password: for new accounts, and for users signed in by an OpenID provider.
    pub async fn of(on: impl On, user: i64) -> Result<Self> {
        let (stamp,): (Uuid,) = sql("select secret_key from users where id = ?")
            .bind(user)
            .one(on)
            .await?;
        Ok(Self { user, stamp })
    }

    /// Whether the proof is still valid. Blocks password changes until the transaction ends.
    pub async fn is_valid(self, tx: &mut Tx) -> Result<bool> {
        Ok(lock_user(tx, self.user).await? == Some(self.stamp))
    }
}

/// Locks the row of an active user and returns its secret key.
pub async fn lock_user(tx: &mut Tx, user: i64) -> Result<Option<Uuid>> {
    let row = sql("select secret_key from users where id = ? and is_active = true").bind(user);
    let row = match tx.dialect() {
        // SQLite has one writing transaction at a time.
        Dialect::Sqlite => row,
        Dialect::Postgres => row.then(" for no key update"),
    };
    let found: Option<(Uuid,)> = row.optional(tx).await?;
    Ok(found.map(|(stamp,)| stamp))
}

/// Checks that a credential is still valid. Blocks password changes until the transaction ends; what
/// tokens make ends with them, whenever they end.
///
/// # Errors
/// `Unauthenticated` if the credential was revoked or has expired.
pub async fn recheck(tx: &mut Tx, identity: &Identity, now: Timestamp) -> Result<()> {
    let stamp = lock_user(tx, identity.user_id).await?;
    let is_valid = match (&identity.credential, stamp) {
        (_, None) => false,
        (Credential::Password(shown), Some(stamp)) => *shown == stamp,
        (Credential::Derived, Some(_)) => true,
        (Credential::Subsonic(sealed), Some(_)) => {
            let token =
                sql("select cast(1 as bigint) from users where id = ? and subsonic_api_token = ?");
            exists(tx, token.bind(identity.user_id).bind(sealed.as_str())).await?
        }
        (Credential::Session(id), Some(_)) => {
            let session =
                sql("select cast(1 as bigint) from sessions where id = ? and expires > ?");
            exists(tx, session.bind(*id).bind(now)).await?
        }
        (Credential::Family(family), Some(_)) => {
            let family = sql("select cast(1 as bigint) from oauth_families f
                 where f.family = ? and f.revoked is null and ")
            .bind(*family)
            .append(living("f.parent_family", "f.parent_token", now));
            exists(tx, family).await?
        }
        (Credential::Token(hash), Some(_)) => {
            let token = sql("select cast(1 as bigint) from oauth_applications f
                 where f.token_hash = ? and ")
            .bind(hash.clone())
            .append(living("f.parent_family", "f.parent_token", now))
            .then(
                " union all select cast(1 as bigint) from oauth_access_tokens
                 where token_hash = ? and expires > ?",
            )
            .bind(hash.clone())
            .bind(now);
            exists(tx, token).await?
        }
    };
    let is_token = matches!(
        identity.credential,
        Credential::Family(_) | Credential::Token(_)
    );
    match is_valid {
        true => Ok(()),
        false => Err(Error::Unauthenticated(
            is_token.then_some(TokenProblem::Invalid),
        )),
    }
}

async fn exists(tx: &mut Tx, row: Sql) -> Result<bool> {
    Ok(row.optional::<(i64,)>(tx).await?.is_some())
}
