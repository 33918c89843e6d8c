//! The request forms of the OAuth endpoints, for the OpenAPI document.
use poem_openapi::Object;

/// An authorization request (RFC 6749 section 4.1.1) with the user's decision.
#[derive(Debug, Object)]
pub struct AuthorizeForm {
    /// Client ID of the application.
    client_id: String,
    /// One of the application's redirect URIs. The port of a loopback URI may differ.
    redirect_uri: String,
    /// Requested scopes, separated by spaces.
    scope: String,
    /// Must be `code`.
    response_type: String,
    /// `true` to grant the request; anything else denies it.
    allow: Option<String>,
    /// Opaque value that is returned to the application unchanged.
    state: Option<String>,
    /// PKCE code challenge (RFC 7636). Required for public clients.
    code_challenge: Option<String>,
    /// Must be `S256` if a code challenge is sent.
    code_challenge_method: Option<String>,
}

/// A token request.
#[derive(Debug, Object)]
pub struct TokenForm {
    /// `authorization_code`, `refresh_token` or `urn:ietf:params:oauth:grant-type:device_code`.
    grant_type: String,
    /// Authorization code. Required for `authorization_code`.
    code: Option<String>,
    /// Redirect URI of the authorization request. Required for `authorization_code`.
    redirect_uri: Option<String>,
    /// PKCE code verifier. Required if the authorization request had a code challenge.
    code_verifier: Option<String>,
    /// Refresh token. Required for `refresh_token`.
    refresh_token: Option<String>,
    /// Device code. Required for `urn:ietf:params:oauth:grant-type:device_code`.
    device_code: Option<String>,
    /// Scopes of the new access token when refreshing, within those granted; default all of them.
    scope: Option<String>,
    /// Client ID, unless it is in the `Authorization` header.
    client_id: Option<String>,
    /// Client secret, unless it is in the `Authorization` header. Public clients send none.
    client_secret: Option<String>,
}

/// A token of the client.
#[derive(Debug, Object)]
pub struct TokenOnly {
    /// Access token or refresh token.
    token: String,
    /// Type of the token; ignored, since both types are looked up.
    token_type_hint: Option<String>,
    /// Client ID, unless it is in the `Authorization` header.
    client_id: Option<String>,
    /// Client secret, unless it is in the `Authorization` header. Public clients send none.
    client_secret: Option<String>,
}

/// A device authorization request.
#[derive(Debug, Object)]
pub struct DeviceForm {
    /// Client ID, unless it is in the `Authorization` header.
    client_id: Option<String>,
    /// Requested scopes, separated by spaces; default all scopes of the application.
    scope: Option<String>,
}
