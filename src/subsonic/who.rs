//! Who uses a player, by the parameters `u`, `p`, `t`, `s` and `apiKey`.
use std::borrow::Cow;

use super::{
    params::Params,
    refusal::{Code, Refusal, Told},
};
use crate::{
    app::App,
    auth::subsonic::{Shown, caller},
    caller::Caller,
    error::TokenProblem,
    hex,
};

/// The caller whom the parameters show. Where anybody may ask, nothing need be shown.
pub async fn asks(app: &App, params: &Params, anybody: bool) -> Told<Caller> {
    let nothing = ["u", "p", "t", "s", "apiKey"]
        .iter()
        .all(|name| params.text(name).is_none());
    if anybody && nothing {
        return Ok(Caller::Anonymous);
    }
    let shown = shown(params)?;
    if matches!(shown, Shown::Salted { .. }) && !app.config().subsonic_salted_tokens {
        return Err(Refusal::new(
            Code::NoSaltedTokens,
            "Salted tokens are disabled on this pod: use a password or an API key.",
        ));
    }
    match (caller(app, &shown).await?, shown) {
        (Some(Ok(caller)), _) => Ok(caller),
        (None, _) => Err(Refusal::wrong_credentials()),
        (Some(Err(TokenProblem::UnverifiedEmail)), _) => Err(Refusal::new(
            Code::NotAuthorized,
            "The e-mail address of the account is not confirmed.",
        )),
        (Some(Err(_)), _) => Err(Refusal::new(Code::InvalidKey, "Invalid API key.")),
    }
}

fn shown(params: &Params) -> Told<Shown<'_>> {
    let missing = || Refusal::new(Code::MissingParameter, "Required parameter is missing.");
    let conflict = || {
        let why = "Multiple conflicting authentication mechanisms provided.";
        Refusal::new(Code::SeveralMechanisms, why)
    };
    let (user, password) = (params.text("u"), params.text("p"));
    let (sum, salt) = (params.text("t"), params.text("s"));
    match (params.text("apiKey"), user, password, sum, salt) {
        (Some(key), None, None, None, None) => Ok(Shown::Key(key)),
        (Some(_), ..) => Err(conflict()),
        (None, Some(_), Some(_), Some(_), _) => Err(conflict()),
        (None, Some(user), Some(password), None, _) => Ok(Shown::Password(user, plain(password)?)),
        (None, Some(user), None, Some(sum), Some(salt)) => Ok(Shown::Salted { user, sum, salt }),
        _ => Err(missing()),
    }
}

/// A password, which may be written as `enc:` and hexadecimal digits.
fn plain(password: &str) -> Told<Cow<'_, str>> {
    let Some(digits) = password.strip_prefix("enc:") else {
        return Ok(password.into());
    };
    let text = hex::read(digits).and_then(|bytes| String::from_utf8(bytes).ok());
    text.map(Cow::Owned).ok_or_else(Refusal::wrong_credentials)
}
