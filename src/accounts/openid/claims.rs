//! Claims of the provider about a sign-in and a person.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use oauth2::TokenResponse;
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::{
    Attempt,
    provider::{Provider, Tokens, read},
    unreachable,
};
use crate::{app::App, error::Result};

/// Claims of an ID token (section 2) and standard claims of a person (section 5.1).
#[derive(Debug, Deserialize)]
pub struct Claims {
    iss: String,
    pub sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    nonce: Option<String>,
    #[serde(flatten)]
    person: Person,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn holds(&self, client: &str) -> bool {
        match self {
            Self::One(one) => one == client,
            Self::Many(many) => many.iter().any(|one| one == client),
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Person {
    pub email: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub email_verified: bool,
    pub preferred_username: Option<String>,
}

/// Some providers send the string `"true"` instead of the boolean.
fn lenient<'de, D: serde::Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    Ok(value == true || value == "true")
}

#[derive(Debug, Deserialize)]
struct UserInfo {
    sub: String,
    #[serde(flatten)]
    person: Person,
}

/// Validates the ID token and returns its claims (section 3.1.3.7).
pub fn checked(
    app: &App,
    provider: &Provider,
    attempt: &Attempt,
    tokens: &Tokens,
) -> Result<Claims> {
    let token = tokens.extra_fields().id_token.as_deref();
    let token = token.ok_or_else(|| unreachable("there is no ID token"))?;
    let payload = token.split('.').nth(1).unwrap_or_default();
    let payload = URL_SAFE_NO_PAD.decode(payload).map_err(unreachable)?;
    let claims: Claims = serde_json::from_slice(&payload).map_err(unreachable)?;
    let client = app.config().openid_client_id.as_deref().unwrap_or_default();
    let nonce = claims.nonce.as_deref().unwrap_or_default();
    let fits = claims.iss == provider.issuer
        && claims.aud.holds(client)
        && claims.azp.as_deref().is_none_or(|azp| azp == client)
        && claims.exp > app.clock().now().unix()
        && bool::from(nonce.as_bytes().ct_eq(attempt.nonce.as_bytes()))
        && (1..=255).contains(&claims.sub.len());
    match fits {
        true => Ok(claims),
        false => Err(unreachable("the ID token is not for this sign-in")),
    }
}

/// Claims about the person, from the ID token or the userinfo endpoint (section 5.3).
pub async fn person(
    app: &App,
    provider: &Provider,
    claims: &Claims,
    tokens: &Tokens,
) -> Result<Person> {
    match &provider.userinfo_endpoint {
        Some(address) if claims.person.email.is_none() => {
            let token = tokens.access_token().secret();
            let found: UserInfo = read(app, address, Some(token)).await?;
            match found.sub == claims.sub {
                true => Ok(found.person),
                false => Err(unreachable("it tells of somebody else")),
            }
        }
        _ => Ok(claims.person.clone()),
    }
}
