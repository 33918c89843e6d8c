//! The OAuth endpoints. The standards define them as REST, so GraphQL has no counterpart.
mod forms;
mod registration;

use oauth2::{StandardTokenIntrospectionResponse as Introspection, basic::BasicTokenType};
use poem::{Request, Response, http::StatusCode};
use poem_openapi::{Object, OpenApi, types::Any};
use serde::Serialize;
use serde_json::{Value, json};

use self::forms::{AuthorizeForm, DeviceForm, TokenForm, TokenOnly};
use super::applications::Create;
use crate::{
    error::{Error, Result},
    guard::{Allowed, operations},
    oauth::{
        Refusal,
        authorize::{self, Fault},
        clients, device, grants, metadata, revocation,
        tokens::{self, Pair},
    },
    rest::{
        answer::{Plain, Redirect, spaced},
        body::Body,
        form::Form,
        params::Pairs,
    },
    throttle::Throttle,
};

operations! {
    "oauth", "OAuth 2.0: authorization, tokens and metadata.";
    /// Grants or denies an authorization request.
    ///
    /// Acts for the signed-in user; applications send their users to the page `/authorize` instead.
    /// With `allow=true` the application gets an authorization code (RFC 6749 section 4.1),
    /// otherwise `access_denied`. With the header `X-Requested-With: XMLHttpRequest` the answer is
    /// JSON: 200 with the code, or 400 with `error` and `redirect_uri`; otherwise it is a redirect
    /// (302). Missing fields and unknown applications or redirect URIs are answered with 400,
    /// scopes that exceed those of the caller's token with 403.
    authorize: Authorize = act, anonymous = Never, throttle = OauthAuthorize, graphql = "(REST only: OAuth)";
    /// Redirects to the authorization page.
    ///
    /// The target is `/authorize`, with the same query.
    authorize_page: AuthorizePage = open, anonymous = Always, throttle = Wildcard, graphql = "(REST only: OAuth)";
    /// Issues an access token and a refresh token.
    ///
    /// Accepts authorization codes and refresh tokens (RFC 6749) and device codes (RFC 8628).
    /// Confidential clients authenticate by HTTP Basic or with form fields; public clients send
    /// `client_id` and a PKCE `code_verifier`. Codes and refresh tokens work once: reusing one
    /// revokes all tokens of its authorization (a refresh token after a grace period of 30
    /// seconds). Errors are 400, or 401 for failed client authentication, with an `error` code. A
    /// device that polls at its interval is not counted.
    token: Token = act, anonymous = Always, throttle = OauthToken, graphql = "(REST only: OAuth)", wire = Plain;
    /// Revokes a token of the client (RFC 7009).
    ///
    /// It is revoked with all tokens of its authorization.
    /// Unknown tokens, and tokens of other clients, are ignored: the answer is 200 with an empty
    /// body. Failed client authentication is answered with 401.
    revoke: Revoke = act, anonymous = Always, throttle = OauthRevokeToken, graphql = "(REST only: OAuth)", wire = Plain;
    /// Introspects a token of the client (RFC 7662).
    ///
    /// For confidential clients only; failed client authentication is answered with 401. Expired,
    /// revoked and unknown tokens, and tokens of other clients, are answered with `{"active":
    /// false}`.
    introspect: Introspect = act, anonymous = Always, throttle = Wildcard, graphql = "(REST only: OAuth)", wire = Plain;
    /// Starts a device authorization (RFC 8628 section 3.1).
    ///
    /// For devices without a browser: the user enters `user_code` at `/device` while the device
    /// polls the token endpoint with `device_code`. Both codes are valid for 15 minutes. Counts
    /// against the `oauth-token` rate limit.
    device: BeginDevice = act, anonymous = Always, throttle = OauthToken, graphql = "(REST only: OAuth)", wire = Plain;
    /// Returns the authorization server metadata (RFC 8414).
    ///
    /// Lists the OAuth endpoints, scopes, grant types and client authentication methods.
    metadata: Metadata = open, anonymous = Always, throttle = Wildcard, graphql = "(REST only: OAuth)";
}

/// An authorization code and the URI that delivers it.
#[derive(Debug, Serialize, Object)]
struct Granted {
    /// Redirect URI with the code in its query.
    redirect_uri: String,
    /// Authorization code. Works once, within five minutes.
    code: String,
}

pub struct Rest;

#[OpenApi(prefix_path = "/api/v1/oauth")]
impl Rest {
    #[oai(path = "/authorize", method = "post")]
    async fn authorize(
        &self,
        permit: Allowed<Authorize>,
        request: &Request,
        form: Form<AuthorizeForm>,
    ) -> Plain<Granted> {
        Plain::of(authorized(&permit, request, &form.0).await)
    }

    #[oai(path = "/authorize", method = "put")]
    async fn authorize_put(
        &self,
        permit: Allowed<Authorize>,
        request: &Request,
        form: Form<AuthorizeForm>,
    ) -> Plain<Granted> {
        Plain::of(authorized(&permit, request, &form.0).await)
    }

    #[oai(path = "/authorize", method = "get")]
    async fn authorize_page(&self, _permit: Allowed<AuthorizePage>, request: &Request) -> Redirect {
        let query = request.uri().query().unwrap_or_default();
        Redirect(format!("/authorize?{query}"))
    }

    #[oai(path = "/token", method = "post")]
    async fn token(
        &self,
        permit: Allowed<Token>,
        request: &Request,
        form: Form<TokenForm>,
    ) -> Plain<Pair> {
        let pair = grants::token(permit.app(), request, &form.0).await;
        if pair.as_ref().is_err_and(Refusal::is_pending) {
            // Polling at the interval that the device was given is not counted.
            let (ident, scope) = (permit.ident(), Throttle::OauthToken.scopes().0);
            if let Err(error) = permit.limits().give_back(ident, scope).await {
                error.log();
            }
        }
        Plain::of(pair.map(|pair| secret(&pair)))
    }

    #[oai(path = "/register", method = "post")]
    async fn register(
        &self,
        permit: Allowed<Create>,
        metadata: Body<registration::Metadata>,
    ) -> Plain<registration::Registered> {
        let registered = registration::register(&permit, metadata.0).await;
        Plain::of(registered.map(|registered| {
            let mut answer = secret(&registered);
            answer.set_status(StatusCode::CREATED);
            answer
        }))
    }

    #[oai(path = "/revoke", method = "post")]
    async fn revoke(
        &self,
        permit: Allowed<Revoke>,
        request: &Request,
        form: Form<TokenOnly>,
    ) -> Plain<Any<Value>> {
        Plain::of(revoked(&permit, request, &form.0).await)
    }

    #[oai(path = "/introspect", method = "post")]
    async fn introspect(
        &self,
        permit: Allowed<Introspect>,
        request: &Request,
        form: Form<TokenOnly>,
    ) -> Plain<Any<Value>> {
        Plain::of(introspected(&permit, request, &form.0).await)
    }

    #[oai(path = "/device_authorization", method = "post")]
    async fn device(
        &self,
        permit: Allowed<BeginDevice>,
        request: &Request,
        form: Form<DeviceForm>,
    ) -> Plain<device::Begun> {
        Plain::of(begun(&permit, request, &form.0).await)
    }
}

/// Documents under `/.well-known`.
pub struct WellKnown;

#[OpenApi]
impl WellKnown {
    #[oai(path = "/.well-known/oauth-authorization-server", method = "get")]
    async fn metadata(&self, permit: Allowed<Metadata>) -> Plain<Any<Value>> {
        let body = metadata::metadata(permit.config());
        let response = Response::builder().content_type("application/json");
        Plain::of(Ok::<_, Refusal>(response.body(body.to_string())))
    }
}

/// A JSON answer that must not be cached.
fn secret(body: &impl Serialize) -> Response {
    let body = serde_json::to_value(body).expect("it is JSON");
    Response::builder()
        .content_type("application/json")
        .header("cache-control", "no-store")
        .header("pragma", "no-cache")
        .body(spaced(&body))
}

const HTML: &str = "text/html; charset=utf-8";

/// An empty answer with the media type that the client accepts; some clients check it.
fn nothing(request: &Request) -> Response {
    let accept = request.headers().get("accept");
    let json = accept.is_some_and(|accept| accept.as_bytes().starts_with(b"application/json"));
    let kind = if json { "application/json" } else { HTML };
    Response::builder().content_type(kind).finish()
}

async fn authorized(
    permit: &Allowed<Authorize>,
    request: &Request,
    form: &Pairs,
) -> Result<Response> {
    let by_script = request
        .headers()
        .get("x-requested-with")
        .is_some_and(|header| header == "XMLHttpRequest");
    if let Some(refused) = incomplete(form) {
        return Ok(refused);
    }
    let told = match authorize::check(permit.app(), form).await? {
        Err(Fault::Client) => {
            let body = json!({ "non_field_errors": ["Invalid application"] });
            return Ok(bad(&body));
        }
        Err(Fault::Redirect) => {
            return Ok(bad(&json!({ "detail": "Mismatching redirect URI." })));
        }
        Err(Fault::Told(told)) => told,
        Ok(wanted) if !wanted.may_be_answered_by(permit.user()?) => return Err(Error::Forbidden),
        Ok(wanted) if form.is_on("allow") => {
            let granted = wanted.grant(permit.app(), permit.user()?).await?;
            return Ok(match by_script {
                true => secret(&Granted {
                    redirect_uri: granted.location,
                    code: granted.code,
                }),
                false => sent_to(&granted.location),
            });
        }
        Ok(wanted) => wanted.refuse(permit.app(), "access_denied"),
    };
    Ok(match by_script {
        true => bad(&json!({ "error": told.error, "redirect_uri": told.location })),
        false => sent_to(&told.location),
    })
}

fn incomplete(form: &Pairs) -> Option<Response> {
    let missing: serde_json::Map<String, Value> =
        ["redirect_uri", "client_id", "scope", "response_type"]
            .into_iter()
            .filter(|name| form.last(name).is_none_or(|value| value.trim().is_empty()))
            .map(|name| (name.to_owned(), json!(["This field is required."])))
            .collect();
    (!missing.is_empty()).then(|| bad(&Value::Object(missing)))
}

fn bad(body: &Value) -> Response {
    Response::builder()
        .status(StatusCode::BAD_REQUEST)
        .content_type("application/json")
        .body(spaced(body))
}

fn sent_to(location: &str) -> Response {
    Response::builder()
        .status(StatusCode::FOUND)
        .header("location", location)
        .content_type(HTML)
        .finish()
}

async fn revoked(
    permit: &Allowed<Revoke>,
    request: &Request,
    form: &Pairs,
) -> Result<Response, Refusal> {
    let client = clients::authenticate(permit.app(), request, form).await?;
    let Some(token) = form.last("token").filter(|token| !token.is_empty()) else {
        return Err(Refusal::invalid_request("Missing token parameter."));
    };
    revocation::revoke(permit.app(), &client, token).await?;
    Ok(nothing(request))
}

async fn introspected(
    permit: &Allowed<Introspect>,
    request: &Request,
    form: &Pairs,
) -> Result<Response, Refusal> {
    let client = clients::authenticate(permit.app(), request, form).await?;
    if client.is_public() {
        // RFC 7662 section 2.1: the client must authenticate, which public clients cannot.
        return Err(Refusal::invalid_client());
    }
    let Some(token) = form.last("token").filter(|token| !token.is_empty()) else {
        return Err(Refusal::invalid_request("Missing token parameter."));
    };
    let Some(known) = tokens::inspect(permit.app(), &client, token).await? else {
        return Ok(secret(&json!({ "active": false })));
    };
    let scopes = known.scope.unwrap_or_default();
    let scopes = scopes
        .split_whitespace()
        .map(|word| oauth2::Scope::new(word.to_owned()));
    let mut told: Introspection<_, BasicTokenType> =
        Introspection::new(true, oauth2::EmptyExtraTokenFields {});
    told.set_scopes(Some(scopes.collect()));
    told.set_client_id(Some(oauth2::ClientId::new(client.client_id)));
    told.set_username(Some(known.username));
    told.set_sub(Some(known.user_id.to_string()));
    told.set_iss(Some(permit.config().public_url()));
    told.set_token_type(known.is_access.then_some(BasicTokenType::Bearer));
    told.set_exp(known.expires.map(|time| time.0));
    told.set_iat(known.created.map(|time| time.0));
    Ok(secret(&told))
}

async fn begun(
    permit: &Allowed<BeginDevice>,
    request: &Request,
    form: &Pairs,
) -> Result<Response, Refusal> {
    let client = clients::authenticate(permit.app(), request, form).await?;
    let begun = device::begin(permit.app(), &client, form.last("scope")).await?;
    Ok(secret(&begun))
}
