//! Receiving the file of an upload: into the folder of files that are coming in, within the uploader's quota.
use std::path::Path;

use uuid::Uuid;

use crate::{
    error::{Error, Result},
    guard::{Allowed, Operation},
    media::{incoming::Share, staging::Staging},
    reading,
    resources::people::users::quota,
    rest::{incoming::essence, parts::SentFilePart},
    store::Tx,
};

/// A file that has come in.
pub struct Received {
    pub uuid: Uuid,
    pub file: Staging,
    /// The name of the file, as it was sent.
    pub name: String,
    /// Media type: what the file is, otherwise what the sender says.
    pub mimetype: String,
    /// In seconds.
    pub duration: Option<i64>,
    /// In bits per second.
    pub bitrate: Option<i64>,
    /// The quota of users who have none of their own, in megabytes. It is read before the transaction, which may hold
    /// the last connection.
    common: i64,
    /// Counts in the uploader's quota until the row does.
    _share: Share,
}

/// Maximum number of characters of a file's name.
const NAME: usize = 250;
const EXTENSION: usize = 8;

/// Writes a file as it comes in.
///
/// # Errors
/// `Invalid` if the file is empty, or larger than what is left of the quota.
pub async fn receive<O: Operation>(
    permit: &Allowed<O>,
    mut sent: SentFilePart,
) -> Result<Received> {
    let uuid = crate::random::uuid();
    let actor = permit.actor_id().ok_or(Error::Forbidden)?;
    let common = permit.preferences().await?.upload_quota();
    let left = quota::left(permit.db(), actor, common).await?;
    let mut share = permit.media().incoming.share(actor);
    let name: String = sent.file_name.chars().take(NAME).collect();
    let staged = Staging::begin(&permit.media().storage, uuid, &extension(&name)).await;
    let mut file = staged.map_err(Error::internal)?;
    let mut bytes = Vec::new();
    loop {
        sent.chunk(&mut bytes).await?;
        if bytes.is_empty() {
            break;
        }
        if share.add(bytes.len()) > left {
            return Err(quota::reached());
        }
        file.write(&bytes).await.map_err(Error::internal)?;
    }
    if file.size() == 0 {
        return Err(Error::field("audio_file", "The submitted file is empty."));
    }
    file.sync().await.map_err(Error::internal)?;
    let sound = reading::glance(file.path()).await;
    Ok(Received {
        uuid,
        mimetype: match &sound {
            Some(sound) => sound.mimetype.to_owned(),
            None => media(sent.media.as_deref()),
        },
        duration: sound.as_ref().map(|sound| sound.seconds),
        bitrate: sound.and_then(|sound| sound.bitrate),
        common,
        _share: share,
        file,
        name,
    })
}

/// Checks the quota again, where nobody else can use it up.
pub async fn recheck<O: Operation>(
    permit: &Allowed<O>,
    tx: &mut Tx,
    received: &Received,
) -> Result<()> {
    let actor = permit.actor_id().ok_or(Error::Forbidden)?;
    tx.take_turn(&format!("uploads {actor}")).await?;
    match received.file.size() <= quota::left(tx, actor, received.common).await? {
        true => Ok(()),
        false => Err(quota::reached()),
    }
}

/// The extension of a file's name, if it is a plain one.
fn extension(name: &str) -> String {
    let extension = Path::new(name).extension().and_then(|found| found.to_str());
    let extension = extension.unwrap_or_default().to_ascii_lowercase();
    let is_plain =
        extension.len() <= EXTENSION && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_plain { extension } else { String::new() }
}

/// The media type that a sender tells, if it is a plain one.
fn media(told: Option<&str>) -> String {
    let essence = essence(told.unwrap_or_default());
    let is_plain = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-+._".contains(&byte))
    };
    let parts = essence.split_once('/');
    match parts.is_some_and(|(kind, name)| is_plain(kind) && is_plain(name)) {
        true if essence.len() <= 100 => essence.to_ascii_lowercase(),
        _ => "application/octet-stream".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_sender_says_is_taken_where_it_is_plain() {
        assert_eq!(extension("Song.MP3"), "mp3");
        assert_eq!(extension("a.b/../c"), "");
        assert_eq!(extension("song"), "");
        assert_eq!(media(Some("text/plain; charset=utf-8")), "text/plain");
        assert_eq!(media(Some("a b/c")), "application/octet-stream");
        assert_eq!(media(None), "application/octet-stream");
    }
}
