//! HTTP Basic authentication (RFC 7617).

use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::FutureExt;

use super::{
    Holder, admitted,
    checks::{Checked, Key},
};
use crate::{
    accounts::sign_in::{Attempt, check},
    app::App,
    caller::Caller,
    error::{Error, Result},
    ledger::{Entry, Ledger},
    proof::Proof,
    throttle::{Ident, Throttle, Verdict},
    token::token_hash,
};

/// Removes a check when it ends, even by panic.
struct End<'a>(&'a App, &'a Key);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.basic_checks().locked().remove(self.1);
    }
}

/// Finds the caller. Wrong passwords count against the `login` rate limit, which prevents guessing.
pub async fn caller(app: &App, pair: &str, address: Ident, ledger: &mut Ledger) -> Result<Caller> {
    let Some((login, password)) = decoded(pair) else {
        return Ok(Caller::Refused(Error::WrongPassword));
    };
    let credential = format!("basic {pair}");
    if let Some(found) = app.credentials().get(&credential, app.clock().now()) {
        return Ok(Caller::User(found));
    }
    let key = (address, token_hash(&credential));
    let checked = app.basic_checks().of(&key, || {
        let (app, key) = (app.clone(), key.clone());
        // Runs to its end even if the client disconnects, so that a right password is not counted.
        let task = tokio::spawn(async move {
            let _end = End(&app, &key);
            checked(&app, &credential, (&login, &password), address).await
        });
        let ended = task.map(|ended| ended.unwrap_or_else(|error| Err(Error::internal(error))));
        ended.boxed().shared()
    });
    let checked = checked.await?;
    if let Some(entry) = checked.refused_by {
        ledger.enter(entry);
    }
    Ok(checked.caller)
}

async fn checked(
    app: &App,
    credential: &str,
    (login, password): (&str, &str),
    address: Ident,
) -> Result<Checked> {
    // Counted before the check and given back on success, so that concurrent guesses cannot bypass
    // the limit.
    let budget = Throttle::Login.scopes().0;
    let verdict = app.spend(address, &[budget]).await?.pop();
    if let Some(Verdict { quota, .. }) = verdict.filter(|verdict| !verdict.passes) {
        return Ok(Checked {
            caller: Caller::Refused(Error::Throttled(quota.retry_after.unwrap_or(1))),
            refused_by: Some(Entry {
                operation: "auth.basic",
                quota,
            }),
        });
    }
    let age = app.credentials().age();
    let attempt = Attempt {
        login,
        password,
        known_browser: None,
    };
    let known = check(app, attempt, address).await;
    if let Err(Error::Throttled(seconds)) = known {
        return Ok(Checked {
            caller: Caller::Refused(Error::Throttled(seconds)),
            refused_by: None,
        });
    }
    if !matches!(known, Ok(None)) {
        app.limits().give_back(address, budget).await?;
    }
    let caller = match known? {
        // The password may have changed since it was checked.
        Some(known) => proven(app, credential, known.proof, age).await?,
        None => Caller::Refused(Error::WrongPassword),
    };
    Ok(Checked {
        caller,
        refused_by: None,
    })
}

/// The caller behind a password that was checked before, as they are now.
pub async fn again(app: &App, proof: Proof) -> Result<Caller> {
    let age = app.credentials().age();
    proven(app, &format!("password {}", proof.stamp), proof, age).await
}

async fn proven(app: &App, credential: &str, proof: Proof, age: u64) -> Result<Caller> {
    let holder = Holder::of_user(app, proof.user).await?;
    match holder.filter(|holder| holder.stamp == proof.stamp) {
        Some(holder) => {
            let admitted = admitted(app, (credential, None), holder, age).await?;
            Ok(admitted.unwrap_or_else(Caller::Rejected))
        }
        None => Ok(Caller::Refused(Error::WrongPassword)),
    }
}

fn decoded(pair: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(pair.trim()).ok()?).ok()?;
    let (login, password) = text.split_once(':')?;
    Some((login.to_owned(), password.to_owned()))
}
