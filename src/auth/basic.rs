//! Names with passwords in the `Authorization` header (RFC 7617).
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Holder, Taken, admitted};
use crate::{
    accounts::sign_in::check,
    app::App,
    context::Caller,
    error::{Error, Result},
    throttle::{Ident, Throttle},
};

/// Wrong passwords spend the budget of signing in, so that they cannot be tried without end.
pub async fn caller(app: &App, pair: &str, address: Ident) -> Result<Caller> {
    let Some((login, password)) = decoded(pair) else {
        return Ok(Caller::Refused(Error::WrongPassword));
    };
    let credential = format!("basic {pair}");
    if let Some(found) = app.credentials().get(&credential, app.clock().now()) {
        return Ok(Caller::User(found));
    }
    // Spent before the password is looked at, so that many at once are no way round.
    let budget = Throttle::Login.scopes().0;
    let verdict = app.spend(address, &[budget]).await?.pop();
    if let Some(refused) = verdict.filter(|verdict| !verdict.passes) {
        let wait = refused.quota.retry_after.unwrap_or(1);
        return Ok(Caller::Refused(Error::Throttled(wait)));
    }
    let Some(known) = check(app, &login, &password).await? else {
        return Ok(Caller::Refused(Error::WrongPassword));
    };
    app.limits().give_back(address, budget).await?;
    let Some(holder) = Holder::of_user(app, known.id).await? else {
        return Ok(Caller::Refused(Error::WrongPassword));
    };
    let taken: Taken = admitted(app, &credential, holder).await?;
    Ok(taken.unwrap_or_else(Caller::Rejected))
}

fn decoded(pair: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(pair.trim()).ok()?).ok()?;
    let (login, password) = text.split_once(':')?;
    Some((login.to_owned(), password.to_owned()))
}
