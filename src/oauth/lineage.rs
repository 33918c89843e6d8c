//! What a token made ends with that token.
use uuid::Uuid;

use crate::{
    app::App,
    caller::Credential,
    error::{Error, Result},
    store::{Sql, sql},
    time::Timestamp,
};

/// The token that made a grant; nothing if a person made it.
#[derive(Clone, Debug, Default)]
pub struct Parent {
    pub family: Option<Uuid>,
    pub token: Option<Vec<u8>>,
}

impl Parent {
    /// Of a grant that is made with `credential`. What was itself made by a token cannot grant, so
    /// that there is only one generation to follow (`check_first`).
    pub fn of(credential: &Credential) -> Result<Self> {
        match credential {
            Credential::Password | Credential::Session(_) => Ok(Self::default()),
            Credential::Family(family) => Ok(Self {
                family: Some(*family),
                token: None,
            }),
            Credential::Token(hash) => Ok(Self {
                family: None,
                token: Some(hash.clone()),
            }),
            Credential::Derived => Err(Error::Forbidden),
        }
    }
}

/// Refuses a grant by a token that was itself granted by a token.
pub async fn check_first(app: &App, family: Uuid) -> Result<()> {
    let made: Option<(Uuid,)> = sql("select family from oauth_families
         where family = ? and (parent_family is not null or parent_token is not null)")
    .bind(family)
    .optional(app.db())
    .await?;
    made.map_or(Ok(()), |_| Err(Error::Forbidden))
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
