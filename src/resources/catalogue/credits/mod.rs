//! Artist credits: the artists of an album or a track, in order, as in MusicBrainz.
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

/// A credit of an artist on an album or a track.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct ArtistCredit {
    #[graphql(skip)]
    pub owner_id: i64,
    #[graphql(skip)]
    pub artist_id: i64,
    /// Name of the artist as credited here.
    pub credit: String,
    /// Text between this name and the next, such as ` feat. `.
    #[graphql(name = "joinPhrase")]
    pub join_phrase: String,
    /// Position among the credits, from 0.
    pub position: i64,
}

#[ComplexObject]
impl ArtistCredit {
    /// Artist who is credited.
    async fn artist(&self, ctx: &Context<'_>) -> Result<Option<Artist>> {
        ctx.load::<artists::Retrieve, Artist>(self.artist_id).await
    }
}

weigh!(ArtistCredit: credit, join_phrase);

load!(/// Artist credits of an album, in order.
    AlbumCredits: Vec<ArtistCredit> = kept of_albums, upon [AlbumArtistAlbum]);

load!(/// Artist credits of a track, in order.
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
