//! From a track to what is sent.
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use poem::Response;
use uuid::Uuid;

use super::{
    Audio,
    sql::{count_download, track},
};
use crate::{
    config::FrontServer,
    context::Reader,
    error::{Error, Result},
    guard::{Allowed, Writes},
    media::{
        serve::{self, Wanted},
        storage::{self, Storage},
        transcode::{Converted, Source, Target, Wish},
    },
    resources::uploads::{Upload, audible_uploads_of},
};

/// What a listener asks for.
#[derive(Debug)]
pub struct Order {
    pub track: Uuid,
    pub upload: Option<String>,
    pub wish: Wish,
    /// Whether the audio is named as a file to save.
    pub named: bool,
}

/// How long a front server waits for a conversion to be complete, before it passes on its beginning.
const HAND_OFF: Duration = Duration::from_secs(2);
/// How long a conversion is waited for that cannot be played before it is complete.
const COMPLETE: Duration = Duration::from_secs(600);

pub async fn play<O: Writes>(permit: &Allowed<O>, order: Order, wanted: &Wanted) -> Result<Audio> {
    let reader: &Reader = permit;
    let track = track(reader, order.track).await?;
    let uploads = audible_uploads_of(permit.loaders(), reader, track.id).await?;
    let Some((upload, audio)) = heard(reader, uploads, order.upload.as_deref()) else {
        return Ok(Audio::none());
    };
    // Who listens is told nothing of a count that failed.
    if !wanted.head
        && let Err(error) = count(permit, &upload).await
    {
        error.log();
    }
    let target = match reader.preferences().await?.transcoding_enabled() {
        true => order.wish.target(upload.extension(), upload.bitrate),
        false => None,
    };
    let extension = target.map_or(upload.extension(), |target| target.format.extension());
    let mut response = match target {
        None => original(reader, &upload, &audio, wanted).await?,
        Some(target) => converted(reader, &upload, &audio, target, wanted).await?,
    };
    if order.named {
        let name = track.file_name(extension);
        let headers = response.headers_mut();
        let value = disposition(&name).parse().map_err(Error::internal)?;
        headers.insert("content-disposition", value);
    }
    Ok(Audio(response))
}

/// The upload to play: the one that is named, else the first whose audio is on this machine.
fn heard(
    reader: &Reader,
    uploads: Vec<Upload>,
    named: Option<&str>,
) -> Option<(Upload, storage::Audio)> {
    let uploads = uploads.into_iter();
    let meant = |upload: &Upload| named.is_none_or(|uuid| upload.uuid.to_string() == uuid);
    let audio = |upload: Upload| {
        let audio = storage::Audio::named(&upload.audio_file, upload.source.as_deref())?;
        Some((upload, audio))
    };
    let mut found: Vec<_> = uploads.filter(meant).filter_map(audio).collect();
    // Of several, one whose file is there.
    if found.len() > 1 {
        let storage = &reader.media().storage;
        let there = |audio: &storage::Audio| storage.path(audio).is_some_and(|path| path.exists());
        found.sort_by_key(|(_, audio)| !there(audio));
    }
    found.into_iter().next()
}

/// Counts a download, once for each listener in a while.
async fn count<O: Writes>(permit: &Allowed<O>, upload: &Upload) -> Result<()> {
    let now = permit.clock().now();
    let seconds = upload.duration.unwrap_or_default();
    if !permit
        .media()
        .is_new_listener(permit.ident(), upload.id, seconds, now)
    {
        return Ok(());
    }
    let mut tx = permit.begin().await?;
    count_download(&mut tx, upload, now).await?;
    tx.commit().await
}

/// The audio as it was uploaded.
async fn original(
    reader: &Reader,
    upload: &Upload,
    audio: &storage::Audio,
    wanted: &Wanted,
) -> Result<Response> {
    let storage = &reader.media().storage;
    let path = storage.path(audio).ok_or(Error::NotFound)?;
    if let Some(errand) = errand(reader, storage.handed_off(audio), &path) {
        return Ok(errand);
    }
    let sent = serve::file(&path, media_type(upload), wanted).await;
    sent.inspect_err(|error| {
        if matches!(error, Error::NotFound) {
            tracing::warn!(upload = %upload.uuid, path = %path.display(), "the audio is not there");
        }
    })
}

/// The audio in another format or with fewer bits.
async fn converted(
    reader: &Reader,
    upload: &Upload,
    audio: &storage::Audio,
    target: Target,
    wanted: &Wanted,
) -> Result<Response> {
    let (media, now) = (reader.media(), reader.clock().now());
    let mimetype = target.format.mimetype();
    let growing_headers = || {
        Response::builder()
            .content_type(mimetype)
            .header("accept-ranges", "none")
    };
    let path = media.storage.path(audio).ok_or(Error::NotFound)?;
    let source = Source::of(upload.uuid, path).await.ok_or(Error::NotFound)?;
    if wanted.head {
        return match media.transcoder.kept(&source, target, now).await {
            Some(kept) => sent(reader, &kept, mimetype, wanted).await,
            None => Ok(growing_headers().finish()),
        };
    }
    let mut growing = match media.transcoder.convert(source, target, now).await {
        Converted::Kept(kept) => return sent(reader, &kept, mimetype, wanted).await,
        Converted::Growing(growing) => growing,
    };
    let handed_off = reader.config().reverse_proxy_type != FrontServer::None;
    let patience = match (target.format.grows(), handed_off) {
        (false, _) => COMPLETE,
        (true, true) => HAND_OFF,
        (true, false) => Duration::ZERO,
    };
    if let Some(kept) = growing.whole(patience).await? {
        return sent(reader, &kept, mimetype, wanted).await;
    }
    growing.begun().await?;
    Ok(growing_headers().body(growing.body(&media.storage)))
}

/// A kept conversion.
async fn sent(reader: &Reader, kept: &str, mimetype: &str, wanted: &Wanted) -> Result<Response> {
    let storage = &reader.media().storage;
    let path = storage.within_media(kept).ok_or(Error::NotFound)?;
    match errand(reader, Some(Storage::protected(kept)), &path) {
        Some(errand) => Ok(errand),
        None => serve::file(&path, mimetype, wanted).await,
    }
}

/// What a front server is told to send; `None` where this server sends files itself.
fn errand(reader: &Reader, protected: Option<String>, path: &std::path::Path) -> Option<Response> {
    let header = match reader.config().reverse_proxy_type {
        FrontServer::None => return None,
        FrontServer::Nginx => ("x-accel-redirect", escaped(&protected?)),
        FrontServer::Apache2 => ("x-sendfile", path.to_str()?.to_owned()),
    };
    // The front server adds the media type; a length of ours would be the wrong one.
    Some(Response::builder().header(header.0, header.1).finish())
}

/// Characters of a file's name that stay as they are.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const PATH: &AsciiSet = &PLAIN.remove(b'/');

/// The front server decodes it again.
fn escaped(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}

/// RFC 6266 with the extended form of RFC 8187.
fn disposition(name: &str) -> String {
    format!(
        "attachment; filename*=UTF-8''{}",
        utf8_percent_encode(name, PLAIN)
    )
}

/// Nothing but audio is called by what an uploader says it is.
fn media_type(upload: &Upload) -> &str {
    let told = upload.mimetype.as_deref().unwrap_or_default();
    let audio = told.starts_with("audio/") || matches!(told, "application/ogg" | "video/ogg");
    let plain = told
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b';');
    match audio && plain {
        true => told,
        false => "application/octet-stream",
    }
}
