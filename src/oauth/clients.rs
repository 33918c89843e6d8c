//! OAuth clients (applications) and their authentication (RFC 6749 section 2).
use base64::{Engine, engine::general_purpose::STANDARD};
use oauth2::basic::BasicErrorResponseType;
use percent_encoding::percent_decode_str;
use poem::Request;
use sha2::{Digest, Sha256};
use sqlx::FromRow;
use subtle::ConstantTimeEq;

use super::{EXPLORER, Refusal};
use crate::{
    app::App,
    error::Result,
    hex::hex,
    rest::params::{Pairs, choices},
    scope::ScopeSet,
    store::sql,
};

choices! {
    /// Type of an OAuth client (RFC 6749 section 2.1).
    pub enum ClientType {
        /// Runs on a server, where it can keep a client secret.
        Confidential = "confidential",
        /// Runs in a browser or on a device of its users, and has no client secret. Must use PKCE.
        Public = "public",
    }
}

/// An OAuth client.
#[derive(Clone, Debug, FromRow)]
pub struct Client {
    pub id: i64,
    pub client_id: String,
    client_secret_hash: Option<String>,
    pub name: String,
    pub user_id: Option<i64>,
    redirect_uris: String,
    pub scope: String,
    client_type: String,
}

/// Finds a client by its client ID.
pub async fn find(app: &App, client_id: &str) -> Result<Option<Client>> {
    sql(
        "select id, client_id, client_secret_hash, name, user_id, redirect_uris, scope, client_type
         from oauth_applications where client_id = ?",
    )
    .bind(client_id)
    .optional(app.db())
    .await
}

impl Client {
    pub fn is_public(&self) -> bool {
        self.client_type == "public"
    }

    /// A digest of what a person who decides is shown: who would get which scopes, and where.
    pub fn shown(&self, scopes: ScopeSet, redirect_uri: &str) -> String {
        let scopes = scopes.to_string();
        let facts = [&self.client_id, &self.name, redirect_uri, &scopes];
        hex(Sha256::digest(facts.join("\n").as_bytes()))
    }

    /// The name of the user who registered it, if any.
    pub async fn owner(&self, app: &App) -> Result<Option<String>> {
        let row: Option<(String,)> = sql("select username from users where id = ?")
            .bind(self.user_id)
            .optional(app.db())
            .await?;
        Ok(row.map(|row| row.0))
    }

    /// The registered redirect URIs; those of the API explorers depend on the pod's address.
    pub fn redirect_uris(&self, app: &App) -> String {
        match self.client_id.as_str() {
            EXPLORER => explorer_uris(app),
            _ => self.redirect_uris.clone(),
        }
    }
}

/// The pages of the API explorers, under the public URL and on loopback addresses.
fn explorer_uris(app: &App) -> String {
    let port = app.config().bind.port();
    let roots = [
        app.config().public_url(),
        format!("http://127.0.0.1:{port}"),
        format!("http://localhost:{port}"),
    ];
    let pages = ["/graphiql", "/api/v1/docs/oauth2-redirect"];
    let uris = roots
        .iter()
        .flat_map(|root| pages.map(|page| format!("{root}{page}")));
    uris.collect::<Vec<_>>().join(" ")
}

/// The stored form of a generated secret. It is long and random, so one round of hashing is enough.
pub fn secret_hash(secret: &str) -> String {
    format!("sha256${}", hex(Sha256::digest(secret.as_bytes())))
}

/// Client credentials from a request.
struct Shown {
    client_id: String,
    secret: Option<String>,
    /// Whether they were sent by HTTP Basic.
    by_header: bool,
}

/// Authenticates the client of a request, by header or form fields.
pub async fn authenticate(app: &App, request: &Request, form: &Pairs) -> Result<Client, Refusal> {
    if let Some(name) = form.repeated() {
        return Err(Refusal::invalid_request(format!(
            "Duplicate {name} parameters."
        )));
    }
    let shown = shown(request, form)?;
    let unknown = || match shown.by_header {
        true => Refusal::invalid_basic(),
        false => Refusal::invalid_client(),
    };
    let Some(client) = find(app, &shown.client_id).await? else {
        return Err(unknown());
    };
    let secret = shown.secret.as_deref().filter(|secret| !secret.is_empty());
    let right = match (client.is_public(), secret) {
        (true, None) => true,
        (false, Some(secret)) => is_secret(app, &client, secret).await?,
        _ => false,
    };
    match right {
        true => Ok(client),
        false => Err(unknown()),
    }
}

fn shown(request: &Request, form: &Pairs) -> Result<Shown, Refusal> {
    let header = request.headers().get("authorization");
    let header = header.and_then(|header| header.to_str().ok());
    let basic = header
        .and_then(|header| header.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
    let in_form = form.last("client_id");
    let Some((_, pair)) = basic else {
        return Ok(Shown {
            client_id: in_form.unwrap_or_default().to_owned(),
            secret: form.last("client_secret").map(str::to_owned),
            by_header: false,
        });
    };
    let shown = decoded(pair).ok_or_else(Refusal::invalid_basic)?;
    let twice = in_form.is_some_and(|id| id != shown.client_id)
        || form
            .last("client_secret")
            .is_some_and(|secret| Some(secret) != shown.secret.as_deref());
    match twice {
        true => Err(BasicErrorResponseType::InvalidRequest.into()),
        false => Ok(shown),
    }
}

/// ID and secret are form-encoded before they are joined (RFC 6749 section 2.3.1).
fn decoded(pair: &str) -> Option<Shown> {
    let text = String::from_utf8(STANDARD.decode(pair.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let plain = |text: &str| {
        let spaced = text.replace('+', " ");
        let decoded = percent_decode_str(&spaced).decode_utf8();
        decoded.map(|text| text.into_owned()).ok()
    };
    Some(Shown {
        client_id: plain(id)?,
        secret: Some(plain(secret)?),
        by_header: true,
    })
}

/// Minimum length of a secret that counts as generated. Shorter ones, from imported data, may have
/// been chosen by people and keep their slow hash.
const DRAWN: usize = 64;

async fn is_secret(app: &App, client: &Client, secret: &str) -> Result<bool> {
    let Some(stored) = client.client_secret_hash.clone() else {
        return Ok(false);
    };
    if stored.starts_with("sha256$") {
        let given = secret_hash(secret);
        return Ok(given.as_bytes().ct_eq(stored.as_bytes()).into());
    }
    let right = app
        .hashing()
        .verify(secret, Some(stored.clone()), None)
        .await?;
    if right && secret.len() >= DRAWN {
        sql("update oauth_applications set client_secret_hash = ?
             where id = ? and client_secret_hash = ?")
        .bind(secret_hash(secret))
        .bind(client.id)
        .bind(stored)
        .run(app.db())
        .await?;
    }
    Ok(right)
}
