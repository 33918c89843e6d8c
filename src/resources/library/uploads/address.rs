//! Addresses of audio.
use std::{collections::HashMap, fmt::Write};

use async_graphql::{Context, Enum};
use uuid::Uuid;

use crate::{
    auth::listening,
    context::{Cx, Reader},
    error::{Error, Result},
    guard::{AllowExt, Allowed},
    load::load,
    resources::people::users,
    store::sql,
};

/// A format that audio can be converted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum AudioFormat {
    /// AAC.
    Aac,
    /// AIFF; lossless.
    Aiff,
    /// FLAC; lossless.
    Flac,
    /// AAC in an MP4 container.
    #[graphql(name = "M4A")]
    M4a,
    /// MP3.
    #[graphql(name = "MP3")]
    Mp3,
    /// Ogg Vorbis.
    Ogg,
    /// Opus.
    Opus,
}

impl AudioFormat {
    /// The word of the query parameter `to`.
    fn word(self) -> &'static str {
        match self {
            Self::Aac => "aac",
            Self::Aiff => "aiff",
            Self::Flac => "flac",
            Self::M4a => "m4a",
            Self::Mp3 => "mp3",
            Self::Ogg => "ogg",
            Self::Opus => "opus",
        }
    }
}

load!(/// The key that listening tokens of an account are signed with.
    ListeningKey: Uuid = for_caller keys);

async fn keys(reader: &Reader, users: Vec<i64>) -> Result<HashMap<i64, Uuid>> {
    let keys = sql("select id, secret_key from users where id in ?*").bind(users);
    let keys: Vec<(i64, Uuid)> = keys.all(reader.db()).await?;
    Ok(keys.into_iter().collect())
}

/// The whole URL of audio whose path is this.
///
/// # Errors
/// `Invalid` for a bitrate out of range; `OutOfScope` or `Unauthenticated` if it is to be signed and the caller
/// may not read its own account.
pub async fn address(
    ctx: &Context<'_>,
    path: String,
    format: Option<AudioFormat>,
    max_bitrate: Option<i32>,
    signed: Option<bool>,
) -> Result<String> {
    let cx = ctx.data_unchecked::<Cx>();
    let mut url = format!("{}{path}", cx.reader().names().public_url);
    let mut add = |name: &str, value: &str| {
        let sign = if url.contains('?') { '&' } else { '?' };
        write!(url, "{sign}{name}={value}").expect("a string takes all that is written");
    };
    if let Some(format) = format {
        add("to", format.word());
    }
    if let Some(bitrate) = max_bitrate {
        if !(1..=320).contains(&bitrate) {
            return Err(Error::field("maxBitrate", "Must be between 1 and 320."));
        }
        add("max_bitrate", &bitrate.to_string());
    }
    if signed == Some(true) {
        add("token", &token(ctx).await?);
    }
    Ok(url)
}

/// A listening token of the caller; see `User.listenToken`.
async fn token(ctx: &Context<'_>) -> Result<String> {
    let permit: Allowed<users::Me> = ctx.reach().await?;
    let user = permit.user()?;
    let key = permit.loaders().one::<ListeningKey>(user.user_id).await?;
    let key = key.ok_or(Error::NotFound)?;
    Ok(listening::sign(user, key, permit.clock().now()))
}
