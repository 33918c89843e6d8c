//! What every request passes on its way in, and every answer on its way out
//! (contract section 1): request id, caller, slashes, methods, media types, headers.
use std::{panic::AssertUnwindSafe, sync::Arc, time::Instant};

use futures_util::FutureExt;
use percent_encoding::percent_decode_str;
use poem::{
    Endpoint, IntoResponse, Request, Response,
    error::NotFoundError,
    http::{HeaderValue, Method, StatusCode, Uri},
};
use poem_openapi::error::ParsePathError;
use tracing::Instrument;

use super::{
    again,
    encoding::{Coding, compress, known, validate},
    leftover::Leftover,
    negotiation::{accepts, format_is_json, name_media},
    origin::{is_preflight, is_shared, preflight_answer, protect, share},
    routes::{Path, Routes},
};
use crate::{
    app::App,
    auth::{self, browser},
    caller::Client,
    context::Cx,
    error::{Error, Result},
    guard::Wire,
    ledger::Ledger,
};

/// The address that a request was sent to, as links to its neighbours repeat it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Scheme, host and path; the slash at the end as it was sent.
    pub address: String,
    /// Only the headers are wanted; handlers see `GET`.
    pub head: bool,
}

impl Asked {
    pub fn of(request: &Request) -> &Self {
        request
            .data::<Self>()
            .expect("the door attaches it to every request")
    }
}

/// Wraps the whole server.
pub struct Door<E> {
    pub app: App,
    pub routes: Arc<Routes>,
    pub inner: E,
}

impl<E: Endpoint> Endpoint for Door<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let id = request_id(&request);
        let span = tracing::info_span!("request", id = %id);
        let handled = AssertUnwindSafe(self.handle(request, &id)).catch_unwind();
        let mut response = match handled.instrument(span.clone()).await {
            Ok(response) => response,
            Err(_) => {
                span.in_scope(|| tracing::error!("a handler panicked"));
                let body =
                    serde_json::json!({"detail": "Internal server error.", "request_id": id});
                let builder = Response::builder().status(StatusCode::INTERNAL_SERVER_ERROR);
                builder
                    .content_type("application/json")
                    .body(body.to_string())
            }
        };
        let id = HeaderValue::from_str(&id).expect("an id is plain ASCII");
        response.headers_mut().insert("x-request-id", id);
        Ok(response)
    }
}

impl<E: Endpoint> Door<E> {
    async fn handle(&self, mut request: Request, id: &str) -> Response {
        #[expect(
            clippy::disallowed_methods,
            reason = "how long a request took is not the domain's time"
        )]
        let started = Instant::now();
        let method = request.method().clone();
        let path = told_path(request.uri().path()).to_owned();
        let origin = request.headers().get("origin").cloned();
        let own = browser::is_own_origin(&self.app, request.headers());
        let coding = Coding::accepted(request.headers()).filter(|_| !is_secret(&path));
        let client = super::client::of(&self.app, &request);
        let who = self.app.ident(client.address);
        let leftover = Leftover::of(&mut request);
        let entered = self.enter(request, client).await;
        let mut response = entered.unwrap_or_else(IntoResponse::into_response);
        if let Some(leftover) = leftover.filter(|_| !response.status().is_success()) {
            leftover.drain().await;
        }
        protect(&path, response.headers_mut());
        // Adds to `Vary`, which `protect` sets only where an answer has none.
        let compressed = compress(response, coding, who).await;
        let mut response = compressed.unwrap_or_else(IntoResponse::into_response);
        if let Some(origin) = origin.filter(|_| is_shared(&path, &self.app.names().media_path)) {
            share(response.headers_mut(), origin, own);
        }
        let (status, seconds) = (response.status(), started.elapsed().as_secs_f64());
        self.app.metrics().count_request(&method, status, seconds);
        tracing::info!(%method, %path, status = status.as_u16(), ms = seconds * 1000.0, id, "answered");
        response
    }

    async fn enter(&self, mut request: Request, client: Client) -> Result<Response> {
        // RFC 9112, section 3.2: two programs on the way could read two names.
        if request.headers().get_all("host").iter().count() > 1 {
            return Err(Error::Refused("More than one Host header.".to_owned()));
        }
        let path = request.uri().path();
        let address = format!("{}{path}", self.app.names().public_url);
        let ident = self.app.ident(client.address);
        let mut ledger = Ledger::default();
        let caller = auth::caller(&self.app, &request, ident, &mut ledger).await?;
        let cx = Cx::new(self.app.clone(), caller, client, ledger);
        request.set_data(cx.clone());
        let head = request.method() == Method::HEAD;
        request.set_data(Asked { address, head });
        let mut response = if is_preflight(&request)
            && is_shared(request.uri().path(), &self.app.names().media_path)
        {
            preflight_answer(request.headers())
        } else if request.uri().path() == "/graphql"
            && let Some(refusal) = cx.caller().refusal()
        {
            refusal.clone().into_response()
        } else if in_api(request.uri().path()) {
            self.api(request, &cx).await?
        } else {
            self.inner.get_response(request).await
        };
        cx.stamp(response.headers_mut());
        Ok(response)
    }

    async fn api(&self, request: Request, cx: &Cx) -> Result<Response> {
        let decoded = percent_decode_str(request.uri().path()).decode_utf8();
        if !decoded.is_ok_and(|path| !path.contains('\0')) {
            return Err(Error::NotFound);
        }
        let Some((path, bare)) = self.find(request.uri().path()) else {
            return Ok(not_found_page());
        };
        let (wire, media) = (path.info.wire, path.info.wire.media());
        if wire == Wire::Slashed && !request.uri().path().ends_with('/') {
            return Ok(with_slash(request.uri()));
        }
        let method = request.method().clone();
        let is_read = matches!(method, Method::GET | Method::HEAD);
        let is_text = !wire.is_audio();
        let known = known(request.headers());
        let mut response = if let Some(refusal) = cx.caller().refusal() {
            refusal.clone().into_response()
        } else if wire.is_negotiated() && !accepts(&request, media) {
            Error::NotAcceptable.into_response()
        } else if !format_is_json(request.uri()) {
            Error::NotFound.into_response()
        } else if !path.serves(&method) || (method == Method::HEAD && path.info.writes) {
            let unsafe_method = !matches!(method, Method::OPTIONS | Method::HEAD | Method::GET);
            match cx.allow_other(path.info, unsafe_method).await {
                Err(error) => error.into_response(),
                Ok(()) if method == Method::OPTIONS => options_answer(path),
                Ok(()) => Error::MethodNotAllowed(method.to_string()).into_response(),
            }
        } else {
            let bare = bare.to_owned();
            self.served(request, cx, path, &bare).await?
        };
        if wire.is_audio() && !response.status().is_success() {
            name_media(&mut response, media);
        }
        if wire != Wire::Plain {
            let allow = HeaderValue::from_str(&path.allow).expect("methods are ASCII");
            response.headers_mut().insert("allow", allow);
        }
        let private = cx.caller().identity().is_some() || path.info.name.starts_with("oauth");
        if private && is_text {
            let kept = response.headers_mut().entry("cache-control");
            kept.or_insert(HeaderValue::from_static("private, no-store"));
        } else if is_text && response.status() == StatusCode::OK && is_read {
            response = validate(response, known).await?;
        }
        if method == Method::HEAD {
            response = without_body(response).await?;
        }
        Ok(response)
    }

    /// Performs what a method does at a path, whose address is `bare` for the router.
    async fn served(
        &self,
        mut request: Request,
        cx: &Cx,
        path: &Path,
        bare: &str,
    ) -> Result<Response> {
        let is_head = request.method() == Method::HEAD;
        let asked = request.uri().clone();
        *request.uri_mut() = rewritten(&asked, bare)?;
        if is_head {
            request.set_method(Method::GET);
        }
        let run = async |request| match self.inner.call(request).await {
            Ok(response) => response.into_response(),
            Err(error) => told(error),
        };
        // What a body asks for is not in the address.
        let is_in_address = request.method() == Method::GET;
        let performed = path.operation(request.method());
        let reads = performed.filter(|info| is_in_address && !info.writes && !info.wire.is_audio());
        Ok(match reads {
            Some(info) => again::read(cx, info, &asked, request, run).await,
            None => run(request).await,
        })
    }

    /// The path that an address names: with or without a slash, and with `.json`.
    fn find<'a>(&self, address: &'a str) -> Option<(&Path, &'a str)> {
        let bare = address.strip_suffix('/').unwrap_or(address);
        let suffixed = bare
            .strip_suffix(".json")
            .and_then(|bare| Some((self.routes.find(bare)?, bare)));
        let (path, found) = suffixed.or_else(|| Some((self.routes.find(bare)?, bare)))?;
        let forbidden = path.info.wire == Wire::Slashless && address.ends_with('/');
        (!forbidden).then_some((path, found))
    }
}

/// Whether an address is one of the API's operations.
pub fn in_api(path: &str) -> bool {
    (path.starts_with("/api/") || path.starts_with("/.well-known/"))
        && !crate::auth::subsonic::is_at(path)
        && !matches!(
            path,
            "/api/v1/openapi.json" | "/api/v1/docs" | "/api/v1/docs/oauth2-redirect"
        )
}

/// Whether answers hold secrets: beside what others may have sent, their length would tell of them.
fn is_secret(path: &str) -> bool {
    path.starts_with("/api/v1/oauth/")
}

/// A path as the log tells it, without the key that some end with.
fn told_path(path: &str) -> &str {
    const KEYED: &str = "/api/v1/auth/registration/account-confirm-email/";
    if path.starts_with(KEYED) { KEYED } else { path }
}

/// An id that a proxy in front gave, or a new one.
fn request_id(request: &Request) -> String {
    let given = request
        .headers()
        .get("x-request-id")
        .and_then(|header| header.to_str().ok());
    let plain = |id: &&str| {
        (8..=64).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    given
        .filter(plain)
        .map_or_else(|| crate::random::uuid().simple().to_string(), str::to_owned)
}

fn with_slash(uri: &Uri) -> Response {
    let query = uri
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    Response::builder()
        .status(StatusCode::MOVED_PERMANENTLY)
        .header("location", format!("{}/{query}", uri.path()))
        .content_type("text/html; charset=utf-8")
        .finish()
}

fn rewritten(uri: &Uri, path: &str) -> Result<Uri> {
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    text.parse().map_err(|_| Error::NotFound)
}

fn options_answer(path: &Path) -> Response {
    let body = serde_json::json!({
        "name": path.title(),
        "description": "",
        "renders": ["application/json"],
        "parses": [
            "application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "application/activity+json",
        ],
    });
    Response::builder()
        .content_type("application/json")
        .body(body.to_string())
}

/// An error as the API tells it; what the router says becomes what the contract says. Only paths
/// have typed parameters: an id that is none names nothing.
fn told(error: poem::Error) -> Response {
    if error.is::<NotFoundError>() || error.is::<ParsePathError>() {
        return Error::NotFound.into_response();
    }
    if error.is::<Error>() || error.status().is_client_error() {
        return error.into_response();
    }
    Error::internal(error.to_string()).into_response()
}

async fn without_body(mut response: Response) -> Result<Response> {
    if response.headers().contains_key("content-length") {
        response.take_body();
        return Ok(response);
    }
    let body = response
        .take_body()
        .into_bytes()
        .await
        .map_err(Error::internal)?;
    let length = HeaderValue::from(body.len());
    response.headers_mut().insert("content-length", length);
    Ok(response)
}

/// The page of an address that is none.
pub fn not_found_page() -> Response {
    let page = include_str!("../web/assets/pages/not-found.html");
    Response::builder()
        .status(StatusCode::NOT_FOUND)
        .content_type("text/html; charset=utf-8")
        .header(
            "content-security-policy",
            "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'",
        )
        .body(page)
}
