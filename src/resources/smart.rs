//! Searches with keys, such as `status:finished album:"two words" word`.
use crate::{
    error::{Error, Result},
    store::Sql,
};

/// Terms of a search at most: the database plans long for each.
const TERMS: usize = 16;

/// The conditions of a search: of each term, by its key, which is empty for plain words, and its value. Terms without a
/// condition are ignored.
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
        condition(key, value)
    });
    Ok(conditions.collect())
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
    use crate::store::sql;

    #[test]
    fn quotes_keep_words_together_and_unknown_keys_are_ignored() {
        assert_eq!(terms("album:\"two words\"  x"), ["album:two words", "x"]);
        let known = |key: &str, _: &str| (key == "status").then(|| sql("1 = 1"));
        assert_eq!(
            conditions("zzz:1 status:draft word", known).unwrap().len(),
            1
        );
    }
}
