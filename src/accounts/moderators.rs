//! Mails to the moderators of the pod.
use super::mails::Letterhead;
use crate::{app::App, error::Result, mail::Mail, store::sql};

/// Moderators that are told, at most.
const MOST: i64 = 50;

impl Letterhead {
    /// Tells the moderators something, each by a mail of their own. A failure does not undo what they are told of.
    pub async fn tell_moderators(&self, app: &App, subject: &str, text: &str) {
        match addresses(app).await {
            Ok(addresses) => {
                for to in addresses {
                    app.mailer().post(self.to_moderator(to, subject, text));
                }
            }
            Err(error) => error.log(),
        }
    }

    fn to_moderator(&self, to: String, subject: &str, text: &str) -> Mail {
        let pod = self.pod();
        Mail {
            to,
            subject: format!("{subject} on {pod}"),
            text: format!("Hello,\n\n{text}\n\nYou get this mail because you moderate {pod}.\n"),
        }
    }
}

async fn addresses(app: &App) -> Result<Vec<String>> {
    let everybody = app.preferences().await?.default_permissions().moderation;
    let addresses: Vec<(String,)> = sql(
        "select email from users where is_active = true and email <> ''
           and (is_superuser = true or permission_moderation = true or ?) order by id limit ?",
    )
    .bind(everybody)
    .bind(MOST)
    .all(app.db())
    .await?;
    Ok(addresses.into_iter().map(|(email,)| email).collect())
}
