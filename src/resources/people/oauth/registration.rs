//! Dynamic client registration (RFC 7591), for OAuth libraries that register by themselves. What is
//! registered so is an application like any other; see `applications::create`.
use oauth2::{DeviceCodeErrorResponseType as Device, basic::BasicErrorResponseType as Basic};
use poem_openapi::Object;
use serde::Serialize;

use crate::{
    error::Error,
    guard::Allowed,
    oauth::{Refusal, clients::ClientType, device},
    resources::people::applications::{self, Create, NewApplication},
    time::Timestamp,
};

const CODE: &str = "authorization_code";
const REFRESH: &str = "refresh_token";
const SECRET_BASIC: &str = "client_secret_basic";
const SECRET_POST: &str = "client_secret_post";

/// A client to register (RFC 7591 section 2). Other metadata is ignored.
#[derive(Debug, Object)]
#[oai(rename = "ClientMetadata")]
pub struct Metadata {
    /// Redirect URIs, at most 20; see `oauth-apps.create` for what is allowed.
    redirect_uris: Option<Vec<String>>,
    /// Name that the user is shown, at most 255 characters.
    client_name: Option<String>,
    /// Scopes that the client may request, separated by spaces; default `read`.
    scope: Option<String>,
    /// How the client authenticates at the token endpoint: `client_secret_basic` (the default),
    /// `client_secret_post`, or `none` for public clients.
    token_endpoint_auth_method: Option<String>,
    /// Grant types: `authorization_code` (the default), `refresh_token` and device codes.
    grant_types: Option<Vec<String>>,
    /// Response types: `code`, which is the default.
    response_types: Option<Vec<String>>,
}

/// A client that was registered (RFC 7591 section 3.2.1).
#[derive(Debug, Serialize, Object)]
#[oai(rename = "RegisteredClient")]
pub struct Registered {
    /// Client ID.
    client_id: String,
    /// Client secret, returned only now; absent for public clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    /// Time of registration, in seconds since 1970.
    client_id_issued_at: i64,
    /// 0: the secret does not expire.
    client_secret_expires_at: i64,
    /// Name that the user is shown.
    client_name: String,
    /// Redirect URIs.
    redirect_uris: Vec<String>,
    /// Scopes that the client may request, separated by spaces.
    scope: String,
    /// How the client authenticates at the token endpoint.
    token_endpoint_auth_method: String,
    /// Grant types that the client may use.
    grant_types: Vec<String>,
    /// Response types that the client may use.
    response_types: Vec<String>,
}

fn refusal(error: &str, description: impl Into<String>) -> Refusal {
    Refusal::OAuth {
        error: Device::Basic(Basic::Extension(error.to_owned())),
        description: Some(description.into()),
    }
}

fn unfit(description: impl Into<String>) -> Refusal {
    refusal("invalid_client_metadata", description)
}

/// The complaints about an application, by the names of the registration.
fn told(error: Error) -> Refusal {
    let Error::Invalid(fields) = error else {
        return error.into();
    };
    let complaints = |name: &str| fields.get(name).map(|complaints| complaints.join(" "));
    match complaints("redirect_uris") {
        Some(complaint) => refusal("invalid_redirect_uri", complaint),
        None => {
            let all = fields.iter().map(|(name, complaints)| {
                let name = match name.as_str() {
                    "name" => "client_name",
                    "scopes" => "scope",
                    name => name,
                };
                format!("{name}: {}", complaints.join(" "))
            });
            unfit(Vec::from_iter(all).join(" "))
        }
    }
}

/// Reads what is to be registered; the method of authentication comes with it.
fn read(metadata: Metadata) -> Result<(NewApplication, String), Refusal> {
    let uris = metadata.redirect_uris.unwrap_or_default();
    if uris
        .iter()
        .any(|uri| uri.is_empty() || uri.contains(char::is_whitespace))
    {
        return Err(refusal(
            "invalid_redirect_uri",
            "A redirect URI has no blanks.",
        ));
    }
    let method = metadata
        .token_endpoint_auth_method
        .unwrap_or_else(|| SECRET_BASIC.to_owned());
    let client_type = match method.as_str() {
        "none" => ClientType::Public,
        SECRET_BASIC | SECRET_POST => ClientType::Confidential,
        _ => {
            return Err(unfit(format!(
                "token_endpoint_auth_method: {method:.100} is not supported."
            )));
        }
    };
    if let Some(kinds) = metadata.response_types
        && !kinds.iter().any(|kind| kind == "code")
    {
        return Err(unfit("response_types: only code is supported."));
    }
    let kinds = metadata
        .grant_types
        .unwrap_or_else(|| vec![CODE.to_owned()]);
    let asks_for = |grant: &str| kinds.iter().any(|kind| kind == grant);
    if !asks_for(CODE) && !asks_for(device::GRANT) {
        let both = format!("{CODE} and {}", device::GRANT);
        return Err(unfit(format!("grant_types: {both} are supported.")));
    }
    if uris.is_empty() && asks_for(CODE) {
        let complaint = format!("{CODE} needs a redirect URI.");
        return Err(refusal("invalid_redirect_uri", complaint));
    }
    let name = metadata.client_name.filter(|name| !name.trim().is_empty());
    let new = NewApplication {
        name: name.unwrap_or_else(|| "Unnamed application".to_owned()),
        scopes: metadata.scope,
        redirect_uris: Some(uris.join(" ")),
        client_type: Some(client_type),
    };
    Ok((new, method))
}

/// Registers a client.
pub async fn register(permit: &Allowed<Create>, metadata: Metadata) -> Result<Registered, Refusal> {
    let (new, token_endpoint_auth_method) = read(metadata)?;
    let made = applications::register(permit, new).await.map_err(told)?;
    let application = made.application;
    let Timestamp(created) = application.created;
    let uris = application.redirect_uris.split_whitespace();
    Ok(Registered {
        client_id: application.client_id,
        client_secret: made.client_secret,
        client_id_issued_at: created.timestamp(),
        client_secret_expires_at: 0,
        client_name: application.name,
        redirect_uris: uris.map(str::to_owned).collect(),
        scope: application.scopes,
        token_endpoint_auth_method,
        grant_types: [CODE, REFRESH, device::GRANT].map(str::to_owned).into(),
        response_types: vec!["code".to_owned()],
    })
}
