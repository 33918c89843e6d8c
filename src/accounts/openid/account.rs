//! Accounts of people who sign in through the provider.
use uuid::Uuid;

use super::{claims::Person, denied};
use crate::{
    accounts::{New, check_username, email_is_taken, insert, is_reserved, take_turns, taken},
    app::App,
    error::Result,
    proof::Proof,
    scope::Permissions,
    store::{Tx, sql, text::folded},
};

/// Returns the person's account: the one already linked, one to link, or a new one.
pub async fn account(app: &App, issuer: &str, subject: &str, person: &Person) -> Result<Proof> {
    let mut tx = app.db().begin().await?;
    take_turns(&mut tx, app).await?;
    // A password reset removes identities: the key is of the same moment as the identity.
    let known: Option<(i64, Uuid, bool)> = sql(
        "select u.id, u.secret_key, u.is_active from user_identities i
         join users u on u.id = i.user_id where i.issuer = ? and i.subject = ?",
    )
    .bind(issuer)
    .bind(subject)
    .optional(&mut tx)
    .await?;
    match known {
        Some((user, stamp, true)) => return Ok(Proof { user, stamp }),
        Some((_, _, false)) => return Err(denied("This account cannot be used at present.")),
        None => {}
    }
    let proof = match linked(&mut tx, app, person).await? {
        Some(proof) => proof,
        None if app.config().openid_signup => {
            let user = made(&mut tx, app, person).await?;
            Proof::of(&mut tx, user).await?
        }
        None => {
            return Err(denied(
                "Nobody here belongs to that account yet. Ask whoever runs this pod.",
            ));
        }
    };
    sql("insert into user_identities (issuer, subject, user_id, created) values (?, ?, ?, ?)")
        .bind(issuer)
        .bind(subject)
        .bind(proof.user)
        .bind(app.clock().now())
        .run(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(proof)
}

/// The account with the same email address, if both sides have confirmed it and the pod allows
/// linking.
async fn linked(tx: &mut Tx, app: &App, person: &Person) -> Result<Option<Proof>> {
    let email = person.email.as_deref().filter(|_| person.email_verified);
    let Some(email) = email.filter(|_| app.config().openid_link_by_email) else {
        return Ok(None);
    };
    let found: Option<(i64, Uuid, String)> = sql(
        "select id, secret_key, email from users where email_folded = ?
         and email_folded <> '' and email_verified = true and is_active = true",
    )
    .bind(folded(email))
    .optional(&mut *tx)
    .await?;
    // Addresses that are folded alike may be different mailboxes.
    let is_same = |known: &str| email.is_ascii() && known.eq_ignore_ascii_case(email);
    let found = found.filter(|(.., known)| is_same(known));
    let Some((user, stamp, _)) = found else {
        return Ok(None);
    };
    // A reset that came in between would leave the new identity.
    let proof = Proof { user, stamp };
    Ok(proof.is_valid(tx).await?.then_some(proof))
}

/// Creates an account without a password.
async fn made(tx: &mut Tx, app: &App, person: &Person) -> Result<i64> {
    let email = person
        .email
        .as_deref()
        .filter(|_| person.email_verified)
        .unwrap_or_default();
    if email_is_taken(tx, email).await? {
        return Err(denied(
            "An account with your e-mail address exists already. Sign in with its password.",
        ));
    }
    let mut new = New {
        username: String::new(),
        email: email.to_owned(),
        password: String::new(),
        permissions: Permissions::default(),
        is_superuser: false,
    };
    for name in names(person) {
        new.username = name;
        if taken(tx, app, &new).await?.is_empty() {
            let made = insert(tx, app, &new, "!".to_owned()).await?;
            sql("update users set email_verified = ? where id = ?")
                .bind(!email.is_empty())
                .bind(made.user)
                .run(tx)
                .await?;
            return Ok(made.user);
        }
    }
    Err(denied(
        "Your name is taken here. Ask whoever runs this pod.",
    ))
}

/// Usernames to try: the one at the provider, then with numbers appended.
fn names(person: &Person) -> impl Iterator<Item = String> {
    let wanted = person.preferred_username.as_deref();
    let wanted = wanted.or(person.email.as_deref()).unwrap_or_default();
    let local = wanted.split('@').next().unwrap_or_default();
    let plain: String = local
        .chars()
        .map(|char| {
            if char.is_ascii_alphanumeric() {
                char
            } else {
                '_'
            }
        })
        .take(24)
        .collect();
    let base = match check_username(&plain).is_ok() && !is_reserved(&plain) {
        true => plain,
        false => "listener".to_owned(),
    };
    let numbered = base.clone();
    std::iter::once(base).chain((2..=50).map(move |number| format!("{numbered}{number}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_to_fit() {
        let name = |text: &str| {
            let person = Person {
                preferred_username: Some(text.to_owned()),
                ..Person::default()
            };
            names(&person).next().unwrap()
        };
        assert_eq!(name("Ada Lovelace"), "Ada_Lovelace");
        assert_eq!(name("ada@example.org"), "ada");
        assert_eq!(name("admin"), "listener");
        assert_eq!(name(""), "listener");
    }
}
