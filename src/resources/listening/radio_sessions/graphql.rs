//! The GraphQL fields of sessions of radios.
use async_graphql::{ComplexObject, Context, ID, InputObject, SimpleObject};

use super::{
    Draw, RadioSession, RadioSessionTrack, Retrieve, draw, find, retrieve,
    write::{NewRadioSession, create},
};
use crate::{
    error::{Error, Result},
    graphql::{
        connection::cost,
        ids::{Key, Kind, global},
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed},
    resources::{
        catalogue::tracks::{self, Track},
        listening::radios::{
            self, Radio,
            filters::{self, RadioFilter},
        },
        people::users::{self, User, UserById},
    },
};

#[ComplexObject]
impl RadioSession {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::RadioSession, self.id)
    }

    /// The listener; null for strangers.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        ctx.load::<users::Retrieve, UserById>(self.user_id).await
    }

    /// The custom radio; null if its owner has hidden it since.
    async fn custom_radio(&self, ctx: &Context<'_>) -> Result<Option<Radio>> {
        let Some(id) = self.custom_radio_id else {
            return Ok(None);
        };
        let permit = ctx.reach::<radios::Retrieve>().await?;
        match radios::retrieve(&permit, Key::Id(id)).await {
            Err(Error::NotFound) => Ok(None),
            found => found.map(Some),
        }
    }

    /// Filters of the session itself.
    async fn config(&self) -> Option<Vec<RadioFilter>> {
        self.config.as_ref().map(filters::read)
    }
}

#[ComplexObject]
impl RadioSessionTrack {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::RadioSessionTrack, self.id)
    }

    /// The session.
    async fn session(&self, ctx: &Context<'_>) -> Result<Option<RadioSession>> {
        ctx.load::<Retrieve, RadioSession>(self.session_id).await
    }

    /// The track.
    async fn track(&self, ctx: &Context<'_>) -> Result<Option<Track>> {
        ctx.load::<tracks::Retrieve, Track>(self.track_id).await
    }
}

fields! {
    Queries as "RadioSessionsQueries";
    one radio_session(Kind::RadioSession) -> RadioSession = retrieve;
}

/// How many tracks to draw from a session.
#[derive(Debug, InputObject)]
struct DrawRadioTracksInput {
    /// Global ID of the session; its numeric ID is accepted too.
    session: ID,
    /// Number of tracks, 1 to 50; 1 by default.
    count: Option<i64>,
}

/// Tracks that were drawn from a session.
#[derive(Debug, SimpleObject)]
#[graphql(complex)]
struct DrawRadioTracksPayload {
    #[graphql(skip)]
    tracks: Vec<RadioSessionTrack>,
    /// The session.
    session: RadioSession,
}

#[ComplexObject]
impl DrawRadioTracksPayload {
    /// The tracks, in the order in which they are to be played.
    #[graphql(complexity = "cost(50, child_complexity)")]
    async fn tracks(&self) -> &[RadioSessionTrack] {
        &self.tracks
    }
}

async fn drawn(
    permit: &Allowed<Draw>,
    input: DrawRadioTracksInput,
) -> Result<DrawRadioTracksPayload> {
    let key = Key::of(Kind::RadioSession, Some(input.session), None, None)?;
    let tracks = draw::draw(permit, key.clone(), input.count).await?;
    let session = find(permit, key).await?;
    Ok(DrawRadioTracksPayload { tracks, session })
}

mutations! {
    Mutations as "RadioSessionsMutations";
    change create_radio_session(NewRadioSession) -> CreateRadioSessionPayload { session: RadioSession, "The new session." } = create;
    act draw_radio_tracks(DrawRadioTracksInput) -> DrawRadioTracksPayload = drawn;
}
