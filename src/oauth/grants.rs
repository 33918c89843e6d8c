//! The token endpoint: exchanges authorization codes, refresh tokens and device codes.
use oauth2::basic::BasicErrorResponseType;
use poem::Request;
use sqlx::FromRow;
use uuid::Uuid;

use super::{
    Parent, Refusal, clients, device, living, pkce,
    revocation::revoke_family,
    tokens::{self, Grant, Pair},
};
use crate::{
    app::App, error::Result, rest::params::Pairs, store::sql, time::Timestamp, token::token_hash,
};

/// Grant types that are known but refused.
const DENIED: &[&str] = &["password", "client_credentials", "implicit"];

/// Answers a token request (RFC 6749 section 3.2).
pub async fn token(app: &App, request: &Request, form: &Pairs) -> Result<Pair, Refusal> {
    let given = |name: &str| form.last(name).filter(|value| !value.is_empty());
    let missing = |what: &str| Refusal::invalid_request(format!("Missing {what} parameter."));
    match given("grant_type") {
        Some("authorization_code") => {
            let code = given("code").ok_or_else(|| missing("code"))?;
            let client = clients::authenticate(app, request, form).await?;
            exchange(app, &client, code, form).await
        }
        Some("refresh_token") => {
            let token = given("refresh_token").ok_or_else(|| missing("refresh token"))?;
            let client = clients::authenticate(app, request, form).await?;
            tokens::refresh(app, &client, token, given("scope")).await
        }
        Some(device::GRANT) => {
            let code = given("device_code").ok_or_else(|| missing("device code"))?;
            let client = clients::authenticate(app, request, form).await?;
            device::poll(app, &client, code).await
        }
        Some(other) if DENIED.contains(&other) => {
            clients::authenticate(app, request, form).await?;
            Err(BasicErrorResponseType::UnauthorizedClient.into())
        }
        _ => Err(BasicErrorResponseType::UnsupportedGrantType.into()),
    }
}

#[derive(FromRow)]
struct Code {
    id: i64,
    user_id: i64,
    redirect_uri: String,
    scope: String,
    code_challenge: String,
    expires: Timestamp,
    used: Option<Timestamp>,
    family: Uuid,
    parent_family: Option<Uuid>,
    parent_token: Option<Vec<u8>>,
}

/// Exchanges a code for tokens (RFC 6749 section 4.1.3). Of concurrent requests, one succeeds; a
/// second use revokes the tokens of the first (RFC 9700 section 4.2.4).
async fn exchange(
    app: &App,
    client: &clients::Client,
    code: &str,
    form: &Pairs,
) -> Result<Pair, Refusal> {
    let held: Option<Code> = sql(
        "select c.id, c.user_id, c.redirect_uri, c.scope, c.code_challenge, c.expires, c.used,
           c.family, c.parent_family, c.parent_token
         from oauth_codes c join users u on u.id = c.user_id
         where c.code_hash = ? and c.application_id = ? and u.is_active = true and ",
    )
    .bind(token_hash(code))
    .bind(client.id)
    .append(living(
        "c.parent_family",
        "c.parent_token",
        app.clock().now(),
    ))
    .optional(app.db())
    .await?;
    let held = held.ok_or_else(Refusal::invalid_grant)?;
    if held.used.is_some() {
        revoke_family(app, held.family).await?;
        return Err(Refusal::invalid_grant());
    }
    if held.expires <= app.clock().now() {
        return Err(Refusal::invalid_grant());
    }
    if form.last("redirect_uri") != Some(held.redirect_uri.as_str()) {
        return Err(Refusal::invalid_request("Mismatching redirect URI."));
    }
    check_verifier(&held.code_challenge, form.last("code_verifier"))?;
    redeem(app, client, held).await
}

/// Checks the PKCE verifier (RFC 7636 section 4.6). A verifier without a challenge hints at a
/// downgrade attack (RFC 9700 section 4.8.2).
fn check_verifier(challenge: &str, verifier: Option<&str>) -> Result<(), Refusal> {
    match (challenge, verifier.filter(|verifier| !verifier.is_empty())) {
        ("", None) => Ok(()),
        ("", Some(_)) => Err(Refusal::invalid_grant()),
        (_, None) => Err(Refusal::invalid_request("Code verifier required.")),
        (challenge, Some(verifier)) if pkce::verifies(verifier, challenge) => Ok(()),
        _ => Err(Refusal::invalid_grant()),
    }
}

async fn redeem(app: &App, client: &clients::Client, code: Code) -> Result<Pair, Refusal> {
    let mut tx = app.db().begin().await?;
    let used = sql("update oauth_codes set used = ? where id = ? and used is null")
        .bind(app.clock().now())
        .bind(code.id)
        .run(&mut tx)
        .await?;
    if used == 0 {
        drop(tx);
        revoke_family(app, code.family).await?;
        return Err(Refusal::invalid_grant());
    }
    let grant = Grant {
        user_id: code.user_id,
        application_id: client.id,
        scope: code.scope,
        family: code.family,
        parent: Parent {
            family: code.parent_family,
            token: code.parent_token,
        },
    };
    let pair = tokens::begin(&mut tx, app, &grant).await?;
    tx.commit().await?;
    Ok(pair)
}
