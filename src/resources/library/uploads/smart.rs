use crate::{
    error::{Error, Result},
    store::{Sql, sql, text::containing},
};

/// Conditions of a search such as `status:finished album:"two words" word`, for this actor.
///
/// # Errors
/// `Invalid` for too many terms: the database plans long for each.
pub fn conditions(q: &str, actor: i64) -> Result<Vec<Sql>> {
    let tokens = tokens(q);
    if tokens.len() > TERMS {
        let complaint = format!("A search may have at most {TERMS} terms.");
        return Err(Error::field("q", complaint));
    }
    let conditions = tokens.iter().filter_map(|token| condition(token, actor));
    Ok(conditions.collect())
}

/// Terms of a search at most.
const TERMS: usize = 16;

/// Splits at white space outside of double quotes, and drops the quotes.
fn tokens(q: &str) -> Vec<String> {
    let mut tokens = vec![String::new()];
    let mut quoted = false;
    for char in q.chars() {
        match char {
            '"' => quoted = !quoted,
            char if char.is_whitespace() && !quoted => tokens.push(String::new()),
            char => tokens.last_mut().expect("it starts with one").push(char),
        }
    }
    tokens.retain(|token| !token.is_empty());
    tokens
}

/// Unknown keys are ignored. The source of an upload is searched by its owner alone.
fn condition(token: &str, actor: i64) -> Option<Sql> {
    let (key, value) = token.split_once(':').unwrap_or(("", token));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_words_together_and_unknown_keys_are_ignored() {
        assert_eq!(tokens("album:\"two words\"  x"), ["album:two words", "x"]);
        assert_eq!(conditions("zzz:1 status:draft", 1).unwrap().len(), 1);
    }
}
