//! Searches with keys, such as `status:finished album:"two words" word`.
use crate::{
    error::{Error, Result},
    store::{
        Sql, sql,
        text::{containing, folded},
    },
};

/// Terms of a search at most: the database plans long for each.
const TERMS: usize = 16;

/// The conditions of a search: of each term, by its key, which is empty for plain words, and its value. A term whose key
/// or value means nothing is a word like others, so that it never widens what is found.
///
/// # Errors
/// `Invalid` for too many terms.
pub fn conditions(q: &str, condition: impl Fn(&str, &str) -> Option<Sql>) -> Result<Vec<Sql>> {
    let terms = terms(q);
    if terms.len() > TERMS {
        let complaint = format!("A search may have at most {TERMS} terms.");
        return Err(Error::field("q", complaint));
    }
    let conditions = terms.iter().filter_map(|term| {
        let (key, value) = term.split_once(':').unwrap_or(("", term));
        condition(key, value).or_else(|| condition("", term))
    });
    Ok(conditions.collect())
}

/// The truth that a value spells.
pub fn truth(value: &str) -> Option<bool> {
    match value {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// Condition: `column` is an actor of this username, which may have the domain.
pub fn actor(column: &'static str, value: &str) -> Sql {
    let (name, domain) = value.split_once('@').unzip();
    sql(column)
        .then(" in (select a.id from actors a where lower(a.preferred_username) = ?")
        .bind(folded(name.unwrap_or(value)))
        .equal("a.domain", domain)
        .then(")")
}

/// Condition: `column` is an actor of this domain.
pub fn domain(column: &'static str, value: &str) -> Sql {
    sql(column)
        .then(" in (select a.id from actors a where a.domain = ?)")
        .bind(value)
}

/// Condition: the text in `column` contains a word.
pub fn holds(column: &'static str, word: &str) -> Sql {
    sql("lower(coalesce(")
        .then(column)
        .then(", '')) like ? escape '\\'")
        .bind(containing(word))
}

/// Splits at white space outside of double quotes, and drops the quotes.
fn terms(q: &str) -> Vec<String> {
    let mut terms = vec![String::new()];
    let mut quoted = false;
    for char in q.chars() {
        match char {
            '"' => quoted = !quoted,
            char if char.is_whitespace() && !quoted => terms.push(String::new()),
            char => terms.last_mut().expect("it starts with one").push(char),
        }
    }
    terms.retain(|term| !term.is_empty());
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_words_together_and_unknown_keys_are_words() {
        assert_eq!(terms("album:\"two words\"  x"), ["album:two words", "x"]);
        let known = |key: &str, value: &str| {
            let is_known = key == "status" || (key.is_empty() && value != "zzz:1x");
            is_known.then(|| sql("1 = 1"))
        };
        let found = conditions("zzz:1 zzz:1x status:draft word", known).unwrap();
        assert_eq!(found.len(), 3);
    }
}
