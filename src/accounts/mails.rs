//! Mails to users.
use super::keys::{self, Holder, Purpose};
use crate::{app::App, error::Result, mail::Mail, store::Tx};

/// Name and URL of the pod for mails. Loaded before a transaction begins, because loading them
/// within one could wait for a second connection.
pub struct Letterhead {
    pod: String,
    root: String,
}

impl Letterhead {
    pub async fn of(app: &App) -> Result<Self> {
        let pod = match app.preferences().await?.text("instance__name") {
            name if name.is_empty() => app.config().hostname(),
            name => name,
        };
        let root = app.config().public_url();
        Ok(Self { pod, root })
    }

    /// A mail with a key to confirm an email address.
    pub async fn confirmation(
        &self,
        app: &App,
        tx: &mut Tx,
        user: i64,
        email: &str,
    ) -> Result<Mail> {
        let holder = Holder::of(user, email);
        let key = keys::draw(app, tx, Purpose::Email, &holder).await?;
        let Self { pod, root } = self;
        Ok(Mail {
            to: email.to_owned(),
            subject: format!("Confirm your e-mail address for {pod}"),
            text: format!(
                "Hello,\n\nthis address was given for an account on {pod}. Confirm it here:\n\n\
                 {root}/auth/email/confirm?key={key}\n\n\
                 The link works for three days. If this was not you, there is nothing to do.\n"
            ),
        })
    }

    /// A mail with a key to set a new password.
    pub async fn reset(&self, app: &App, tx: &mut Tx, user: i64, email: &str) -> Result<Mail> {
        let holder = Holder::of(user, email);
        let key = keys::draw(app, tx, Purpose::Password, &holder).await?;
        let Self { pod, root } = self;
        Ok(Mail {
            to: email.to_owned(),
            subject: format!("Your password on {pod}"),
            text: format!(
                "Hello,\n\nsomebody, hopefully you, has forgotten the password of your account on \
                 {pod}. Choose a new one here:\n\n\
                 {root}/auth/password/reset/confirm?uid={user}&token={key}\n\n\
                 The link works for one hour. If this was not you, there is nothing to do: the \
                 password stays as it is.\n"
            ),
        })
    }
}
