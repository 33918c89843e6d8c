//! Authorization requests and codes (RFC 6749 section 4.1, RFC 9207).
use super::{
    Parent,
    clients::{self, Client},
    consents, pkce, redirect, scopes,
};
use crate::{
    app::App, caller::Identity, error::Result, proof::recheck, rest::params::Pairs,
    scope::ScopeSet, store::sql, token::token_hash,
};

/// Lifetime of a code in seconds.
pub const LIFETIME: i64 = 300;

/// A valid authorization request.
#[derive(Clone, Debug)]
pub struct Request {
    pub client: Client,
    pub redirect_uri: String,
    pub scope: String,
    state: Option<String>,
    challenge: Option<String>,
}

/// Why an authorization request is invalid.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Unknown application: there is no safe redirect URI, so the user sees the error.
    Client,
    Redirect,
    /// The error is sent to the application by redirect (RFC 6749 section 4.1.2.1).
    Told(Told),
}

/// An error for the application, and the URI that delivers it.
#[derive(Clone, Debug)]
pub struct Told {
    pub error: &'static str,
    pub location: String,
    /// The ID of the application.
    pub application: i64,
}

/// The application and its redirect URI, which are checked before everything else.
struct Asker<'a> {
    app: &'a App,
    client: Client,
    redirect_uri: String,
    state: Option<String>,
}

impl Asker<'_> {
    fn fault(&self, error: &'static str, description: Option<&str>) -> Fault {
        let mut params = vec![("error", error)];
        params.extend(description.map(|text| ("error_description", text)));
        Fault::Told(Told {
            error,
            location: answer(self.app, &self.redirect_uri, self.state.as_deref(), &params),
            application: self.client.id,
        })
    }
}

/// Builds the redirect URI of an answer, with `state` and `iss` (RFC 9207).
fn answer(app: &App, redirect_uri: &str, state: Option<&str>, answer: &[(&str, &str)]) -> String {
    let issuer = app.config().public_url();
    let mut params = answer.to_vec();
    params.extend(state.map(|state| ("state", state)));
    if !redirect::is_out_of_band(redirect_uri) {
        params.push(("iss", &issuer));
    }
    redirect::with(redirect_uri, &params)
}

/// Checks an authorization request. The default scope is all scopes of the application.
pub async fn check(app: &App, params: &Pairs) -> Result<std::result::Result<Request, Fault>> {
    let client = match params.all("client_id")[..] {
        [id] => clients::find(app, id).await?,
        _ => None,
    };
    let Some(client) = client else {
        return Ok(Err(Fault::Client));
    };
    let redirect_uri = params.last("redirect_uri").unwrap_or_default().to_owned();
    let once = params.all("redirect_uri").len() == 1;
    if !once || !redirect::is_registered(&redirect_uri, &client.redirect_uris(app)) {
        return Ok(Err(Fault::Redirect));
    }
    let state = params.last("state").filter(|state| !state.is_empty());
    let asker = Asker {
        app,
        client,
        redirect_uri,
        state: state.map(str::to_owned),
    };
    Ok(check_rest(asker, params))
}

fn check_rest(asker: Asker<'_>, params: &Pairs) -> std::result::Result<Request, Fault> {
    if params.last("response_type") != Some("code") {
        return Err(asker.fault("unsupported_response_type", None));
    }
    if let Some((error, why)) = unsupported(params) {
        return Err(asker.fault(error, Some(&why)));
    }
    let wanted = params
        .last("scope")
        .filter(|scope| !scope.trim().is_empty());
    if wanted.is_some_and(|scope| !scopes::are_scopes(scope)) {
        return Err(asker.fault("invalid_scope", None));
    }
    let scope = scopes::cut(&asker.client.scope, wanted.unwrap_or(&asker.client.scope));
    let challenge = params
        .last("code_challenge")
        .filter(|text| !text.is_empty());
    if let Some(why) = refused(
        &asker.client,
        challenge,
        params.last("code_challenge_method"),
    ) {
        return Err(asker.fault("invalid_request", Some(why)));
    }
    Ok(Request {
        scope,
        challenge: challenge.map(str::to_owned),
        client: asker.client,
        redirect_uri: asker.redirect_uri,
        state: asker.state,
    })
}

/// Refuses what is not supported: repeated parameters (RFC 6749 section 3.1), response modes other
/// than `query`, and request objects (OpenID Connect Core section 3.1.2.6).
fn unsupported(params: &Pairs) -> Option<(&'static str, String)> {
    if let Some(name) = params.repeated() {
        return Some(("invalid_request", format!("Duplicate {name} parameters.")));
    }
    if params
        .last("response_mode")
        .is_some_and(|mode| mode != "query")
    {
        return Some((
            "invalid_request",
            "The only response_mode is query.".to_owned(),
        ));
    }
    let ways = [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
    ];
    let way = ways
        .into_iter()
        .find(|(name, _)| params.last(name).is_some());
    way.map(|(name, error)| {
        (
            error,
            format!("Send the parameters themselves, not {name}."),
        )
    })
}

/// Why a PKCE challenge is invalid or missing (RFC 7636, RFC 9700 section 2.1.1).
fn refused(client: &Client, challenge: Option<&str>, method: Option<&str>) -> Option<&'static str> {
    match challenge {
        None if client.is_public() => Some("Code challenge required."),
        None if method.is_some_and(|method| !method.is_empty()) => Some("Missing code challenge."),
        None => None,
        Some(_) if method != Some("S256") => Some("Transform algorithm not supported: use S256."),
        Some(challenge) if !pkce::is_well_formed(challenge) => Some("Malformed code challenge."),
        Some(_) => None,
    }
}

impl Request {
    /// The scopes that a grant would give: those requested, within what the application and OAuth
    /// allow.
    pub fn reach(&self) -> ScopeSet {
        scopes::reachable(&self.client.scope, &self.scope)
    }

    /// Whether the caller may grant the request: a token cannot give an application more scopes
    /// than it has itself.
    pub fn may_be_answered_by(&self, identity: &Identity) -> bool {
        identity.in_person() || self.reach().is_within(identity.scopes)
    }

    /// Sends the user back with an error.
    pub fn refuse(&self, app: &App, error: &'static str) -> Told {
        let params = [("error", error)];
        Told {
            error,
            location: answer(app, &self.redirect_uri, self.state.as_deref(), &params),
            application: self.client.id,
        }
    }

    /// What the person who decides was shown, as a digest: the form carries it, so that nothing else
    /// is granted if the application changes meanwhile.
    pub fn shown(&self) -> String {
        self.client.shown(self.reach(), &self.redirect_uri)
    }

    /// Whether consent can be skipped: the user granted these scopes before, for this redirect URI,
    /// and the application cannot be impersonated by another one on the device (RFC 8252 section 8.6).
    pub async fn was_allowed(&self, app: &App, user: i64) -> Result<bool> {
        if !self.redirect_uri.starts_with("https:") {
            return Ok(false);
        }
        let allowed = consents::find(app, (user, self.client.id), &self.redirect_uri).await?;
        Ok(self.reach() != ScopeSet::NONE && self.reach().is_within(allowed))
    }

    /// Grants the request: creates a code and the redirect URI that delivers it. What a token grants
    /// ends with that token, and is no consent of the person.
    pub async fn grant(&self, app: &App, identity: &Identity) -> Result<Granted> {
        let user = identity.user_id;
        let parent = Parent::of(app.db(), &identity.credential).await?;
        let code = crate::random::token();
        let now = app.clock().now();
        let mut tx = app.db().begin().await?;
        recheck(&mut tx, identity, now).await?;
        sql(
            "insert into oauth_codes (code_hash, application_id, user_id, redirect_uri, scope,
               code_challenge, created, expires, family, parent_family, parent_token)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(token_hash(&code))
        .bind(self.client.id)
        .bind(user)
        .bind(self.redirect_uri.as_str())
        .bind(self.scope.as_str())
        .bind(self.challenge.as_deref().unwrap_or_default())
        .bind(now)
        .bind(now.plus_seconds(LIFETIME))
        .bind(crate::random::uuid())
        .bind(parent.family)
        .bind(parent.token)
        .run(&mut tx)
        .await?;
        if identity.in_person() {
            let pair = (user, self.client.id);
            consents::add(&mut tx, app, pair, &self.redirect_uri, self.reach()).await?;
        }
        tx.commit().await?;
        let params = [("code", code.as_str())];
        let location = answer(app, &self.redirect_uri, self.state.as_deref(), &params);
        Ok(Granted { code, location })
    }
}

/// A code and the redirect URI that delivers it.
#[derive(Clone, Debug)]
pub struct Granted {
    pub code: String,
    pub location: String,
}
