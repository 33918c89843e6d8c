//! The user behind a credential, and what limits the credential.
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    app::App,
    caller::{Credential, Identity},
    error::Result,
    oauth::{living, tokens::goes_on_still},
    scope::{Bounds, Permissions, ScopeSet, effective},
    store::sql,
    time::Timestamp,
    token::token_hash,
};

/// Minimum number of seconds between two updates of a user's last activity.
const ACTIVITY: i64 = 15 * 60;

#[derive(FromRow)]
pub struct Holder {
    pub user_id: i64,
    pub stamp: Uuid,
    actor_id: Option<i64>,
    username: String,
    is_superuser: bool,
    permission_moderation: bool,
    permission_library: bool,
    permission_settings: bool,
    email_verified: bool,
    last_activity: Option<Timestamp>,
    session_id: Option<i64>,
    family: Option<Uuid>,
    /// Whether this is the first use of an access token.
    fresh: bool,
    application_scope: Option<String>,
    token_scope: Option<String>,
    /// What the application that made the grant may do now.
    parent_scope: Option<String>,
    pub expires: Option<Timestamp>,
    /// The sealed Subsonic token that was shown.
    #[sqlx(skip)]
    pub subsonic: Option<String>,
}

const USER: &str =
    "select u.id as user_id, u.secret_key as stamp, u.actor_id, u.username, u.is_superuser,
    u.permission_moderation, u.permission_library, u.permission_settings, u.email_verified, ";

const SESSION: &str = "s.last_seen as last_activity, s.id as session_id, cast(null as uuid) as family,
    false as fresh, cast(null as text) as application_scope, cast(null as text) as token_scope,
    cast(null as text) as parent_scope, s.expires from sessions s join users u on u.id = s.user_id where ";

/// The scopes of the application whose token made a grant or an application `f`.
const PARENT_SCOPE: &str = "coalesce(
    (select o.scope from oauth_applications o where o.token_hash = f.parent_token),
    (select o.scope from oauth_families p join oauth_applications o on o.id = p.application_id
     where p.family = f.parent_family),
    (select o.scope from oauth_access_tokens t join oauth_applications o on o.id = t.application_id
     where t.token_hash = f.parent_token)) as parent_scope";

impl Holder {
    /// The holder of an OAuth access token or an application token.
    pub async fn of_token(app: &App, hash: &[u8]) -> Result<Option<Self>> {
        sql(USER)
            .then(
                "u.last_activity, cast(null as bigint) as session_id, t.family, not t.used as fresh,
                   a.scope as application_scope, t.scope as token_scope, ",
            )
            .then(PARENT_SCOPE)
            .then(
                ", t.expires
                 from oauth_access_tokens t
                 join users u on u.id = t.user_id
                 join oauth_applications a on a.id = t.application_id
                 left join oauth_families f on f.family = t.family
                 where t.token_hash = ? and u.is_active = true and ",
            )
            .bind(hash.to_vec())
            .append(goes_on_still(app.clock().now()))
            .then(" union all ")
            .then(USER)
            .then(
                "u.last_activity, cast(null as bigint) as session_id, cast(null as uuid) as family,
                   false as fresh, f.scope as application_scope, cast(null as text) as token_scope, ",
            )
            .then(PARENT_SCOPE)
            .then(
                ", cast(null as timestamptz) as expires
                 from oauth_applications f
                 join users u on u.id = f.user_id
                 where f.token_hash = ? and u.is_active = true and ",
            )
            .bind(hash.to_vec())
            .append(living("f.parent_family", "f.parent_token", app.clock().now()))
            .optional(app.db())
            .await
    }

    /// The holder of a session, by its ID.
    pub async fn of_session_id(app: &App, id: i64) -> Result<Option<Self>> {
        sql(USER)
            .then(SESSION)
            .then("s.id = ? and s.expires > ? and u.is_active = true")
            .bind(id)
            .bind(app.clock().now())
            .optional(app.db())
            .await
    }

    /// The holder of a family of tokens that are not all expired or revoked.
    pub async fn of_family(app: &App, family: Uuid) -> Result<Option<Self>> {
        let now = app.clock().now();
        sql(USER)
            .then(
                "u.last_activity, cast(null as bigint) as session_id, f.family, false as fresh,
                   a.scope as application_scope, h.scope as token_scope, ",
            )
            .then(PARENT_SCOPE)
            .then(
                ", cast(null as timestamptz) as expires
                 from oauth_families f
                 join users u on u.id = f.user_id
                 join oauth_applications a on a.id = f.application_id
                 join (select family, scope from oauth_refresh_tokens
                     where revoked is null and scope is not null and (expires is null or expires > ?)
                   union all select family, scope from oauth_access_tokens where expires > ?) h
                   on h.family = f.family
                 where f.family = ? and f.revoked is null and u.is_active = true and ",
            )
            .bind(now)
            .bind(now)
            .bind(family)
            .append(living("f.parent_family", "f.parent_token", now))
            .then(" limit 1")
            .optional(app.db())
            .await
    }

    /// The holder of a browser session.
    pub async fn of_session(app: &App, token: &str) -> Result<Option<Self>> {
        sql(USER)
            .then(SESSION)
            .then("s.token_hash = ? and s.expires > ? and u.is_active = true")
            .bind(token_hash(token))
            .bind(app.clock().now())
            .optional(app.db())
            .await
    }

    /// A user who authenticated with a password, or by a signed token.
    pub async fn of_user(app: &App, user: i64) -> Result<Option<Self>> {
        sql(USER)
            .then(
                "u.last_activity, cast(null as bigint) as session_id, cast(null as uuid) as family,
                   false as fresh, cast(null as text) as application_scope,
                   cast(null as text) as token_scope, cast(null as text) as parent_scope,
                   cast(null as timestamptz) as expires
                 from users u where u.id = ? and u.is_active = true",
            )
            .bind(user)
            .optional(app.db())
            .await
    }

    /// Whether the email address is confirmed; superusers are exempt.
    pub fn may_enter(&self) -> bool {
        self.email_verified || self.is_superuser
    }

    /// Updates the last activity of the user and the session.
    pub async fn record_activity(&self, app: &App) -> Result<()> {
        let now = app.clock().now();
        if self
            .last_activity
            .is_some_and(|last| now < last.plus_seconds(ACTIVITY))
        {
            return Ok(());
        }
        sql("update users set last_activity = ? where id = ?")
            .bind(now)
            .bind(self.user_id)
            .run(app.db())
            .await?;
        let Some(session) = self.session_id else {
            return Ok(());
        };
        sql("update sessions set last_seen = ? where id = ?")
            .bind(now)
            .bind(session)
            .run(app.db())
            .await
            .map(|_| ())
    }

    /// Remembers that an access token was used.
    pub async fn record_use(&self, app: &App, hash: &[u8]) -> Result<()> {
        if !self.fresh {
            return Ok(());
        }
        sql("update oauth_access_tokens set used = true where token_hash = ?")
            .bind(hash.to_vec())
            .run(app.db())
            .await
            .map(|_| ())
    }

    /// The identity of the holder; `granted` are the permissions that every user holds.
    pub fn identity(self, granted: Permissions, hash: Option<&[u8]>) -> Identity {
        let by_player = self.subsonic.is_some();
        let credential = match (self.session_id, self.family, hash) {
            _ if by_player => Credential::Subsonic(self.subsonic.unwrap_or_default()),
            (Some(session), ..) => Credential::Session(session),
            (_, Some(family), _) => Credential::Family(family),
            (.., Some(hash)) => Credential::Token(hash.to_vec()),
            _ => Credential::Password(self.stamp),
        };
        let permissions = Permissions {
            moderation: self.permission_moderation || self.is_superuser || granted.moderation,
            library: self.permission_library || self.is_superuser || granted.library,
            settings: self.permission_settings || self.is_superuser || granted.settings,
        };
        let bounds = match (&self.application_scope, &self.token_scope) {
            _ if by_player => Bounds::Player,
            (None, _) => Bounds::InPerson,
            (Some(application), None) => Bounds::Application(application),
            (Some(application), Some(token)) => Bounds::AccessToken { application, token },
        };
        Identity {
            user_id: self.user_id,
            actor_id: self.actor_id,
            scopes: match &self.parent_scope {
                None => effective(permissions, bounds),
                Some(parent) => {
                    effective(permissions, bounds).intersection(ScopeSet::parse(parent))
                }
            },
            username: self.username,
            permissions,
            credential,
        }
    }
}
