//! How often tags are used.
use std::collections::HashMap;

use crate::{
    context::Reader,
    error::Result,
    load::{load, weigh},
    store::sql,
};

/// How many tracks, albums and artists have a tag.
#[derive(Clone, Copy, Debug, Default)]
pub struct Uses {
    pub tracks: i64,
    pub albums: i64,
    pub artists: i64,
}

weigh!(Uses:);

load!(/// How many tracks, albums and artists have a tag.
    UsesOf: Uses = for_caller uses);

async fn uses(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Uses>> {
    let counted = sql(
        "select g.id, (select count(*) from track_tags x where x.tag_id = g.id),
           (select count(*) from album_tags x where x.tag_id = g.id),
           (select count(*) from artist_tags x where x.tag_id = g.id) from tags g where g.id in ?*",
    );
    // Counting the uses of a common tag takes long.
    let counted = counted.bind(ids).kept::<(i64, i64, i64, i64)>(reader.db());
    let uses = |&(id, tracks, albums, artists): &(i64, i64, i64, i64)| {
        let uses = Uses {
            tracks,
            albums,
            artists,
        };
        (id, uses)
    };
    Ok(counted.await?.iter().map(uses).collect())
}
