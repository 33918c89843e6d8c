//! The tracks that the filters of a custom radio choose.
use super::filters::{RadioFilter, RadioFilterOperator, RadioFilterType};
use crate::{
    context::Reader,
    resources::people::audience,
    store::{Sql, sql, text::folded},
};

/// How tracks are compared with tags.
#[derive(Clone, Copy)]
pub enum By {
    /// With the list of all tracks that have one: for all tracks, and for tags that few have.
    List,
    /// One by one: for a few tracks, however many have the tags.
    Track,
}

/// Condition on the ID of a track, in `key`: the filters match, one after the other. Without any, every track does.
pub fn condition(reader: &Reader, filters: &[RadioFilter], key: &'static str, by: By) -> Sql {
    let joined = filters.iter().fold(None, |before: Option<Sql>, filter| {
        let condition = one(reader, filter, key, by);
        Some(match (before, filter.operator) {
            (None, _) => condition,
            (Some(before), Some(RadioFilterOperator::Or)) => sql("(")
                .append(before)
                .then(" or ")
                .append(condition)
                .then(")"),
            (Some(before), _) => before.then(" and ").append(condition),
        })
    });
    joined.unwrap_or_else(|| sql("1 = 1"))
}

fn one(reader: &Reader, filter: &RadioFilter, key: &'static str, by: By) -> Sql {
    let ids = filter.ids.clone().unwrap_or_default();
    let found = match filter.kind {
        RadioFilterType::Artist => sql(key)
            .then(" in (select h.track_id from track_artists h where h.artist_id in ?*)")
            .bind(ids),
        RadioFilterType::Playlist => sql(key)
            .then(" in (select x.track_id from playlist_tracks x join playlists p on p.id = x.playlist_id
                where x.playlist_id in ?* and ")
            .bind(ids)
            .append(audience::shows(reader, "p.privacy_level", "p.user_id"))
            .then(")"),
        RadioFilterType::Tag => {
            let names = filter.names.iter().flatten();
            let names = names.map(|name| folded(name)).collect();
            match by {
                By::List => among_tagged(key, names),
                By::Track => is_tagged(key, names),
            }
        }
        RadioFilterType::Group => {
            condition(reader, filter.filters.as_deref().unwrap_or_default(), key, by)
        }
    };
    let not = if filter.not == Some(true) {
        "not ("
    } else {
        "("
    };
    sql(not).append(found).then(")")
}

const TAGS: &str = "(select g.id from tags g where g.name_folded in ?*)";

/// Condition on the ID of a track, in `key`: it is on the list of those with one of these tags, or whose album or an
/// artist has one.
fn among_tagged(key: &'static str, names: Vec<String>) -> Sql {
    sql(key)
        .then(" in (select x.track_id from track_tags x where x.tag_id in ")
        .then(TAGS)
        .bind(names.clone())
        .then(" union all select s.id from album_tags x join tracks s on s.album_id = x.album_id where x.tag_id in ")
        .then(TAGS)
        .bind(names.clone())
        .then(
            " union all select h.track_id from artist_tags x
              join track_artists h on h.artist_id = x.artist_id where x.tag_id in ",
        )
        .then(TAGS)
        .bind(names)
        .then(")")
}

/// The same condition.
fn is_tagged(key: &'static str, names: Vec<String>) -> Sql {
    sql("exists (select 1 from track_tags x where x.track_id = ")
        .then(key)
        .then(" and x.tag_id in ")
        .then(TAGS)
        .bind(names.clone())
        .then(") or exists (select 1 from tracks s join album_tags x on x.album_id = s.album_id where s.id = ")
        .then(key)
        .then(" and x.tag_id in ")
        .then(TAGS)
        .bind(names.clone())
        .then(
            ") or exists (select 1 from track_artists h
              join artist_tags x on x.artist_id = h.artist_id where h.track_id = ",
        )
        .then(key)
        .then(" and x.tag_id in ")
        .then(TAGS)
        .bind(names)
        .then(")")
}

/// What tracks that are chosen have one of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lead {
    Artist(i64),
    Playlist(i64),
    Tag(String),
}

/// So many leads are followed; with more of them, tracks that are chosen are soon found without.
const LEADS: usize = 20;

/// What every track that is chosen has one of; `None`: any track may be chosen.
pub fn leads(filters: &[RadioFilter]) -> Option<Vec<Lead>> {
    let (first, others) = filters.split_first()?;
    let joined = others.iter().fold(leads_of(first), |before, filter| {
        let leads = leads_of(filter);
        match filter.operator {
            Some(RadioFilterOperator::Or) => Some([before?, leads?].concat()),
            _ => shortest(before, leads),
        }
    });
    joined.filter(|leads| leads.len() <= LEADS)
}

fn leads_of(filter: &RadioFilter) -> Option<Vec<Lead>> {
    if filter.not == Some(true) {
        return None;
    }
    let ids = || filter.ids.iter().flatten().copied();
    Some(match filter.kind {
        RadioFilterType::Artist => ids().map(Lead::Artist).collect(),
        RadioFilterType::Playlist => ids().map(Lead::Playlist).collect(),
        RadioFilterType::Tag => {
            let names = filter.names.iter().flatten();
            names.cloned().map(Lead::Tag).collect()
        }
        RadioFilterType::Group => return leads(filter.filters.as_deref()?),
    })
}

/// Of two that both hold, the one that fewer tracks follow: a tag may be that of very many.
fn shortest(one: Option<Vec<Lead>>, other: Option<Vec<Lead>>) -> Option<Vec<Lead>> {
    let length = |leads: &Vec<Lead>| {
        let tags = leads.iter().filter(|lead| matches!(lead, Lead::Tag(_)));
        (tags.count(), leads.len())
    };
    [one, other].into_iter().flatten().min_by_key(length)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::resources::listening::radios::filters::read;

    #[test]
    fn leads_are_what_every_chosen_track_has_one_of() {
        use Lead::{Artist, Playlist, Tag};
        let artist = json!({"type": "artist", "ids": [1, 2]});
        let tag = |extra: &str| json!({"type": "tag", "names": ["rock"], extra: true});
        let or = |filter: &str, value: serde_json::Value| json!({"type": filter, "operator": "or", "ids": value});
        let rock = || Tag("rock".to_owned());
        let many: Vec<i64> = (0..21).collect();
        for (filters, expected) in [
            (json!([]), None),
            (json!([artist]), Some(vec![Artist(1), Artist(2)])),
            (json!([tag("")]), Some(vec![rock()])),
            (json!([tag("not")]), None),
            (json!([tag(""), artist]), Some(vec![Artist(1), Artist(2)])),
            (
                json!([tag(""), or("playlist", json!([3]))]),
                Some(vec![rock(), Playlist(3)]),
            ),
            (json!([tag("not"), or("playlist", json!([3]))]), None),
            (
                json!([tag("not"), artist]),
                Some(vec![Artist(1), Artist(2)]),
            ),
            (
                json!([{"type": "group", "filters": [artist]}]),
                Some(vec![Artist(1), Artist(2)]),
            ),
            (json!([{"type": "artist", "ids": many}]), None),
        ] {
            assert_eq!(leads(&read(&filters)), expected, "{filters}");
        }
    }
}
