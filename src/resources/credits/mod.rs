//! Artist credits: who an album or a track is by, in order, as MusicBrainz tells it.
use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, SimpleObject};
use sqlx::FromRow;

use super::artists::{self, Artist};
use crate::{
    context::Reader, error::Result, graphql::loaders::ArtistId, guard::AllowExt, store::sql,
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
        ctx.reach::<artists::Retrieve>()
            .await?
            .loaders()
            .one(ArtistId(self.artist_id))
            .await
    }
}

pub async fn of_albums(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Vec<ArtistCredit>>> {
    let rows = sql(
        "select album_id as owner_id, artist_id, credit, join_phrase, position
         from album_artists where album_id in ?* order by album_id, position",
    );
    Ok(grouped(rows.bind(ids).all(reader.db()).await?))
}

pub async fn of_tracks(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Vec<ArtistCredit>>> {
    let rows = sql(
        "select track_id as owner_id, artist_id, credit, join_phrase, position
         from track_artists where track_id in ?* order by track_id, position",
    );
    Ok(grouped(rows.bind(ids).all(reader.db()).await?))
}

fn grouped(rows: Vec<ArtistCredit>) -> HashMap<i64, Vec<ArtistCredit>> {
    let mut groups: HashMap<i64, Vec<ArtistCredit>> = HashMap::new();
    for row in rows {
        groups.entry(row.owner_id).or_default().push(row);
    }
    groups
}
