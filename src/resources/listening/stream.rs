//! Streaming: listening for players that support only MP3 (contract section 7).
use poem_openapi::{OpenApi, param::Path};
use uuid::Uuid;

use super::listen::{Audio, Order, Query, play};
use crate::{
    error::Result,
    guard::{Allowed, Writes, operations},
    media::{
        serve::Wanted,
        transcode::{Format, Wish},
    },
};

operations! {
    "stream", "Audio as MP3, for players that know nothing else.";
    /// Returns a track's audio as MP3.
    ///
    /// Converts the audio if the upload is not MP3, and the pod converts audio. The parameters
    /// `upload`, `max_bitrate` and `token`, the errors, and the counting of plays are the same as
    /// for `GET /api/v1/listen/{uuid}`. Sends no `Content-Disposition` header.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "(REST only: audio; see `Track.listenUrl`)", wire = Mpeg;
}

/// Counts plays.
impl Writes for Retrieve {}

pub struct Rest;

#[OpenApi(prefix_path = "/api/v1/stream")]
impl Rest {
    #[oai(path = "/:uuid", method = "get")]
    async fn retrieve(
        &self,
        permit: Allowed<Retrieve>,
        uuid: Path<Uuid>,
        query: Query,
        wanted: Wanted,
    ) -> Result<Audio> {
        let order = query.order(uuid.0);
        let wish = Wish {
            to: Some(Format::Mp3),
            ..order.wish
        };
        let order = Order {
            wish,
            named: false,
            ..order
        };
        play(&permit, order, &wanted).await
    }
}
