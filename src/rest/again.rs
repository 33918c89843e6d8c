//! Answers to requests that read: the one that was given before, for as long as nothing changes that it was made of.
use std::sync::Arc;

use poem::{
    IntoResponse, Request, Response,
    http::{StatusCode, Uri},
};

use super::door::Asked;
use crate::{
    context::Cx,
    error::{Error, Result},
    guard::Info,
    kept::{Answer, Known},
};

/// Answers a request to `asked`, which `run` performs if it has to be.
pub async fn read(
    cx: &Cx,
    info: &'static Info,
    asked: &Uri,
    request: Request,
    run: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let answered = answered(cx, info, asked, request, run).await;
    answered.unwrap_or_else(IntoResponse::into_response)
}

async fn answered(
    cx: &Cx,
    info: &'static Info,
    asked: &Uri,
    request: Request,
    run: impl AsyncFnOnce(Request) -> Response,
) -> Result<Response> {
    let (kept, db) = (cx.kept(), cx.reader().db());
    let is_head = Asked::of(&request).head;
    let what = || format!("{:?} {asked}", request.headers().get("accept"));
    let making = match kept.look(cx.caller(), db, what).await? {
        Known::Answer(answer) => {
            cx.admit(info).await?;
            kept.count();
            return Ok(given(answer));
        }
        Known::Making(making) if !is_head => making,
        _ => return Ok(run(request).await),
    };
    let mut response = run(request).await;
    let is_plain =
        response.status() == StatusCode::OK && !response.headers().contains_key("set-cookie");
    let Some(made) = making.made(db).filter(|_| is_plain) else {
        return Ok(response);
    };
    let body = response.take_body().into_bytes().await;
    let body = body.map_err(Error::internal)?;
    let answer = Answer::new(response.headers().clone(), body.clone());
    response.set_body(body);
    if let Some(answer) = kept.keep(made, answer) {
        response.set_data(answer);
    }
    Ok(response)
}

/// An answer that was given before.
fn given(answer: Arc<Answer>) -> Response {
    let mut response = Response::from(answer.body.clone());
    *response.headers_mut() = answer.headers.clone();
    response.set_data(answer);
    response
}
