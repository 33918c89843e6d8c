//! Activity: the newest favorites and listenings of the pod (contract section 10).
use std::cmp::Reverse;

use async_graphql::Union;
use poem_openapi::Object;
use serde::Serialize;

use super::{
    favorites::{self, Favorite},
    history::{self, Listening},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::standard::fields,
    guard::{Allowed, operations},
    resources::{
        catalogue::{albums::Album, artists::Artist, credits::TrackCredits, tracks::Track},
        people::users::UserById,
    },
    rest::{answer::Answer, standard::routes},
    time::Timestamp,
};

operations! {
    "activity", "Activity: the newest favorites and listenings of the pod.";
    /// Lists the newest favorites and listenings.
    ///
    /// At most 20, newest first: your own, and those of users whose privacy level lets you see
    /// them, without tracks of artists that you have hidden.
    list: List = open, anonymous = Setting, throttle = List, graphql = "activity";
}

/// How many are listed.
const MOST: i64 = 20;

/// A favorite or a listening.
#[derive(Debug, Union)]
pub enum Activity {
    Favorite(Favorite),
    Listening(Listening),
}

impl Activity {
    fn date(&self) -> Timestamp {
        match self {
            Self::Favorite(favorite) => favorite.creation_date,
            Self::Listening(listening) => listening.creation_date,
        }
    }

    fn parties(&self) -> (i64, i64) {
        match self {
            Self::Favorite(favorite) => (favorite.user_id, favorite.track_id),
            Self::Listening(listening) => (listening.user_id, listening.track_id),
        }
    }
}

async fn list(permit: &Allowed<List>) -> Result<Vec<Activity>> {
    let liked = favorites::newest(permit, MOST).await?;
    let heard = history::newest(permit, MOST).await?;
    let liked = permit.loaders().owned::<Favorite>(&liked).await?;
    let heard = permit.loaders().owned::<Listening>(&heard).await?;
    let liked = liked.into_iter().map(Activity::Favorite);
    let mut all: Vec<_> = liked
        .chain(heard.into_iter().map(Activity::Listening))
        .collect();
    all.sort_by_key(|activity| Reverse(activity.date()));
    all.truncate(usize::try_from(MOST).unwrap_or_default());
    Ok(all)
}

fields! {
    Queries as "ActivityQueries";
    all activity -> Activity = list;
}

/// Type of an activity, as ActivityStreams calls it.
#[derive(Clone, Copy, Debug, Serialize, poem_openapi::Enum)]
enum ActivityType {
    /// A track was marked as a favorite.
    Like,
    /// A track was played.
    Listen,
}

/// The track of an activity.
#[derive(Debug, Serialize, Object)]
struct ActivityObject {
    /// Address of the track, here or on MusicBrainz.
    id: String,
    /// Numeric ID of the track.
    local_id: i64,
    /// Title of the track.
    name: String,
    /// ActivityStreams type; always `Audio`.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: String,
    /// Name of the artist credited first.
    artist: Option<String>,
    /// Title of the album.
    album: Option<String>,
}

/// The user of an activity.
#[derive(Debug, Serialize, Object)]
struct ActivityActor {
    /// Address of the user.
    id: String,
    /// Username.
    local_id: String,
    /// Username.
    name: String,
    /// ActivityStreams type; always `Person`.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: String,
}

/// A favorite or a listening.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ActivityEntry")]
struct ActivityBody {
    /// Address of the favorite or listening.
    id: String,
    /// Numeric ID of the favorite or listening.
    local_id: i64,
    /// The track.
    object: ActivityObject,
    /// What was done.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: ActivityType,
    /// The user.
    actor: ActivityActor,
    /// When it was done.
    published: Timestamp,
}

/// The newest favorites and listenings.
#[derive(Debug, Serialize, Object)]
struct Activities {
    /// Newest first.
    results: Vec<ActivityBody>,
}

async fn listed(permit: &Allowed<List>) -> Result<Activities> {
    let activities = list(permit).await?;
    let mut results = Vec::with_capacity(activities.len());
    for activity in &activities {
        results.extend(body(permit, activity).await?);
    }
    Ok(Activities { results })
}

/// The body of an activity. What it is made of lies in memory, or is read one by one: they are few.
async fn body(permit: &Allowed<List>, activity: &Activity) -> Result<Option<ActivityBody>> {
    let (user, track) = activity.parties();
    let loaders = permit.loaders();
    let (Some(user), Some(track)) = (
        loaders.one::<UserById>(user).await?,
        loaders.one::<Track>(track).await?,
    ) else {
        return Ok(None);
    };
    let album = loaders.maybe::<Album>(track.album_id).await?;
    let credits = loaders
        .one::<TrackCredits>(track.id)
        .await?
        .unwrap_or_default();
    let artist = credits.first().map(|credit| credit.artist_id);
    let artist = loaders.maybe::<Artist>(artist).await?;
    let (kind, local_id, folder) = match activity {
        Activity::Favorite(favorite) => (ActivityType::Like, favorite.id, "favorites"),
        Activity::Listening(listening) => (ActivityType::Listen, listening.id, "listenings"),
    };
    let root = &permit.names().public_url;
    let page = format!("{root}/@{}", user.username);
    Ok(Some(ActivityBody {
        id: format!("{page}/{folder}/tracks/{local_id}"),
        local_id,
        object: ActivityObject {
            id: address(permit, &track),
            local_id: track.id,
            name: track.title,
            kind: "Audio".to_owned(),
            artist: artist.map(|artist| artist.name),
            album: album.map(|album| album.title),
        },
        kind,
        actor: ActivityActor {
            id: page,
            local_id: user.username.clone(),
            name: user.username,
            kind: "Person".to_owned(),
        },
        published: activity.date(),
    }))
}

fn address(reader: &Reader, track: &Track) -> String {
    match track.mbid {
        Some(mbid) => format!("https://musicbrainz.org/recording/{mbid}"),
        None => format!("{}/tracks/{}", reader.names().public_url, track.id),
    }
}

routes! {
    "/api/v1/activity";
    list: List = get "/" -> Answer<Activities> => listed;
}
