//! What the search among uploads understands.
use crate::store::{Sql, sql, text::containing};

/// The condition of one term, for this actor. The source of an upload is searched by its owner alone.
pub fn condition(key: &str, value: &str, actor: i64) -> Option<Sql> {
    let pattern = containing(value);
    match key {
        "status" => Some(sql("u.import_status = ?").bind(value)),
        "track" => Some(sql(TRACK).bind(pattern)),
        "album" => Some(sql(ALBUM).bind(pattern)),
        "artist" => Some(sql(ARTIST).bind(pattern)),
        "" => Some(
            sql("(")
                .then(TRACK)
                .then(" or ")
                .then(ALBUM)
                .then(" or ")
                .then(ARTIST)
                .then(" or (lower(coalesce(u.source, '')) like ? escape '\\' and ")
                .then("u.library_id in (select l.id from libraries l where l.actor_id = ?)))")
                .bind(pattern.clone())
                .bind(pattern.clone())
                .bind(pattern.clone())
                .bind(pattern)
                .bind(actor),
        ),
        _ => None,
    }
}

const TRACK: &str =
    "u.track_id in (select t.id from tracks t where t.title_folded like ? escape '\\')";
const ALBUM: &str = "u.track_id in (select t.id from tracks t join albums al on al.id = t.album_id
    where al.title_folded like ? escape '\\')";
const ARTIST: &str = "u.track_id in (select ta.track_id from track_artists ta
    join artists a on a.id = ta.artist_id where a.name_folded like ? escape '\\')";
