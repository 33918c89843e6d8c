//! The endpoints of OAuth. They are REST by their standards, and have no twins in GraphQL.
use oauth2::{StandardTokenIntrospectionResponse as Introspection, basic::BasicTokenType};
use poem::{Request, Response, http::StatusCode};
use poem_openapi::{Object, OpenApi, types::Any};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Refusal,
    authorize::{self, Fault},
    clients, device,
    forms::{AuthorizeForm, DeviceForm, TokenForm, TokenOnly},
    grants, metadata, revocation,
    tokens::{self, Pair},
};
use crate::{
    error::{Error, Result},
    guard::{Allowed, operations},
    rest::{
        answer::{Elsewhere, Plain, spaced},
        form::Form,
        params::Pairs,
    },
    throttle::Throttle,
};

operations! {
    "oauth";
    /// Answers an authorisation request in the user's name, with a code for the application (RFC 6749 section 4.1). With `X-Requested-With: XMLHttpRequest` the answer is JSON, else a redirect. People are sent to `/authorize` instead.
    authorize: Authorize = act, anonymous = Never, throttle = OauthAuthorize, graphql = "(OAuth is REST by its standards)";
    /// Leads to the page where people answer authorisation requests.
    authorize_page: AuthorizePage = open, anonymous = Always, throttle = Wildcard, graphql = "(OAuth is REST by its standards)";
    /// Trades a code, a refresh token or a device's code for tokens (RFC 6749 section 3.2, RFC 8628). Applications show who they are by HTTP Basic or in the form.
    token: Token = act, anonymous = Always, throttle = OauthToken, graphql = "(OAuth is REST by its standards)";
    /// Ends a token of the application's (RFC 7009): an access token alone, a refresh token with all that came of it.
    revoke: Revoke = act, anonymous = Always, throttle = OauthRevokeToken, graphql = "(OAuth is REST by its standards)";
    /// Tells an application about a token of its own (RFC 7662).
    introspect: Introspect = act, anonymous = Always, throttle = Wildcard, graphql = "(OAuth is REST by its standards)";
    /// Starts to let in a device that has no browser (RFC 8628 section 3.1).
    device: BeginDevice = act, anonymous = Always, throttle = OauthToken, graphql = "(OAuth is REST by its standards)";
    /// What clients can find out by themselves (RFC 8414).
    metadata: Metadata = open, anonymous = Always, throttle = Wildcard, graphql = "(OAuth is REST by its standards)";
}

/// Where to bring a code, and the code.
#[derive(Debug, Serialize, Object)]
struct Granted {
    /// The address with the code in it.
    redirect_uri: String,
    /// The code: it works once, within five minutes.
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
    async fn authorize_page(
        &self,
        _permit: Allowed<AuthorizePage>,
        request: &Request,
    ) -> Elsewhere {
        let query = request.uri().query().unwrap_or_default();
        Elsewhere(format!("/authorize?{query}"))
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
            // A device that asks at the pace that it was told spends nothing.
            let (ident, scope) = (permit.ident(), Throttle::OauthToken.scopes().0);
            if let Err(error) = permit.limits().give_back(ident, scope).await {
                error.log();
            }
        }
        Plain::of(pair.map(|pair| secret(&pair)))
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

/// What is found at the root of the server.
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

/// A body that nobody may keep.
fn secret(body: &impl Serialize) -> Response {
    let body = serde_json::to_value(body).expect("it is JSON");
    Response::builder()
        .content_type("application/json")
        .header("cache-control", "no-store")
        .header("pragma", "no-cache")
        .body(spaced(&body))
}

const HTML: &str = "text/html; charset=utf-8";

/// An empty answer, called what the client asks for: some look at nothing else.
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
    let user = permit.user()?.user_id;
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
            let granted = wanted.grant(permit.app(), user).await?;
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
        // RFC 7662 section 2.1: whoever asks must show who it is.
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
