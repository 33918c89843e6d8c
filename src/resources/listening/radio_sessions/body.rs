//! The REST endpoints of sessions of radios.
use poem_openapi::Object;
use serde::Serialize;

use super::{
    Create, Draw, RadioSession, RadioSessionTrack, RadioType, Retrieve,
    draw::draw,
    retrieve,
    write::{NewRadioSession, create},
};
use crate::{
    error::{Error, Result},
    graphql::ids::Key,
    guard::Allowed,
    load::sole,
    resources::{
        catalogue::tracks::{self, TrackBody},
        listening::radios::filters::{self, RadioFilter},
    },
    rest::{
        answer::{Answer, Created},
        params::{Parameters, filter},
        standard::routes,
    },
    time::Timestamp,
};

/// A session of a radio.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "RadioSession")]
struct SessionBody {
    /// Numeric ID, unique among sessions.
    id: i64,
    /// What the radio plays.
    radio_type: RadioType,
    /// The object that the radio is about: the numeric ID of an artist or a track, the UUID of a
    /// library, a tag's name, or `name@domain`.
    related_object_id: Option<String>,
    /// Numeric ID of the listener; null for strangers.
    user: Option<i64>,
    /// Time at which the session was started.
    creation_date: Timestamp,
    /// Numeric ID of the custom radio.
    custom_radio: Option<i64>,
    /// Filters of the session itself.
    config: Option<Vec<RadioFilter>>,
}

impl From<RadioSession> for SessionBody {
    fn from(session: RadioSession) -> Self {
        Self {
            id: session.id,
            radio_type: session.radio_type,
            related_object_id: session.related_object_id,
            user: session.user_id,
            creation_date: session.creation_date,
            custom_radio: session.custom_radio_id,
            config: session.config.as_ref().map(filters::read),
        }
    }
}

/// A track that was drawn in a session.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "RadioSessionTrack")]
struct DrawnBody {
    /// Numeric ID, unique among drawn tracks.
    id: i64,
    /// Numeric ID of the session.
    session: i64,
    /// Its place in the session, from 1.
    position: i64,
    /// The track.
    track: TrackBody,
}

/// The session to draw from.
#[derive(Debug, Object)]
struct NextTrack {
    /// Numeric ID of the session.
    session: i64,
}

filter! {
    /// How many tracks to draw.
    pub struct Count {
        /// Number of tracks, 1 to 50; 1 by default.
        count: Option<i64>,
    }
}

async fn bodies(permit: &Allowed<Draw>, drawn: Vec<RadioSessionTrack>) -> Result<Vec<DrawnBody>> {
    let ids = drawn.iter().map(|track| track.track_id).collect();
    let mut tracks = tracks::by_id(permit.loaders(), permit, ids).await?;
    let body = |drawn: RadioSessionTrack| {
        Some(DrawnBody {
            id: drawn.id,
            session: drawn.session_id,
            position: drawn.position,
            track: tracks.remove(&drawn.track_id)?,
        })
    };
    Ok(drawn.into_iter().filter_map(body).collect())
}

async fn next(permit: &Allowed<Draw>, next: NextTrack) -> Result<DrawnBody> {
    let drawn = draw(permit, Key::Id(next.session), None).await;
    let drawn = drawn.map_err(|error| match error {
        Error::NotFound => {
            let complaint = format!("Invalid pk \"{}\" - object does not exist.", next.session);
            Error::field("session", complaint)
        }
        error => error,
    })?;
    sole(bodies(permit, drawn).await?)
}

async fn several(
    permit: &Allowed<Draw>,
    key: Key,
    query: &Parameters<Count>,
) -> Result<Vec<TrackBody>> {
    let drawn = draw(permit, key, query.0.count).await?;
    let drawn = bodies(permit, drawn).await?;
    Ok(drawn.into_iter().map(|drawn| drawn.track).collect())
}

routes! {
    "/api";
    create: Create = post "/v1/radios/sessions" {new: NewRadioSession} -> Created<SessionBody>;
    create_v2: Create = post "/v2/radios/sessions" {new: NewRadioSession} -> Created<SessionBody> => create;
    retrieve: Retrieve = get "/v1/radios/sessions/:id" [id: i64] -> Answer<SessionBody>;
    retrieve_v2: Retrieve = get "/v2/radios/sessions/:id" [id: i64] -> Answer<SessionBody> => retrieve;
    draw: Draw = post "/v1/radios/tracks" {track: NextTrack} -> Created<DrawnBody> => next;
    draw_v2: Draw = get "/v2/radios/sessions/:id/tracks" [id: i64] (query: Parameters<Count>) -> Created<Vec<TrackBody>> => several;
}
