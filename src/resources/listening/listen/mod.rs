//! Listening: the audio of a track, as uploaded or converted (contract section 7).
mod audio;
mod play;
mod remote;
mod sql;

use poem::{FromRequest, Request, RequestBody};
use poem_openapi::{OpenApi, param::Path};
use uuid::Uuid;

pub use self::{
    audio::Audio,
    play::{Order, play},
};
use crate::{
    error::Result,
    guard::{Allowed, Writes, operations},
    media::{serve::Wanted, transcode::Wish},
    rest::params::{Pairs, Params, filter},
};

operations! {
    "listen", "Audio, in its own format or converted.";
    /// Returns a track's audio.
    ///
    /// Sends the uploaded file, or a conversion if `to` or `max_bitrate` require one and the pod
    /// converts audio. Supports one byte range per request, except while a conversion is running.
    /// Adds to the track's `downloads_count`, at most once per caller and upload within six hours
    /// (or within the duration of the audio, if longer); `HEAD` is not counted. Podcasts from elsewhere are sent as their
    /// servers have them, or by a redirect to there. The query parameter `token` may contain an access token, or the listening token of your own account.
    ///
    /// Unknown tracks, and tracks without an upload that you can play, are answered with 404.
    /// Conversions are answered with 501 if the pod has no ffmpeg, with 503 if too many are
    /// running, and with 422 if the audio cannot be converted.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "(REST only: audio; see `Track.listenUrl`)", params = Query, wire = Audio;
}

filter! {
    /// The requested audio and format.
    pub struct Query {
        /// UUID of the upload to play. Default: an upload whose file is available.
        upload: Option<String>,
        /// Format to convert to: `aac`, `aif`, `aiff`, `flac`, `m4a`, `mp3`, `ogg` or `opus`. Other
        /// values are ignored. Default: the format of the upload.
        to: Option<String>,
        /// Maximum bitrate in kbit/s (1 to 320). Audio above it is converted; lossless formats
        /// become MP3. Larger values count as 320, others are ignored.
        max_bitrate: Option<String>,
        /// `false`: no `Content-Disposition` header. By default, that header names a file to save
        /// the audio as.
        download: Option<String>,
    }
}

impl<'a> FromRequest<'a> for Query {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let pairs = Pairs::parse(request.uri().query().unwrap_or_default())?;
        Ok(<Self as Params>::read(&pairs, &mut Default::default()))
    }
}

impl Query {
    pub fn order(self, track: Uuid) -> Order {
        Order {
            track,
            upload: self.upload,
            wish: Wish::read(self.to.as_deref(), self.max_bitrate.as_deref()),
            named: self.download.as_deref() != Some("false"),
        }
    }
}

/// Counts plays.
impl Writes for Retrieve {}

pub struct Rest;

#[OpenApi(prefix_path = "/api/v1/listen")]
impl Rest {
    #[oai(path = "/:uuid", method = "get")]
    async fn retrieve(
        &self,
        permit: Allowed<Retrieve>,
        uuid: Path<Uuid>,
        query: Query,
        wanted: Wanted,
    ) -> Result<Audio> {
        play(&permit, query.order(uuid.0), &wanted).await
    }
}
