//! Albums in the orders that players show them in.
use uuid::Uuid;

use super::sql::playable_only;
use crate::{
    context::Reader,
    error::Result,
    store::{
        Sql,
        listing::{Kind, Listing, SortKey},
        sql,
    },
};

/// How many of the caller's last plays count.
const PLAYS: i64 = 20_000;

/// The caller, and the library to which the list is narrowed, if it is.
#[derive(Clone, Copy)]
pub struct Whose<'a> {
    pub reader: &'a Reader,
    pub library: Option<Uuid>,
}

impl Whose<'_> {
    fn playable(self, from: Sql, keys: impl IntoIterator<Item = SortKey>) -> Listing {
        let from = playable_only(self.reader, self.library, from);
        Listing::new(from, "al.id", keys).oldest_first_if(true)
    }
}

/// The albums of which the caller can play something, by title.
pub fn by_name(whose: Whose) -> Listing {
    let title = SortKey::new(sql("al.title_folded"), Kind::Text, false);
    whose.playable(sql("from albums al where true"), [title])
}

/// The same by the artist credited first and then by title, along the index on artists: those without an artist are
/// left out.
pub fn by_artist(whose: Whose) -> Listing {
    let from = sql(
        "from artists a join album_artists h on h.artist_id = a.id and h.position = 0
         join albums al on al.id = h.album_id where true",
    );
    let keys = [
        SortKey::new(sql("a.name_folded"), Kind::Text, false),
        SortKey::new(sql("a.id"), Kind::Int, true),
        SortKey::new(sql("al.title_folded"), Kind::Text, false),
    ];
    whose.playable(from, keys)
}

/// The albums that the caller has played lately: most often first, or the last one first.
pub fn heard(whose: Whose, most_often: bool) -> Result<Listing> {
    let from = sql(
        "from (select t.album_id, count(*) as plays, max(l.creation_date) as last from
           (select n.track_id, n.creation_date from listenings n where n.user_id = ?
            order by n.creation_date desc, n.id desc limit ?) l
           join tracks t on t.id = l.track_id group by t.album_id) h
         join albums al on al.id = h.album_id where true",
    );
    let from = from.bind(whose.reader.user()?.user_id).bind(PLAYS);
    let plays = SortKey::new(sql("h.plays"), Kind::Int, true);
    let last = SortKey::new(sql("h.last"), Kind::Time, true);
    let keys = if most_often {
        vec![plays, last]
    } else {
        vec![last]
    };
    Ok(whose.playable(from, keys))
}

fn marked(whose: Whose, condition: &'static str, key: SortKey) -> Result<Listing> {
    let from = sql("from marks m join albums al on al.id = m.album_id where m.user_id = ? and ");
    let from = from.bind(whose.reader.user()?.user_id).then(condition);
    Ok(whose.playable(from, [key]))
}

/// The albums that the caller has rated, the best first.
pub fn rated(whose: Whose) -> Result<Listing> {
    let rating = SortKey::new(sql("m.rating"), Kind::Int, true);
    marked(whose, "m.rating is not null", rating)
}

/// The albums that the caller has starred, the newest star first.
pub fn starred(whose: Whose) -> Result<Listing> {
    let date = SortKey::new(sql("m.starred_date"), Kind::Time, true);
    marked(whose, "m.starred_date is not null", date)
}
