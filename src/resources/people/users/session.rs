//! Signing browsers in and out over REST.
use poem::{Request, Response, http::StatusCode};
use serde_json::{Map, Value, json};

use super::{Login, Logout};
use crate::{
    accounts::{
        sessions,
        sign_in::{Attempt, sign_in},
    },
    auth::{self, browser, csrf, known_browser},
    context::Cx,
    error::{Error, Result},
    guard::Allowed,
    rest::{answer::spaced, cookies::cookie, params::Pairs},
};

const HTML: &str = "text/html; charset=utf-8";

/// The answer to requests without a valid CSRF token.
fn forged() -> Response {
    Response::builder()
        .status(StatusCode::FORBIDDEN)
        .content_type(HTML)
        .body(
            "<!doctype html>\n<title>Forbidden</title>\n<h1>CSRF verification failed</h1>\n\
               <p>Send the value of the cookie csrftoken in the header X-CSRFToken.</p>\n",
        )
}

/// Signs a browser in and sets its cookies.
pub async fn signed_in(
    cx: &Cx,
    permit: &Allowed<Login>,
    request: &Request,
    form: &Pairs,
) -> Result<Response> {
    if !csrf::is_genuine(request, form.last(csrf::FIELD)) {
        return Ok(forged());
    }
    let missing: Map<String, Value> = ["username", "password"]
        .into_iter()
        .filter(|name| form.last(name).is_none_or(str::is_empty))
        .map(|name| (name.to_owned(), json!(["This field is required."])))
        .collect();
    if !missing.is_empty() {
        return Ok(bad(&Value::Object(missing)));
    }
    let given = |name| form.last(name).unwrap_or_default();
    let app = permit.app();
    let attempt = Attempt {
        login: given("username"),
        password: given("password"),
        known_browser: cookie(request.headers(), known_browser::COOKIE),
    };
    match sign_in(app, attempt, cx.client()).await {
        Ok(opened) => {
            sessions::close_of(app, request).await?;
            let mut response = Response::builder().content_type(HTML).finish();
            browser::set_session(app, &mut response, &opened);
            Ok(response)
        }
        Err(Error::Invalid(fields)) => Ok(bad(&json!(fields))),
        Err(error) => Err(error),
    }
}

fn bad(body: &Value) -> Response {
    Response::builder()
        .status(StatusCode::BAD_REQUEST)
        .content_type("application/json")
        .body(spaced(body))
}

/// Ends the session, if there is one, and clears its cookies.
pub async fn signed_out(permit: &Allowed<Logout>, request: &Request) -> Result<Response> {
    let mut response = Response::builder().content_type(HTML).finish();
    if auth::session(request).is_some() {
        if !browser::is_own_origin(permit.app(), request.headers()) {
            return Err(Error::Forbidden);
        }
        sessions::close_of(permit.app(), request).await?;
        browser::clear_session(permit.app(), &mut response);
    }
    Ok(response)
}
