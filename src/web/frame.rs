//! Errors of pages, rendered as pages.
use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, error::ResponseError, http::Method,
};

use super::visit::{Visit, go, with};
use crate::error::Error;

/// Renders errors as pages; redirects to the sign-in page where signing in is required.
#[derive(Clone, Copy)]
pub struct Framed;

impl<E: Endpoint> Middleware<E> for Framed {
    type Output = FramedEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        FramedEndpoint { inner }
    }
}

pub struct FramedEndpoint<E> {
    inner: E,
}

impl<E: Endpoint> Endpoint for FramedEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let visit = Visit::of(&request)?;
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        match self.inner.call(request).await {
            Ok(answer) => Ok(answer.into_response()),
            Err(error) => match error.downcast::<Error>() {
                Ok(error) => Ok(told(&visit, error, reads).await),
                Err(other) => Err(other),
            },
        }
    }
}

async fn told(visit: &Visit, error: Error, reads: bool) -> Response {
    if matches!(error, Error::Unauthenticated(_)) {
        let next = if reads { &visit.address } else { "/" };
        return go(&with("/login", "next", next));
    }
    error.log();
    let (title, text) = words(&error);
    let page = visit.say(error.status(), title, &text).await;
    let mut response = page.unwrap_or_else(|_| error.clone().into_response());
    if let Error::Throttled(seconds) = error {
        response.headers_mut().insert("retry-after", seconds.into());
    }
    response
}

/// The title and text of an error page.
fn words(error: &Error) -> (&'static str, String) {
    match error {
        Error::Throttled(seconds) => {
            let minutes = seconds.div_ceil(60);
            let s = if minutes == 1 { "" } else { "s" };
            let text = format!("Try again in about {minutes} minute{s}.");
            ("Too many attempts", text)
        }
        Error::NotFound => ("Not found", "This page does not exist.".to_owned()),
        Error::Internal(_) => (
            "Something went wrong",
            "The error was logged. Try again later.".to_owned(),
        ),
        error => ("Request failed", error.to_string()),
    }
}
