//! Signing in through an OpenID provider (OpenID Connect Core 1.0, authorization code flow with
//! PKCE and a nonce). ID tokens come directly from the provider, over TLS or on this machine, so
//! their signatures need not be checked (section 3.1.3.7, item 6).
mod account;
mod claims;
mod provider;

use oauth2::{
    AuthorizationCode, CsrfToken, HttpRequest, PkceCodeChallenge, PkceCodeVerifier, Scope,
};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use self::provider::{Provider, Tokens, client, provider};
use crate::{
    accounts::recovery::remind,
    app::App,
    error::{Error, Result},
    fetch::ANSWER,
    proof::Proof,
    store::sql,
};

/// A sign-in in progress. The browser keeps it until the provider redirects back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempt {
    state: String,
    nonce: String,
    verifier: String,
    /// Page to open afterwards.
    pub next: String,
}

/// Parameters of the provider's redirect.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    pub code: &'a str,
    pub state: &'a str,
    pub iss: Option<&'a str>,
}

fn unreachable(cause: impl std::fmt::Display) -> Error {
    tracing::warn!(%cause, "the OpenID provider");
    Error::Unavailable(
        "The OpenID provider did not answer as expected. Try again in a moment.".to_owned(),
    )
}

fn denied(why: &str) -> Error {
    Error::Denied(why.to_owned())
}

/// Starts a sign-in: the provider's URL, and the attempt for the browser to keep.
pub async fn begin(app: &App, next: &str) -> Result<(String, Attempt)> {
    let client = client(app, &provider(app).await?)?;
    let attempt = Attempt {
        state: crate::random::token(),
        nonce: crate::random::token(),
        verifier: crate::random::token(),
        next: next.to_owned(),
    };
    let verifier = PkceCodeVerifier::new(attempt.verifier.clone());
    let state = attempt.state.clone();
    let (url, _) = client
        .authorize_url(|| CsrfToken::new(state))
        .add_scopes(["openid", "email", "profile"].map(|scope| Scope::new(scope.to_owned())))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        .add_extra_param("nonce", &attempt.nonce)
        .url();
    Ok((url.into(), attempt))
}

/// Finishes a sign-in and returns the account.
pub async fn finish(app: &App, attempt: &Attempt, answer: Answer<'_>) -> Result<Proof> {
    let same: bool = attempt
        .state
        .as_bytes()
        .ct_eq(answer.state.as_bytes())
        .into();
    if !same {
        return Err(denied(
            "This answer does not belong to this browser. Sign in again.",
        ));
    }
    let provider = provider(app).await?;
    if answer.iss.is_some_and(|iss| iss != provider.issuer) {
        return Err(denied("The answer comes from another server."));
    }
    let tokens = trade(app, &provider, attempt, answer.code).await?;
    let claims = claims::checked(app, &provider, attempt, &tokens)?;
    let person = claims::person(app, &provider, &claims, &tokens).await?;
    let proof = account::account(app, &provider.issuer, &claims.sub, &person).await?;
    match may_enter(app, proof.user).await? {
        true => Ok(proof),
        false => Err(denied(
            "Confirm your e-mail address first: a mail with a link was sent to it.",
        )),
    }
}

/// Whether the account may be used. If a required email confirmation is missing, its mail is sent
/// again.
async fn may_enter(app: &App, user: i64) -> Result<bool> {
    let (confirmed,): (bool,) =
        sql("select email_verified or is_superuser from users where id = ?")
            .bind(user)
            .one(app.db())
            .await?;
    let enters = confirmed || !app.config().account_email_verification_enforce;
    if !enters {
        remind(app, user).await?;
    }
    Ok(enters)
}

async fn trade(app: &App, provider: &Provider, attempt: &Attempt, code: &str) -> Result<Tokens> {
    let sender = app.clone();
    let send = move |request: HttpRequest| {
        let sender = sender.clone();
        async move { sender.fetcher().trusted(request, ANSWER).await }
    };
    let client = client(app, provider)?;
    let traded = client
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()))
        .request_async(&send)
        .await;
    traded.map_err(|error| match error {
        oauth2::RequestTokenError::ServerResponse(why) => {
            tracing::info!(%why, "the OpenID provider gives no token");
            denied("The other server did not confirm the sign-in. Sign in again.")
        }
        error => unreachable(error),
    })
}
