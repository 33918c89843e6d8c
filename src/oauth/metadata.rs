//! Authorization server metadata (RFC 8414).
use serde_json::{Value, json};

use super::device;
use crate::{
    config::Config,
    scope::{Scope, ScopeSet},
};

/// Builds the metadata document.
pub fn metadata(config: &Config) -> Value {
    let root = config.public_url();
    let oauth = |name: &str| format!("{root}/api/v1/oauth/{name}");
    let methods = ["client_secret_basic", "client_secret_post", "none"];
    let scopes: Vec<&str> = ["read", "write"]
        .into_iter()
        .chain(ScopeSet::common().iter().map(Scope::word))
        .collect();
    json!({
        "issuer": root,
        "authorization_endpoint": format!("{root}/authorize"),
        "token_endpoint": oauth("token/"),
        "registration_endpoint": oauth("register"),
        "revocation_endpoint": oauth("revoke/"),
        "introspection_endpoint": oauth("introspect/"),
        "device_authorization_endpoint": oauth("device_authorization/"),
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", device::GRANT],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "service_documentation": format!("{root}/api/v1/docs"),
    })
}
