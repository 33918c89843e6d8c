//! Setting a pod up: whoever can read the server's console creates the first account.
use super::{
    New, check_email, check_username, insert,
    keys::{self, Holder, Purpose},
    password,
};
use crate::{
    app::App,
    error::{Error, Result},
    pod::Preferences,
    store::sql,
};

/// The choices of the setup form.
#[derive(Clone, Debug)]
pub struct Wishes {
    pub first: New,
    /// The same password again.
    pub repeated: String,
    /// Whether anonymous visitors may browse the catalogue.
    pub open: bool,
}

/// Creates the setup link of a pod without accounts. Each start creates a new one.
pub async fn link(app: &App) -> Result<Option<String>> {
    let mut tx = app.db().begin().await?;
    if sql("select count(*) from users").number(&mut tx).await? > 0 {
        return Ok(None);
    }
    let nobody = Holder {
        user_id: None,
        email: String::new(),
    };
    let key = keys::draw(app, &mut tx, Purpose::Setup, &nobody).await?;
    tx.commit().await?;
    Ok(Some(format!("/setup?key={key}")))
}

/// Whether a setup key is valid.
pub async fn is_open(app: &App, key: &str) -> Result<bool> {
    Ok(keys::look(app, Purpose::Setup, key).await?.is_some())
}

/// Creates the first account; `None` if the key is invalid or an account exists by now.
pub async fn set_up(app: &App, key: &str, wishes: &Wishes) -> Result<Option<i64>> {
    if !is_open(app, key).await? {
        return Ok(None);
    }
    check_username(&wishes.first.username)?;
    check_email(&wishes.first.email)?;
    password::check("password1", &wishes.first.password)?;
    if wishes.first.password != wishes.repeated {
        let complaint = "The two password fields didn’t match.";
        return Err(Error::field("password2", complaint));
    }
    let hash = app.hashing().hash(&wishes.first.password).await?;
    let mut tx = app.db().begin().await?;
    let taken = keys::take(app, &mut tx, Purpose::Setup, key).await?;
    if taken.is_none() || sql("select count(*) from users").number(&mut tx).await? > 0 {
        return Ok(None);
    }
    let made = insert(&mut tx, app, &wishes.first, hash).await?;
    sql("update users set email_verified = true where id = ?")
        .bind(made.user)
        .run(&mut tx)
        .await?;
    if wishes.open {
        Preferences::store(&mut tx, "common", "api_authentication_required", "False").await?;
    }
    tx.commit().await?;
    app.forget_preferences();
    Ok(Some(made.user))
}
