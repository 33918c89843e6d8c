//! Conditions on texts, alike on both databases.
use unicode_normalization::UnicodeNormalization;

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
/// Condition: any of the words of a list holds, such as those of a `scope`; those that mean nothing select nothing.
pub fn any_word(list: &str, condition: impl Fn(&str) -> Option<Sql>) -> Sql {
    let words = list.split(',').map(str::trim).take(WORDS);
    let any = words.filter_map(condition);
    let any = any.reduce(|left, right| left.then(" or ").append(right));
    any.unwrap_or_else(|| sql("1 = 0"))
}

/// Maximum characters of a search for part of a name; no name is longer.
const LONGEST: usize = 1_000;

/// A pattern for `like .. escape '\\'` that matches `text` anywhere in a folded name. Text that nobody
/// sees matches nothing, instead of everything.
pub fn containing(text: &str) -> String {
    let is_invisible =
        !text.is_empty() && text.chars().all(|char| is_hidden(char) || is_blank(char));
    if is_invisible || text.chars().nth(LONGEST).is_some() {
        return String::new();
    }
    let escaped = folded(text)
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    format!("%{escaped}%")
}

/// Folds case, width and spelling (NFC), for comparisons that see no difference there, alike on both
/// databases. Accents count.
pub fn folded(text: &str) -> String {
    match text.is_ascii() {
        true => text.to_ascii_lowercase(),
        false => clean(text).to_lowercase(),
    }
}

/// Whether a text is written as it is stored, and in no compatible signs of other width or shape.
pub fn is_plain(text: &str) -> bool {
    clean(text) == text && text.nfkc().eq(text.chars())
}

/// A name or title as it is stored: in one spelling (NFC), of usual width, with blanks for what parts
/// words, and without what nobody sees.
pub fn clean(text: &str) -> String {
    let mut usual = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\u{ff01}'..='\u{ffee}' => usual.extend(std::iter::once(char).nfkc()),
            blank if blank.is_whitespace() => usual.push(' '),
            hidden if is_hidden(hidden) => {}
            other => usual.push(other),
        }
    }
    usual.nfc().collect()
}

/// Whether a character changes how others are read, or is not seen at all: controls, marks of
/// direction, and spaces of no width. Joiners stay, which scripts and emoji need.
pub fn is_hidden(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// Whether a character has no ink though it counts as a letter, a sign or a mark: fillers, the empty
/// Braille pattern, selectors of variants. Titles keep them (emoji need selectors); they alone are no
/// name, and nothing to search for.
pub fn is_blank(char: char) -> bool {
    matches!(char, '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200c}' | '\u{200d}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}'
        | '\u{1d159}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0100}'..='\u{e01ef}')
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
