//! The OpenID provider: its discovery document and requests to it.
use oauth2::{
    AuthUrl, Client, ClientId, ClientSecret, EndpointNotSet, EndpointSet, ExtraTokenFields,
    RedirectUrl, StandardRevocableToken, StandardTokenIntrospectionResponse, StandardTokenResponse,
    TokenUrl,
    basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenType},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use url::{Host, Url};

use super::unreachable;
use crate::{
    app::App,
    error::{Error, Result},
    fetch::ANSWER,
};

/// The discovery document (OpenID Connect Discovery 1.0 section 3).
#[derive(Debug, Deserialize)]
pub struct Provider {
    pub issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    pub userinfo_endpoint: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IdFields {
    pub id_token: Option<String>,
}

impl ExtraTokenFields for IdFields {}

pub type Tokens = StandardTokenResponse<IdFields, BasicTokenType>;
pub type OpenIdClient<A, T> = Client<
    BasicErrorResponse,
    Tokens,
    StandardTokenIntrospectionResponse<IdFields, BasicTokenType>,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    A,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    T,
>;

/// Whether requests to a URL cannot be intercepted: TLS, or this machine.
fn is_private(url: &Url) -> bool {
    let local = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && local)
}

pub async fn read<T: DeserializeOwned>(app: &App, address: &str, token: Option<&str>) -> Result<T> {
    let url = Url::parse(address).map_err(unreachable)?;
    if !is_private(&url) {
        return Err(unreachable(format!("{address} is not https")));
    }
    let mut request = poem::http::Request::get(address);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Vec::new()).map_err(unreachable)?;
    let response = app
        .fetcher()
        .trusted(request, ANSWER)
        .await
        .map_err(unreachable)?;
    if !response.status().is_success() {
        return Err(unreachable(format!(
            "{address} answers {}",
            response.status()
        )));
    }
    serde_json::from_slice(response.body()).map_err(unreachable)
}

/// Fetches the discovery document of the configured provider.
pub async fn provider(app: &App) -> Result<Provider> {
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

/// The pod, as a client of the provider.
pub fn client(app: &App, provider: &Provider) -> Result<OpenIdClient<EndpointSet, EndpointSet>> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
