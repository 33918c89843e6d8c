//! Conditions of keepers' searches.
use crate::{
    context::Reader,
    store::{Sql, sql, text::containing},
};

/// Condition: the ActivityPub ID in `column` is of a domain. What has none was made here.
pub fn of_domain(reader: &Reader, column: &'static str, domain: &str) -> Sql {
    let root = |scheme: &str| {
        let escaped = containing(domain);
        format!("{scheme}://{}/%", escaped.trim_matches('%'))
    };
    let found = sql("(")
        .then(column)
        .then(" like ? escape '\\' or ")
        .then(column)
        .then(" like ? escape '\\'")
        .bind(root("https"))
        .bind(root("http"));
    match reader.is_local_domain(domain) {
        true => found.then(" or ").then(column).then(" is null)"),
        false => found.then(")"),
    }
}

/// Condition: a row's folded name contains a word.
pub fn named(column: &'static str, word: &str) -> Sql {
    sql(column)
        .then(" like ? escape '\\'")
        .bind(containing(word))
}

/// Condition: a row has a MusicBrainz ID; none for what is no UUID.
pub fn mbid(column: &'static str, value: &str) -> Sql {
    match value.parse::<uuid::Uuid>() {
        Ok(mbid) => sql(column).then(" = ?").bind(mbid),
        Err(_) => sql("1 = 0"),
    }
}
