//! Choosing an upload of a track, and sending its audio.
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use poem::{Response, http::StatusCode};
use uuid::Uuid;

use super::{
    Audio, remote,
    sql::{count_download, podcasts, track},
};
use crate::{
    config::FrontServer,
    context::Reader,
    error::{Error, Result},
    guard::{Allowed, Writes},
    media::{
        bucket::Bucket,
        serve::{self, Wanted},
        storage::{self, Storage},
        transcode::{Converted, Source, Target, Wish},
    },
    resources::library::uploads::{Upload, audible_uploads_of},
    throttle::Ident,
};

/// The audio that a listener requests.
#[derive(Debug)]
pub struct Order {
    pub track: Uuid,
    pub upload: Option<String>,
    pub wish: Wish,
    /// Whether `Content-Disposition` names a file to save the audio as.
    pub named: bool,
}

/// How long to wait for a conversion to complete, so that a reverse proxy can send it as a file,
/// before streaming it.
const HAND_OFF: Duration = Duration::from_secs(2);
/// How long to wait for a conversion that cannot be played before it is complete.
const COMPLETE: Duration = Duration::from_secs(600);

pub async fn play<O: Writes>(permit: &Allowed<O>, order: Order, wanted: &Wanted) -> Result<Audio> {
    let reader: &Reader = permit;
    let track = track(reader, order.track).await?;
    let uploads = audible_uploads_of(permit.loaders(), reader, track.id).await?;
    let named = order.upload.as_deref();
    let found = match heard(reader, &uploads, named) {
        Some((upload, audio)) => Some((upload, Some(audio))),
        None => elsewhere(reader, uploads, named)
            .await?
            .map(|episode| (episode, None)),
    };
    let Some((upload, audio)) = found else {
        return Ok(Audio::none());
    };
    if audio.is_some() {
        counted(permit, &upload, wanted).await;
    }
    let converts = audio.is_some() && reader.preferences().await?.transcoding_enabled();
    let target = match converts {
        true => order.wish.target(upload.extension(), upload.bitrate),
        false => None,
    };
    let extension = target.map_or(upload.extension(), |target| target.format.extension());
    let saved = order
        .named
        .then(|| disposition(&track.file_name(extension)));
    let mut response = match (&audio, target) {
        (None, _) => {
            let sent = remote::episode(permit, &upload, wanted).await?;
            counted(permit, &upload, wanted).await;
            sent
        }
        (Some(audio), None) => original(reader, (&upload, audio), wanted, saved.as_deref()).await?,
        (Some(audio), Some(target)) => {
            let who = permit.ident();
            converted(reader, (&upload, audio), target, wanted, who).await?
        }
    };
    if let Some(saved) = saved {
        let value = saved.parse().map_err(Error::internal)?;
        response.headers_mut().insert("content-disposition", value);
    }
    Ok(Audio(response))
}

/// The upload to play: the named one, else the first with audio on this machine.
fn heard(
    reader: &Reader,
    uploads: &[Upload],
    named: Option<&str>,
) -> Option<(Upload, storage::Audio)> {
    let audio = |upload: &Upload| {
        let audio = storage::Audio::named(&upload.audio_file, upload.source.as_deref())?;
        Some((upload.clone(), audio))
    };
    let meant = uploads.iter().filter(|upload| is_meant(upload, named));
    let mut found: Vec<_> = meant.filter_map(audio).collect();
    // Prefer uploads whose file exists.
    if found.len() > 1 {
        let storage = &reader.media().storage;
        found.sort_by_key(|(_, audio)| !storage.seems_to_have(audio));
    }
    found.into_iter().next()
}

fn is_meant(upload: &Upload, named: Option<&str>) -> bool {
    named.is_none_or(|uuid| upload.uuid.to_string() == uuid)
}

/// The episode of a podcast from elsewhere, whose audio is there too. What people say of the sources of their own
/// uploads leads nowhere.
async fn elsewhere(
    reader: &Reader,
    uploads: Vec<Upload>,
    named: Option<&str>,
) -> Result<Option<Upload>> {
    let uploads: Vec<Upload> = uploads
        .into_iter()
        .filter(|upload| is_meant(upload, named))
        .collect();
    let libraries: Vec<i64> = uploads.iter().map(|upload| upload.library_id).collect();
    let of_podcasts = podcasts(reader, libraries).await?;
    let found = uploads
        .into_iter()
        .find(|upload| of_podcasts.contains(&upload.library_id));
    Ok(found)
}

/// Counts a download. A failure to count must not fail the playback.
async fn counted<O: Writes>(permit: &Allowed<O>, upload: &Upload, wanted: &Wanted) {
    if !wanted.head
        && let Err(error) = count(permit, upload).await
    {
        error.log();
    }
}

/// Counts a download, unless this listener was counted recently.
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

/// Sends the audio as uploaded, to be saved as told.
async fn original(
    reader: &Reader,
    (upload, audio): (&Upload, &storage::Audio),
    wanted: &Wanted,
    saved: Option<&str>,
) -> Result<Response> {
    let storage = &reader.media().storage;
    if let (storage::Audio::Uploaded(place), Some(bucket)) = (audio, storage.bucket()) {
        let content_type = media_type(upload);
        let sent = match reader.config().s3.proxy_media || wanted.head {
            true => serve::object(bucket, place, content_type, wanted).await,
            false => redirect(bucket, place, content_type, saved).await,
        };
        return sent.inspect_err(|error| warn_of_absent(error, upload, place));
    }
    let path = storage.path(audio).ok_or(Error::NotFound)?;
    if let Some(errand) = errand(reader, storage.handed_off(audio), &path) {
        return Ok(errand);
    }
    let sent = serve::file(&path, media_type(upload), wanted).await;
    sent.inspect_err(|error| warn_of_absent(error, upload, &path.display().to_string()))
}

fn warn_of_absent(error: &Error, upload: &Upload, path: &str) {
    if matches!(error, Error::NotFound) {
        tracing::warn!(upload = %upload.uuid, path, "the audio is not there");
    }
}

/// Sends the listener to the store, which sends the audio.
async fn redirect(
    bucket: &Bucket,
    place: &str,
    content_type: &str,
    saved: Option<&str>,
) -> Result<Response> {
    let link = bucket.link(place, content_type, saved).await;
    Ok(Response::builder()
        .status(StatusCode::FOUND)
        .header("location", link.map_err(storage::failed)?.as_str())
        .header("cache-control", "no-store")
        .finish())
}

/// Sends the audio in another format or with a lower bitrate.
async fn converted(
    reader: &Reader,
    (upload, audio): (&Upload, &storage::Audio),
    target: Target,
    wanted: &Wanted,
    who: Ident,
) -> Result<Response> {
    let (media, now) = (reader.media(), reader.clock().now());
    let mimetype = target.format.mimetype();
    let growing_headers = || {
        Response::builder()
            .content_type(mimetype)
            .header("accept-ranges", "none")
    };
    let source = Source::of(upload.uuid, audio.clone(), &media.storage).await;
    let source = source.ok_or(Error::NotFound)?;
    if wanted.head {
        return match media.transcoder.kept(&source, target, now).await {
            Some(kept) => sent(reader, &kept, mimetype, wanted).await,
            None => Ok(growing_headers().finish()),
        };
    }
    let mut growing = match media.transcoder.convert(source, target, now, who).await {
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

/// Sends a complete conversion from the cache.
async fn sent(reader: &Reader, kept: &str, mimetype: &str, wanted: &Wanted) -> Result<Response> {
    let storage = &reader.media().storage;
    let path = storage.within_media(kept).ok_or(Error::NotFound)?;
    match errand(reader, Some(Storage::protected(kept)), &path) {
        Some(errand) => Ok(errand),
        None => serve::file(&path, mimetype, wanted).await,
    }
}

/// A response that tells the reverse proxy which file to send; `None` if this server sends files
/// itself.
fn errand(reader: &Reader, protected: Option<String>, path: &std::path::Path) -> Option<Response> {
    let header = match reader.config().reverse_proxy_type {
        FrontServer::None => return None,
        FrontServer::Nginx => ("x-accel-redirect", escaped(&protected?)),
        FrontServer::Apache2 => ("x-sendfile", path.to_str()?.to_owned()),
    };
    // The reverse proxy adds the media type and the length.
    Some(Response::builder().header(header.0, header.1).finish())
}

/// The characters of a file name to escape.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const PATH: &AsciiSet = &PLAIN.remove(b'/');

/// Escapes a path, which nginx decodes.
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

/// The uploader's media type if it is one of audio, so that an upload is never shown as a page.
pub fn media_type(upload: &Upload) -> &str {
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
