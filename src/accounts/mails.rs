//! Mails to accounts.
use super::keys::{self, Holder, Purpose};
use crate::{app::App, error::Result, mail::Mail, store::Tx};

/// The pod's name and URL for mails. Create it before a transaction begins, because looking them up
/// within one might wait for a second connection.
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

    pub fn pod(&self) -> &str {
        &self.pod
    }

    pub fn root(&self) -> &str {
        &self.root
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
                "Hello,\n\nplease confirm your e-mail address for your account on {pod}:\n\n\
                 {root}/auth/email/confirm?key={key}\n\n\
                 The link is valid for three days. If you did not request this, ignore this mail.\n"
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
            subject: format!("Reset your password on {pod}"),
            text: format!(
                "Hello,\n\na password reset was requested for your account on {pod}. Choose a new \
                 password here:\n\n\
                 {root}/auth/password/reset/confirm?uid={user}&token={key}\n\n\
                 The link is valid for one hour. If you did not request this, ignore this mail: \
                 your password stays the same.\n"
            ),
        })
    }

    /// Tells the old address of an account that it has a new one.
    pub fn moved(&self, from: &str) -> Mail {
        let Self { pod, root } = self;
        Mail {
            to: from.to_owned(),
            subject: format!("Your account on {pod} has a new e-mail address"),
            text: format!(
                "Hello,\n\nyour account on {pod} has a new e-mail address; mails go there from now \
                 on. If this was not you, sign in at {root}/settings and change your password and \
                 your address, or ask the administrators of the pod.\n"
            ),
        }
    }

    /// Tells somebody who asked for an account that it can be used.
    pub fn approved(&self, to: &str, username: &str) -> Mail {
        let Self { pod, root } = self;
        Mail {
            to: to.to_owned(),
            subject: format!("Your account on {pod} was approved"),
            text: format!(
                "Hello {username},\n\na moderator of {pod} has approved your account. You can sign in at \
                 {root}/login.\n"
            ),
        }
    }

    /// Tells somebody who asked for an account that there will be none.
    pub fn declined(&self, to: &str, username: &str) -> Mail {
        let pod = &self.pod;
        Mail {
            to: to.to_owned(),
            subject: format!("Your account on {pod} was not approved"),
            text: format!(
                "Hello {username},\n\na moderator of {pod} has refused your request for an account.\n"
            ),
        }
    }
}
