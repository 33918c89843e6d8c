//! The pages of moderators and administrators.
mod people;
mod server;
mod settings;

use minijinja::Value;
use poem::{Response, Route, get, post};

use super::visit::{Page, Visit, go};
use crate::{
    error::{Error, Result},
    guard::{Allowed, Operation},
};

/// Adds the pages to the server's routes.
pub fn routes(route: Route) -> Route {
    pages! { route:
        "/manage" => get(people::page),
        "/manage/requests/:uuid" => post(people::decide),
        "/manage/reports/:uuid" => post(people::handle),
        "/manage/invitations" => post(people::invite),
        "/manage/invitations/:id/delete" => post(people::withdraw),
        "/manage/people/:id" => post(people::change),
        "/manage/settings" => get(settings::page),
        "/manage/settings/:section" => post(settings::save),
        "/manage/server" => get(server::page),
        "/manage/server/imports" => post(server::start_import),
        "/manage/server/imports/cancel" => post(server::cancel),
    }
}

/// What a permit opens; nothing for those who lack its scope.
async fn section<O: Operation>(
    visit: &Visit,
    read: impl AsyncFnOnce(&Allowed<O>) -> Result<Value>,
) -> Result<Option<Value>> {
    match visit.reach::<O>().await {
        Ok(permit) => read(&permit).await.map(Some),
        Err(Error::OutOfScope(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Redirects to a section of a page, or shows the page with the errors of that section.
async fn done<T>(
    visit: &Visit,
    (path, section): (&str, &str),
    result: Result<T>,
    again: impl AsyncFnOnce() -> Result<Page>,
) -> Result<Response> {
    match result {
        Ok(_) => Ok(go(&format!("{path}?done={section}#{section}"))),
        Err(error) => visit.complain(again().await?, error).await,
    }
}
