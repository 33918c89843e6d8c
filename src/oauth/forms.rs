//! The forms of the endpoints, as the OpenAPI document tells them.
use poem_openapi::Object;

/// An authorisation request (RFC 6749 section 4.1.1), and its answer.
#[derive(Debug, Object)]
pub struct AuthorizeForm {
    /// The application's id.
    client_id: String,
    /// Where to bring the code: one of the application's addresses.
    redirect_uri: String,
    /// What is asked for, separated by spaces.
    scope: String,
    /// `code`.
    response_type: String,
    /// `true` where the user allows it.
    allow: Option<String>,
    /// What the application wants to have back.
    state: Option<String>,
    /// The challenge of PKCE (RFC 7636); public applications must send one.
    code_challenge: Option<String>,
    /// `S256`.
    code_challenge_method: Option<String>,
}

/// What is traded for tokens.
#[derive(Debug, Object)]
pub struct TokenForm {
    /// `authorization_code`, `refresh_token` or `urn:ietf:params:oauth:grant-type:device_code`.
    grant_type: String,
    /// The code.
    code: Option<String>,
    /// The address that the code was brought to.
    redirect_uri: Option<String>,
    /// The verifier of PKCE.
    code_verifier: Option<String>,
    /// The refresh token.
    refresh_token: Option<String>,
    /// The code of the device.
    device_code: Option<String>,
    /// Less than was allowed, when refreshing.
    scope: Option<String>,
    /// The application's id, where it is not in the header.
    client_id: Option<String>,
    /// The application's secret, where it is not in the header.
    client_secret: Option<String>,
}

/// A token of the application's.
#[derive(Debug, Object)]
pub struct TokenOnly {
    /// The token.
    token: String,
    /// What kind it is; both are looked for anyway.
    token_type_hint: Option<String>,
    /// The application's id, where it is not in the header.
    client_id: Option<String>,
    /// The application's secret, where it is not in the header.
    client_secret: Option<String>,
}

/// What a device asks for.
#[derive(Debug, Object)]
pub struct DeviceForm {
    /// The application's id.
    client_id: Option<String>,
    /// What is asked for, separated by spaces.
    scope: Option<String>,
}
