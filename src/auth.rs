//! Who a request comes from: bearer tokens, of applications and of their users
//! (RFC 6750; contract section 2).
use std::sync::Arc;

use sha2::{Digest, Sha256};
use sqlx::FromRow;

use crate::{
    app::App,
    context::{Caller, Identity},
    error::{Result, TokenProblem},
    scope::{Permissions, ScopeSet},
    store::sql,
    time::Timestamp,
};

/// A token is stored as this, so that who reads the database cannot use it. Tokens are drawn by
/// chance, not chosen by people: one round is enough.
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// The caller behind an `Authorization` header.
pub async fn caller(app: &App, authorization: Option<&str>) -> Result<Caller> {
    let Some((scheme, token)) = authorization.and_then(|header| header.split_once(' ')) else {
        return Ok(Caller::Anonymous);
    };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Caller::Anonymous);
    }
    let holder = match access_token(app, token).await? {
        Some(holder) => Some(holder),
        None => application_token(app, token).await?,
    };
    Ok(match holder {
        None => Caller::Rejected(TokenProblem::Invalid),
        Some(holder)
            if holder
                .expires
                .is_some_and(|expires| expires <= app.clock().now()) =>
        {
            Caller::Rejected(TokenProblem::Expired)
        }
        Some(holder) => {
            // That it cannot be noted is no reason to refuse.
            if let Err(error) = holder.record_activity(app).await {
                error.log();
            }
            let granted = app.preferences().await?.default_permissions();
            Caller::User(Arc::new(holder.identity(granted)))
        }
    })
}

/// Seconds in which a user's activity is noted once.
const ACTIVITY: i64 = 15 * 60;

/// The user behind a token, and everything that bounds it.
#[derive(FromRow)]
struct Holder {
    user_id: i64,
    actor_id: Option<i64>,
    username: String,
    is_superuser: bool,
    permission_moderation: bool,
    permission_library: bool,
    permission_settings: bool,
    application_scope: String,
    token_scope: Option<String>,
    expires: Option<Timestamp>,
    last_activity: Option<Timestamp>,
}

async fn access_token(app: &App, token: &str) -> Result<Option<Holder>> {
    sql("select u.id as user_id, u.actor_id, u.username, u.is_superuser, u.permission_moderation,
           u.permission_library, u.permission_settings, u.last_activity, a.scope as application_scope,
           t.scope as token_scope, t.expires
         from oauth_access_tokens t
         join users u on u.id = t.user_id
         join oauth_applications a on a.id = t.application_id
         where t.token_hash = ? and u.is_active = true")
    .bind(token_hash(token))
    .optional(app.db())
    .await
}

async fn application_token(app: &App, token: &str) -> Result<Option<Holder>> {
    sql("select u.id as user_id, u.actor_id, u.username, u.is_superuser, u.permission_moderation,
           u.permission_library, u.permission_settings, u.last_activity, a.scope as application_scope,
           cast(null as text) as token_scope, cast(null as timestamptz) as expires
         from oauth_applications a
         join users u on u.id = a.user_id
         where a.token_hash = ? and u.is_active = true")
    .bind(token_hash(token))
    .optional(app.db())
    .await
}

impl Holder {
    async fn record_activity(&self, app: &App) -> Result<()> {
        let now = app.clock().now();
        if self
            .last_activity
            .is_some_and(|last| now < last.plus_seconds(ACTIVITY))
        {
            return Ok(());
        }
        let noted = sql("update users set last_activity = ? where id = ?");
        noted
            .bind(now)
            .bind(self.user_id)
            .run(app.db())
            .await
            .map(|_| ())
    }

    /// Effective rights: what the user may, cut by the application and by the token.
    /// An application token is cut by its owner's rights too; an access token also by what
    /// OAuth can reach at all.
    fn identity(self, granted: Permissions) -> Identity {
        let permissions = Permissions {
            moderation: self.permission_moderation || self.is_superuser || granted.moderation,
            library: self.permission_library || self.is_superuser || granted.library,
            settings: self.permission_settings || self.is_superuser || granted.settings,
        };
        let own = ScopeSet::of_user(permissions);
        let application = own.intersection(ScopeSet::parse(&self.application_scope));
        let scopes = match self.token_scope {
            Some(token) => application
                .intersection(ScopeSet::parse(&token))
                .intersection(ScopeSet::common()),
            None => application,
        };
        Identity {
            user_id: self.user_id,
            actor_id: self.actor_id,
            username: self.username,
            permissions,
            scopes,
        }
    }
}
