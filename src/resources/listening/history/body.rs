//! The REST endpoints of the listening history.
use poem_openapi::Object;
use serde::Serialize;

use super::{
    Create, List, Listening, ListeningBody, Query, Retrieve, bodies, listing, retrieve,
    write::{NewListening, create},
};
use crate::{
    error::Result,
    graphql::ids::Key,
    guard::Allowed,
    load::sole,
    rest::{
        answer::{Answer, Created},
        standard::routes,
    },
    time::Timestamp,
};

/// A listening that was recorded.
#[derive(Debug, Serialize, Object)]
struct AddedListening {
    /// Numeric ID of the listening.
    id: i64,
    /// Numeric ID of the user.
    user: i64,
    /// Numeric ID of the track.
    track: i64,
    /// Time at which the track was played.
    creation_date: Timestamp,
}

impl From<Listening> for AddedListening {
    fn from(listening: Listening) -> Self {
        Self {
            id: listening.id,
            user: listening.user_id,
            track: listening.track_id,
            creation_date: listening.creation_date,
        }
    }
}

async fn detail(permit: &Allowed<Retrieve>, key: Key) -> Result<ListeningBody> {
    let listening = retrieve(permit, key).await?;
    sole(bodies(permit.loaders(), permit, &[listening.id]).await?)
}

routes! {
    "/api/v1/history/listenings" lists List(Query) -> ListeningBody = listing => bodies;
    retrieve: Retrieve = get "/:id" [id: i64] -> Answer<ListeningBody> => detail;
    create: Create = post "/" {new: NewListening} -> Created<AddedListening>;
}
