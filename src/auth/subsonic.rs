//! Who uses a Subsonic player: a username with the Subsonic token as the password, or a token of an
//! application (`apiKeyAuthentication` of OpenSubsonic).
use std::{borrow::Cow, sync::Once};

use md5::{Digest, Md5};
use subtle::ConstantTimeEq;

use super::{Holder, Taken, admitted, bearer};
use crate::{accounts::is_named, app::App, caller::Caller, error::Result, hex::hex, store::sql};

/// Whether a path is one of the Subsonic API.
pub fn is_at(path: &str) -> bool {
    path.starts_with("/rest/") || path.starts_with("/api/subsonic/")
}

/// What a player shows.
pub enum Shown<'a> {
    /// A username and the password.
    Password(&'a str, Cow<'a, str>),
    /// A username, the MD5 sum of password and salt, and the salt.
    Salted {
        user: &'a str,
        sum: &'a str,
        salt: &'a str,
    },
    /// A token of an application.
    Key(&'a str),
}

/// The caller who shows this; `None` for a wrong username or password.
pub async fn caller(app: &App, shown: &Shown<'_>) -> Result<Option<Taken>> {
    let (user, credential) = match shown {
        Shown::Key(token) => return bearer(app, token).await.map(Some),
        Shown::Password(user, password) => (user, format!("subsonic p {user} {password}")),
        Shown::Salted { user, sum, salt } => (user, format!("subsonic t {user} {sum} {salt}")),
    };
    if let Some(found) = app.credentials().get(&credential, app.clock().now()) {
        return Ok(Some(Ok(Caller::User(found))));
    }
    let age = app.credentials().age();
    let row: Option<(i64, String)> = sql("select id, subsonic_api_token from users
        where subsonic_api_token is not null and is_active = true and ")
    .append(is_named(user))
    .optional(app.db())
    .await?;
    let Some((id, sealed)) = row else {
        return Ok(None);
    };
    let Some(token) = app.seal().opened(&sealed) else {
        static TOLD: Once = Once::new();
        TOLD.call_once(|| {
            tracing::warn!(
                user = id,
                "Subsonic tokens were sealed with another secret key: their owners have to make new ones"
            );
        });
        return Ok(None);
    };
    if !shown.proves(&token) {
        return Ok(None);
    }
    let Some(mut holder) = Holder::of_user(app, id).await? else {
        return Ok(None);
    };
    holder.subsonic = Some(sealed);
    admitted(app, (&credential, None), holder, age)
        .await
        .map(Some)
}

impl Shown<'_> {
    /// Whether this was made with the token.
    fn proves(&self, token: &str) -> bool {
        match self {
            Self::Password(_, password) => password.as_bytes().ct_eq(token.as_bytes()).into(),
            Self::Salted { sum, salt, .. } => {
                let right = Md5::new().chain_update(token).chain_update(salt).finalize();
                let right = hex(right);
                sum.to_ascii_lowercase()
                    .as_bytes()
                    .ct_eq(right.as_bytes())
                    .into()
            }
            Self::Key(_) => false,
        }
    }
}
