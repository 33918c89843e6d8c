//! Activity: the newest favorites and listenings of the pod (contract section 10).
mod body;

use std::cmp::Reverse;

use async_graphql::{SimpleObject, Union};

pub use self::body::{CHANNEL, Rest};
use super::{
    acts::told,
    favorites::{self, Favorite},
    history::{self, Listening},
};
use crate::{
    error::Result,
    graphql::{live::subscriptions, standard::fields},
    guard::{Allowed, Upon, operations},
    live::Row,
    store::Change,
    time::Timestamp,
};

operations! {
    "activity", "Activity: the newest favorites and listenings of the pod.";
    /// Lists the newest favorites and listenings.
    ///
    /// At most 20, newest first: your own, and those of users whose privacy level lets you see
    /// them, without tracks of artists that you have hidden. As a web socket, the same address sends each
    /// new one, and what happens to your imports and notifications.
    list: List = open, anonymous = Setting, throttle = List, graphql = "activity",
        live = "activityAdded", upon = Upon::EachRow(&[Change::FavoriteId, Change::ListeningId]);
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

/// A favorite or a listening that was added.
#[derive(SimpleObject)]
pub struct ActivityAddedPayload {
    /// The favorite or listening.
    activity: Activity,
}

async fn added(permit: Allowed<List>, row: Row) -> Result<ActivityAddedPayload> {
    let activity = of_row(&permit, row).await?;
    Ok(ActivityAddedPayload { activity })
}

/// The activity of a new row, if the caller may see it.
async fn of_row(permit: &Allowed<List>, (change, id): Row) -> Result<Activity> {
    match change {
        Change::FavoriteId => told(permit, id).await.map(Activity::Favorite),
        _ => told(permit, id).await.map(Activity::Listening),
    }
}

subscriptions! {
    Subscriptions as "ActivitySubscriptions";
    /// Sends each new favorite and listening that you may see, as `activity` lists them.
    activity_added -> ActivityAddedPayload = each added;
}
