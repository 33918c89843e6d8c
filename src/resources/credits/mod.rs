//! Artist credits: who an album or a track is by, in order, as MusicBrainz tells it.
use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, SimpleObject};
use sqlx::FromRow;

use super::artists::{self, Artist};
use crate::{
    error::Result,
    guard::AllowExt,
    load::{grouped, load, weigh},
    store::{Reads, sql},
};

/// One artist's part in an album or a track.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct ArtistCredit {
    #[graphql(skip)]
    pub owner_id: i64,
    #[graphql(skip)]
    pub artist_id: i64,
    /// The artist's name as it is credited here.
    pub credit: String,
    /// What stands between this name and the next, such as ` feat. `.
    #[graphql(name = "joinPhrase")]
    pub join_phrase: String,
    /// The place among the credits, from 0.
    pub position: i64,
}

#[ComplexObject]
impl ArtistCredit {
    /// The artist.
    async fn artist(&self, ctx: &Context<'_>) -> Result<Option<Artist>> {
        ctx.load::<artists::Retrieve, Artist>(self.artist_id).await
    }
}

weigh!(ArtistCredit: credit, join_phrase);

load!(/// The artists that an album is by, in order.
    AlbumCredits: Vec<ArtistCredit> = kept of_albums, upon [AlbumArtistAlbum]);

load!(/// The artists that a track is by, in order.
    TrackCredits: Vec<ArtistCredit> = kept of_tracks, upon [TrackArtistTrack]);

async fn of_albums(db: &Reads, ids: Vec<i64>) -> Result<HashMap<i64, Vec<ArtistCredit>>> {
    let rows = sql(
        "select album_id as owner_id, artist_id, credit, join_phrase, position
         from album_artists where album_id in ?* order by album_id, position",
    );
    by_owner(rows.bind(ids).all(db).await?)
}

async fn of_tracks(db: &Reads, ids: Vec<i64>) -> Result<HashMap<i64, Vec<ArtistCredit>>> {
    let rows = sql(
        "select track_id as owner_id, artist_id, credit, join_phrase, position
         from track_artists where track_id in ?* order by track_id, position",
    );
    by_owner(rows.bind(ids).all(db).await?)
}

fn by_owner(rows: Vec<ArtistCredit>) -> Result<HashMap<i64, Vec<ArtistCredit>>> {
    Ok(grouped(rows.into_iter().map(|row| (row.owner_id, row))))
}
