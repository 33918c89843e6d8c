//! Listening: the audio of a track, as it is or converted (contract section 7).
mod audio;
mod play;
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
    "listen";
    /// Plays a track: answers its audio, whole or in ranges, and counts a download.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "(audio is fetched from Track.listenUrl)", params = Query;
}

filter! {
    /// Which audio, and how.
    pub struct Query {
        /// The UUID of the upload to play, where a track has several.
        upload: Option<String>,
        /// Convert to this format: `aac`, `aif`, `aiff`, `flac`, `m4a`, `mp3`, `ogg` or `opus`. Others are ignored.
        to: Option<String>,
        /// Kilobits per second at most, up to 320: what has more is converted.
        max_bitrate: Option<String>,
        /// With `false` the audio is not named as a file to save.
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

/// Listening is counted.
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
