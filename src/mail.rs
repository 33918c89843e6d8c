//! Mails that leave: by SMTP, or into a folder where there is no mail server.
use std::path::{Path, PathBuf};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
};

use crate::{config::Config, error::Startup};

/// A mail of plain text.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
}

/// Sends mails. Cheap to clone.
#[derive(Clone)]
pub struct Mailer {
    from: Mailbox,
    way: Way,
}

#[derive(Clone)]
enum Way {
    /// Each mail is a file.
    Outbox(PathBuf),
    /// Each mail is written to the log.
    Console,
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Nowhere,
}

impl Mailer {
    /// The mailer of the settings.
    pub fn new(config: &Config) -> Result<Self, Startup> {
        let sender = config.mail_sender();
        let from = sender.parse().map_err(|error| {
            Startup::caused(
                format!("DEFAULT_FROM_EMAIL {sender:?} is no address"),
                error,
            )
        })?;
        let way = match config.email_config.as_deref() {
            None => Way::Outbox(config.data.join("outbox")),
            Some("consolemail://") => Way::Console,
            Some("dummymail://") => Way::Nowhere,
            Some(url) => smtp(url)?,
        };
        Ok(Self { from, way })
    }

    /// Sends a mail in the background, so that nobody can tell from the time it takes whether
    /// there was one; that it failed is logged.
    pub fn post(&self, mail: Mail) {
        let mailer = self.clone();
        tokio::spawn(async move {
            if let Err(error) = mailer.send(&mail).await {
                tracing::error!(to = mail.to, subject = mail.subject, %error, "a mail was not sent");
            }
        });
    }

    async fn send(&self, mail: &Mail) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, mail.to.parse()?))
            .subject(&mail.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text.clone())?;
        match &self.way {
            Way::Outbox(folder) => {
                let file = keep(folder, &message.formatted()).await?;
                tracing::info!(to = mail.to, file = %file.display(), "a mail was put into the outbox");
            }
            Way::Console => tracing::info!("mail to {}: {}\n{}", mail.to, mail.subject, mail.text),
            Way::Smtp(transport) => {
                transport.send(message).await?;
            }
            Way::Nowhere => {}
        }
        Ok(())
    }
}

/// Writes a mail where only this server's user can read it: it may hold keys. It appears whole.
async fn keep(folder: &Path, text: &[u8]) -> std::io::Result<PathBuf> {
    tokio::fs::create_dir_all(folder).await?;
    let name = crate::random::uuid();
    let (draft, file) = (
        folder.join(format!(".{name}")),
        folder.join(format!("{name}.eml")),
    );
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    let mut open = options.open(&draft).await?;
    tokio::io::AsyncWriteExt::write_all(&mut open, text).await?;
    open.sync_all().await?;
    tokio::fs::rename(&draft, &file).await?;
    Ok(file)
}

/// `smtp://user:password@host:port`, with encryption `smtp+ssl://` or `smtp+tls://`.
fn smtp(url: &str) -> Result<Way, Startup> {
    let standard = if let Some(rest) = url.strip_prefix("smtp+ssl://") {
        format!("smtps://{rest}")
    } else if let Some(rest) = url.strip_prefix("smtp+tls://") {
        let separator = if rest.contains('?') { '&' } else { '?' };
        format!("smtp://{rest}{separator}tls=required")
    } else {
        url.to_owned()
    };
    // Already chosen is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&standard).map_err(|error| {
        Startup::caused(
            "EMAIL_CONFIG is not smtp://, smtp+tls:// or smtp+ssl://USER:PASSWORD@HOST:PORT, \
             consolemail:// or dummymail://",
            error,
        )
    })?;
    Ok(Way::Smtp(transport.build()))
}
