use oauth2::{DeviceCodeErrorResponseType as Device, basic::BasicErrorResponseType as Basic};
use poem::{
    IntoResponse, Response,
    http::{HeaderValue, StatusCode},
};
use serde_json::json;

use crate::{error::Error, rest::answer::spaced};

/// An OAuth error (RFC 6749 section 5.2, RFC 8628 section 3.5), or any other error.
#[derive(Debug)]
pub enum Refusal {
    OAuth {
        error: Device,
        description: Option<String>,
    },
    /// Client authentication by HTTP Basic failed.
    Basic,
    Other(Error),
}

impl Refusal {
    /// Client authentication failed.
    pub fn invalid_client() -> Self {
        Basic::InvalidClient.into()
    }

    /// Client authentication by HTTP Basic failed: the answer has a challenge (RFC 6749 section
    /// 5.2).
    pub fn invalid_basic() -> Self {
        Self::Basic
    }

    pub fn invalid_grant() -> Self {
        Basic::InvalidGrant.into()
    }

    /// Whether a device polled at its interval and must wait.
    pub fn is_pending(&self) -> bool {
        let pending = Device::AuthorizationPending;
        matches!(self, Self::OAuth { error, .. } if *error == pending)
    }

    pub fn invalid_request(description: impl Into<String>) -> Self {
        Self::OAuth {
            error: Device::Basic(Basic::InvalidRequest),
            description: Some(description.into()),
        }
    }
}

impl From<Basic> for Refusal {
    fn from(error: Basic) -> Self {
        Device::Basic(error).into()
    }
}

impl From<Device> for Refusal {
    fn from(error: Device) -> Self {
        Self::OAuth {
            error,
            description: None,
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let challenge = match &self {
            Self::Basic => "Basic realm=\"api\"",
            _ => "Bearer error=\"invalid_client\"",
        };
        let (error, description) = match self {
            Self::Other(error) => return error.into_response(),
            Self::OAuth { error, description } => (error, description),
            Self::Basic => (Device::Basic(Basic::InvalidClient), None),
        };
        let mut body = json!({ "error": error.as_ref() });
        if let Some(description) = description {
            body["error_description"] = description.into();
        }
        let unknown = error == Device::Basic(Basic::InvalidClient);
        let mut response = Response::builder()
            .status(match unknown {
                true => StatusCode::UNAUTHORIZED,
                false => StatusCode::BAD_REQUEST,
            })
            .content_type("application/json")
            .header("cache-control", "no-store")
            .header("pragma", "no-cache")
            .body(spaced(&body));
        if unknown {
            let challenge = HeaderValue::from_static(challenge);
            response.headers_mut().insert("www-authenticate", challenge);
        }
        response
    }
}
