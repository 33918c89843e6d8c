//! Signing in through an OpenID provider (OpenID Connect Core 1.0, authorization code flow with
//! PKCE and a nonce). What the provider says comes straight from it, over TLS or on this machine:
//! so its tokens' signatures need not be checked (section 3.1.3.7, item 6).
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use oauth2::{
    AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, ExtraTokenFields,
    HttpRequest, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, StandardRevocableToken,
    StandardTokenIntrospectionResponse, StandardTokenResponse, TokenResponse, TokenUrl,
    basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenType},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use subtle::ConstantTimeEq;
use url::{Host, Url};

use super::{New, check_username, email_is_taken, insert, is_reserved, take_turns, taken};
use crate::{
    accounts::recovery::remind,
    app::App,
    error::{Error, Result},
    resources::visibility::folded,
    scope::Permissions,
    store::{Tx, sql},
};

/// A sign-in that has begun; the browser keeps it until the provider sends it back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempt {
    state: String,
    nonce: String,
    verifier: String,
    /// Where to go on to afterwards.
    pub next: String,
}

/// What the provider sends the browser back with.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    pub code: &'a str,
    pub state: &'a str,
    pub iss: Option<&'a str>,
}

/// What a provider tells of itself (OpenID Connect Discovery 1.0 section 3).
#[derive(Debug, Deserialize)]
struct Provider {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct IdFields {
    id_token: Option<String>,
}

impl ExtraTokenFields for IdFields {}

type Tokens = StandardTokenResponse<IdFields, BasicTokenType>;
type OpenIdClient<A, T> = Client<
    BasicErrorResponse,
    Tokens,
    StandardTokenIntrospectionResponse<IdFields, BasicTokenType>,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    A,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    T,
>;

/// The claims of an ID token (section 2), and those of a person (section 5.1).
#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
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
struct Person {
    email: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    email_verified: bool,
    preferred_username: Option<String>,
}

/// Some providers send the word instead of the truth.
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

fn unreachable(cause: impl std::fmt::Display) -> Error {
    tracing::warn!(%cause, "the OpenID provider");
    Error::Unavailable(
        "The other server does not answer as it should. Try again in a while.".to_owned(),
    )
}

fn denied(why: &str) -> Error {
    Error::Denied(why.to_owned())
}

/// Only what nobody else can read or change on its way: TLS, or this machine.
fn is_private(url: &Url) -> bool {
    let local = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && local)
}

async fn read<T: DeserializeOwned>(app: &App, address: &str, token: Option<&str>) -> Result<T> {
    let url = Url::parse(address).map_err(unreachable)?;
    if !is_private(&url) {
        return Err(unreachable(format!("{address} is not https")));
    }
    let mut request = poem::http::Request::get(address);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Vec::new()).map_err(unreachable)?;
    let response = app.fetcher().trusted(request).await.map_err(unreachable)?;
    if !response.status().is_success() {
        return Err(unreachable(format!(
            "{address} answers {}",
            response.status()
        )));
    }
    serde_json::from_slice(response.body()).map_err(unreachable)
}

async fn provider(app: &App) -> Result<Provider> {
    let issuer = app.config().openid_issuer.as_ref().ok_or(Error::NotFound)?;
    let issuer = issuer.as_str().trim_end_matches('/');
    let found: Provider = read(
        app,
        &format!("{issuer}/.well-known/openid-configuration"),
        None,
    )
    .await?;
    match found.issuer.trim_end_matches('/') == issuer {
        true => Ok(found),
        false => Err(unreachable(format!(
            "{issuer} says that it is {}",
            found.issuer
        ))),
    }
}

fn client(
    app: &App,
    provider: &Provider,
) -> Result<OpenIdClient<oauth2::EndpointSet, oauth2::EndpointSet>> {
    let config = app.config();
    let id = config.openid_client_id.clone().ok_or(Error::NotFound)?;
    let back = format!("{}/login/openid/callback", config.public_url());
    let tokens = TokenUrl::new(provider.token_endpoint.clone()).map_err(unreachable)?;
    if !is_private(tokens.url()) {
        return Err(unreachable("its token endpoint is not https"));
    }
    let client = Client::new(ClientId::new(id))
        .set_auth_uri(AuthUrl::new(provider.authorization_endpoint.clone()).map_err(unreachable)?)
        .set_token_uri(tokens)
        .set_redirect_uri(RedirectUrl::new(back).map_err(Error::internal)?);
    Ok(match &config.openid_client_secret {
        Some(secret) => client.set_client_secret(ClientSecret::new(secret.clone())),
        None => client,
    })
}

/// Where to send the browser, and what it keeps meanwhile.
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

/// The account of whoever comes back.
pub async fn finish(app: &App, attempt: &Attempt, answer: Answer<'_>) -> Result<i64> {
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
    let claims = claims(app, &provider, attempt, &tokens)?;
    let person = person(app, &provider, &claims, &tokens).await?;
    let user = account(app, &provider.issuer, &claims.sub, &person).await?;
    match may_enter(app, user).await? {
        true => Ok(user),
        false => Err(denied(
            "Confirm your e-mail address first: a mail with a link was sent to it.",
        )),
    }
}

/// Whether the address is confirmed, where the pod insists on it; else it is asked for again.
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
        async move { sender.fetcher().trusted(request).await }
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

/// The ID token's claims, checked (section 3.1.3.7).
fn claims(app: &App, provider: &Provider, attempt: &Attempt, tokens: &Tokens) -> Result<Claims> {
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

/// What the provider tells of the person, in the token or beside it (section 5.3).
async fn person(
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

/// The account that belongs to somebody, is linked to them, or is made for them.
async fn account(app: &App, issuer: &str, subject: &str, person: &Person) -> Result<i64> {
    let mut tx = app.db().begin().await?;
    take_turns(&mut tx, app).await?;
    let known: Option<(i64, bool)> = sql("select u.id, u.is_active from user_identities i
         join users u on u.id = i.user_id where i.issuer = ? and i.subject = ?")
    .bind(issuer)
    .bind(subject)
    .optional(&mut tx)
    .await?;
    match known {
        Some((user, true)) => return Ok(user),
        Some((_, false)) => return Err(denied("This account cannot be used at present.")),
        None => {}
    }
    let user = match linked(&mut tx, app, person).await? {
        Some(user) => user,
        None if app.config().openid_signup => made(&mut tx, app, person).await?,
        None => {
            return Err(denied(
                "Nobody here belongs to that account yet. Ask whoever runs this pod.",
            ));
        }
    };
    sql("insert into user_identities (issuer, subject, user_id, created) values (?, ?, ?, ?)")
        .bind(issuer)
        .bind(subject)
        .bind(user)
        .bind(app.clock().now())
        .run(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(user)
}

/// The account with the same address, where both sides have confirmed it and the pod allows it.
async fn linked(tx: &mut Tx, app: &App, person: &Person) -> Result<Option<i64>> {
    let email = person.email.as_deref().filter(|_| person.email_verified);
    let Some(email) = email.filter(|_| app.config().openid_link_by_email) else {
        return Ok(None);
    };
    let found: Option<(i64,)> = sql("select id from users where email_folded = ?
         and email_folded <> '' and email_verified = true and is_active = true")
    .bind(folded(email))
    .optional(tx)
    .await?;
    Ok(found.map(|row| row.0))
}

/// A new account, which has no password.
async fn made(tx: &mut Tx, app: &App, person: &Person) -> Result<i64> {
    let email = person
        .email
        .as_deref()
        .filter(|_| person.email_verified)
        .unwrap_or_default();
    if email_is_taken(tx, email).await? {
        return Err(denied(
            "An account with your e-mail address exists already. Sign in with its password.",
        ));
    }
    let mut new = New {
        username: String::new(),
        email: email.to_owned(),
        password: String::new(),
        permissions: Permissions::default(),
        is_superuser: false,
    };
    for name in names(person) {
        new.username = name;
        if taken(tx, app, &new).await?.is_empty() {
            let made = insert(tx, app, &new, "!".to_owned()).await?;
            sql("update users set email_verified = ? where id = ?")
                .bind(!email.is_empty())
                .bind(made.user)
                .run(tx)
                .await?;
            return Ok(made.user);
        }
    }
    Err(denied(
        "Your name is taken here. Ask whoever runs this pod.",
    ))
}

/// Names to try: the one at the provider, then with numbers.
fn names(person: &Person) -> impl Iterator<Item = String> {
    let wanted = person.preferred_username.as_deref();
    let wanted = wanted.or(person.email.as_deref()).unwrap_or_default();
    let local = wanted.split('@').next().unwrap_or_default();
    let plain: String = local
        .chars()
        .map(|char| {
            if char.is_ascii_alphanumeric() {
                char
            } else {
                '_'
            }
        })
        .take(24)
        .collect();
    let base = match check_username(&plain).is_ok() && !is_reserved(&plain) {
        true => plain,
        false => "listener".to_owned(),
    };
    let numbered = base.clone();
    std::iter::once(base).chain((2..=50).map(move |number| format!("{numbered}{number}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_to_fit() {
        let name = |text: &str| {
            let person = Person {
                preferred_username: Some(text.to_owned()),
                ..Person::default()
            };
            names(&person).next().unwrap()
        };
        assert_eq!(name("Ada Lovelace"), "Ada_Lovelace");
        assert_eq!(name("ada@example.org"), "ada");
        assert_eq!(name("admin"), "listener");
        assert_eq!(name(""), "listener");
    }

    #[test]
    fn only_tls_and_this_machine_will_do() {
        for (address, fine) in [
            ("https://id.example/token", true),
            ("http://localhost:3000/token", true),
            ("http://127.0.0.1/", true),
            ("http://id.example/token", false),
            ("http://10.0.0.1/", false),
        ] {
            assert_eq!(is_private(&Url::parse(address).unwrap()), fine, "{address}");
        }
    }
}
