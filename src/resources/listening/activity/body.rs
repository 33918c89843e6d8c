//! Activity as REST shows it, in the words of ActivityStreams.
use poem_openapi::Object;
use serde::Serialize;

use super::{Activity, List, list, of_row};
use crate::{
    context::Reader,
    error::{Error, Result},
    guard::Allowed,
    live::Row,
    resources::{
        catalogue::{albums::Album, artists::Artist, credits::TrackCredits, tracks::Track},
        people::users::UserById,
    },
    rest::{answer::Answer, live::channel, standard::routes},
    time::Timestamp,
};

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

/// What the web socket tells of a new activity.
async fn message(permit: &Allowed<List>, row: Row) -> Result<ActivityBody> {
    let activity = of_row(permit, row).await?;
    body(permit, &activity).await?.ok_or(Error::NotFound)
}

channel!(List => message);

routes! {
    "/api/v1/activity";
    list: List = get "/" -> Answer<Activities> => listed;
}
