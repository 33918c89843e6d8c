//! What a token made ends with that token.
use uuid::Uuid;

use crate::{
    caller::Credential,
    error::{Error, Result},
    store::{On, Sql, Tx, sql},
    time::Timestamp,
};

/// The token that made a grant; nothing if a person made it.
#[derive(Clone, Debug, Default)]
pub struct Parent {
    pub family: Option<Uuid>,
    pub token: Option<Vec<u8>>,
}

impl Parent {
    /// Of what is made with `credential`.
    ///
    /// # Errors
    /// `Forbidden` for a token that was itself made by a token, so that there is only one generation to
    /// follow.
    pub async fn of(on: impl On, credential: &Credential) -> Result<Self> {
        let (made, parent) = match credential {
            Credential::Password(_) | Credential::Session(_) => return Ok(Self::default()),
            Credential::Derived | Credential::Subsonic(_) => return Err(Error::Forbidden),
            Credential::Family(family) => (
                sql("select cast(1 as bigint) from oauth_families where family = ?").bind(*family),
                Self {
                    family: Some(*family),
                    token: None,
                },
            ),
            Credential::Token(hash) => (
                sql("select cast(1 as bigint) from oauth_applications where token_hash = ?")
                    .bind(hash.clone()),
                Self {
                    family: None,
                    token: Some(hash.clone()),
                },
            ),
        };
        let made = made.then(" and (parent_family is not null or parent_token is not null)");
        match made.optional::<(i64,)>(on).await? {
            Some(_) => Err(Error::Forbidden),
            None => Ok(parent),
        }
    }
}

impl Parent {
    /// Of a new token for an application. One that renews its own token stays what it was.
    pub async fn renewed(tx: &mut Tx, credential: &Credential, application: i64) -> Result<Self> {
        if let Credential::Token(hash) = credential {
            let own = sql("select parent_family, parent_token from oauth_applications
                 where id = ? and token_hash = ?");
            let own = own.bind(application).bind(hash.clone());
            let own: Option<(Option<Uuid>, Option<Vec<u8>>)> = own.optional(&mut *tx).await?;
            if let Some((family, token)) = own {
                return Ok(Self { family, token });
            }
        }
        Self::of(tx, credential).await
    }
}

/// Condition: the token that made a grant is still valid. Takes the columns that name it.
pub fn living(family: &'static str, token: &'static str, now: Timestamp) -> Sql {
    sql("(")
        .then(family)
        .then(" is null or exists (select 1 from oauth_families p where p.family = ")
        .then(family)
        .then(
            " and p.revoked is null and (exists (select 1 from oauth_refresh_tokens r
               where r.family = p.family and r.revoked is null
                 and (r.expires is null or r.expires > ?))
             or exists (select 1 from oauth_access_tokens x
               where x.family = p.family and x.expires > ?)))) and (",
        )
        .bind(now)
        .bind(now)
        .then(token)
        .then(" is null or exists (select 1 from oauth_applications o where o.token_hash = ")
        .then(token)
        .then(") or exists (select 1 from oauth_access_tokens x where x.token_hash = ")
        .then(token)
        .then(" and x.expires > ?))")
        .bind(now)
}
