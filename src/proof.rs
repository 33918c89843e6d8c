//! Whether somebody still is who they showed to be. What a credential proves is asked for again
//! within the transaction of whatever outlives it: the password may have changed, or the session
//! ended, since it was checked.
use uuid::Uuid;

use crate::{
    caller::{Credential, Identity},
    error::{Error, Result, TokenProblem},
    oauth::living,
    store::{Dialect, On, Sql, Tx, sql},
    time::Timestamp,
};

/// That somebody is a user, until the user's password changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    pub user: i64,
    /// The user's secret, which every new password renews.
    pub stamp: Uuid,
}

impl Proof {
    /// Of a user who needs no other proof: a new account, or one that a provider vouches for.
    pub async fn of(on: impl On, user: i64) -> Result<Self> {
        let (stamp,): (Uuid,) = sql("select secret_key from users where id = ?")
            .bind(user)
            .one(on)
            .await?;
        Ok(Self { user, stamp })
    }

    /// Whether it still holds. Changes of the user's password wait for the end of the transaction.
    pub async fn holds(self, tx: &mut Tx) -> Result<bool> {
        Ok(locked(tx, self.user).await? == Some(self.stamp))
    }
}

/// The secret of an active user, whose row no other transaction changes until this one ends.
async fn locked(tx: &mut Tx, user: i64) -> Result<Option<Uuid>> {
    let row = sql("select secret_key from users where id = ? and is_active = true").bind(user);
    let row = match tx.dialect() {
        // The only transaction that writes.
        Dialect::Sqlite => row,
        Dialect::Postgres => row.then(" for no key update"),
    };
    let found: Option<(Uuid,)> = row.optional(tx).await?;
    Ok(found.map(|(stamp,)| stamp))
}

/// Refuses credentials that have ended since they were checked, and keeps the others from ending
/// before this transaction does.
///
/// # Errors
/// `Unauthenticated`.
pub async fn hold(tx: &mut Tx, identity: &Identity, now: Timestamp) -> Result<()> {
    let stamp = locked(tx, identity.user_id).await?;
    let holds = match (&identity.credential, stamp) {
        (_, None) => false,
        (Credential::Password(shown), Some(stamp)) => *shown == stamp,
        (Credential::Derived, Some(_)) => true,
        (Credential::Session(id), Some(_)) => {
            let session =
                sql("select cast(1 as bigint) from sessions where id = ? and expires > ?");
            is_there(tx, session.bind(*id).bind(now)).await?
        }
        (Credential::Family(family), Some(_)) => {
            let family = sql("select cast(1 as bigint) from oauth_families f
                 where f.family = ? and f.revoked is null and ")
            .bind(*family)
            .append(living("f.parent_family", "f.parent_token", now));
            is_there(tx, family).await?
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
            is_there(tx, token).await?
        }
    };
    match holds {
        true => Ok(()),
        false => Err(Error::Unauthenticated(Some(TokenProblem::Invalid))),
    }
}

async fn is_there(tx: &mut Tx, row: Sql) -> Result<bool> {
    Ok(row.optional::<(i64,)>(tx).await?.is_some())
}
