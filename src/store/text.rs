//! Conditions on texts, alike on both databases.
use super::{Index, Reads, Sql, fulltext::Query, sql};
use crate::error::Result;

/// Condition: `column` is an ID of a row whose text matches. `None` if the query is empty.
pub fn matching(db: &Reads, places: &[(&'static str, Index)], q: &str) -> Result<Option<Sql>> {
    let Some(query) = Query::parse(q)? else {
        return Ok(None);
    };
    let dialect = db.dialect();
    let conditions = places.iter().map(|(column, index)| {
        let close = if column.contains('(') { "))" } else { ")" };
        sql(column)
            .then(" (")
            .append(dialect.matching(*index, &query))
            .then(close)
    });
    let any = conditions.reduce(|left, right| left.then(" or ").append(right));
    Ok(any.map(|any| sql("(").append(any).then(")")))
}

/// Maximum words of a filter; further ones are ignored.
pub const WORDS: usize = 50;
/// Maximum characters of a search for part of a name; no name is longer.
const LONGEST: usize = 1_000;

/// A pattern for `like .. escape '\\'` that matches `text` anywhere.
pub fn containing(text: &str) -> String {
    if text.chars().nth(LONGEST).is_some() {
        return String::new();
    }
    let escaped = text
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    format!("%{escaped}%")
}

/// Folds case, for comparisons that are not case-sensitive, alike on both databases.
pub fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// Condition that an index can serve: `column` starts with `text` (case-sensitive).
pub fn starting(column: &'static str, text: &str) -> Sql {
    let above = format!("{text}\u{10ffff}");
    sql(column)
        .then(" >= ? and ")
        .bind(text)
        .then(column)
        .then(" < ?")
        .bind(above)
}
