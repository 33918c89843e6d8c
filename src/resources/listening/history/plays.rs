//! How often the caller played something.
use std::collections::HashMap;

use crate::{
    context::Reader,
    error::Result,
    load::{load, weigh},
    store::sql,
    time::Timestamp,
};

/// The plays of a track, or of the tracks of an album, by one user.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct Plays {
    pub of: i64,
    pub count: i64,
    /// The time of the last one.
    pub last: Timestamp,
}

weigh!(Plays:);

load!(/// The caller's plays of a track.
    TrackPlays: Plays = for_caller of_tracks);

load!(/// The caller's plays of the tracks of an album.
    AlbumPlays: Plays = for_caller of_albums);

async fn of_tracks(reader: &Reader, tracks: Vec<i64>) -> Result<HashMap<i64, Plays>> {
    let plays = sql(
        "select track_id as of, count(*) as count, max(creation_date) as last
        from listenings where track_id in ?* and user_id = ? group by track_id",
    );
    let plays = plays.bind(tracks).bind(reader.user()?.user_id);
    Ok(by_owner(plays.all(reader.db()).await?))
}

async fn of_albums(reader: &Reader, albums: Vec<i64>) -> Result<HashMap<i64, Plays>> {
    let plays = sql(
        "select t.album_id as of, count(*) as count, max(l.creation_date) as last
        from tracks t join listenings l on l.track_id = t.id
        where t.album_id in ?* and l.user_id = ? group by t.album_id",
    );
    let plays = plays.bind(albums).bind(reader.user()?.user_id);
    Ok(by_owner(plays.all(reader.db()).await?))
}

fn by_owner(plays: Vec<Plays>) -> HashMap<i64, Plays> {
    plays.into_iter().map(|plays| (plays.of, plays)).collect()
}
