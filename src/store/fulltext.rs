//! Search queries: parsing, and rendering for both databases.
use unicode_normalization::char::is_combining_mark;

use super::words::{Term, asked};
use crate::error::{Error, Result};

/// A full-text query: words combined by and, or and not.
#[derive(Clone, Debug, PartialEq)]
pub enum Query {
    /// All of the words.
    Words(Vec<Term>),
    And(Box<Query>, Box<Query>),
    Or(Box<Query>, Box<Query>),
    /// The first and not the second.
    Not(Box<Query>, Box<Query>),
}

impl Query {
    /// Parses a query. Each of its words must begin a word of the text. A query entirely in double
    /// quotes may use `&`, `|`, `!`, `:*` and parentheses. `None` if there are no words.
    pub fn parse(input: &str) -> Result<Option<Self>> {
        let input = input.trim();
        if let Some(raw) = input
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
        {
            check_size(raw)?;
            return Parser::new(raw).whole().map(Some);
        }
        check_size(input)?;
        Ok(words(input, true))
    }

    /// The query for PostgreSQL's type `tsquery`.
    pub fn tsquery(&self) -> String {
        match self {
            Self::Words(terms) => joined(terms, " & ", |term| {
                format!("'{}'{}", term.text, if term.is_prefix { ":*" } else { "" })
            }),
            Self::And(left, right) => format!("({} & {})", left.tsquery(), right.tsquery()),
            Self::Or(left, right) => format!("({} | {})", left.tsquery(), right.tsquery()),
            Self::Not(left, right) => format!("({} & !{})", left.tsquery(), right.tsquery()),
        }
    }

    /// The query for SQLite's FTS5 `match`.
    pub fn fts5(&self) -> String {
        match self {
            Self::Words(terms) => joined(terms, " AND ", |term| {
                format!("\"{}\"{}", term.text, if term.is_prefix { "*" } else { "" })
            }),
            Self::And(left, right) => format!("({} AND {})", left.fts5(), right.fts5()),
            Self::Or(left, right) => format!("({} OR {})", left.fts5(), right.fts5()),
            Self::Not(left, right) => format!("({} NOT {})", left.fts5(), right.fts5()),
        }
    }
}

/// The words of a text, side by side: nesting them would take the databases, and us, a level for each.
fn words(text: &str, is_prefix: bool) -> Option<Query> {
    let mut terms: Vec<Term> = Vec::new();
    for term in asked(text, is_prefix) {
        if terms.len() < TERMS && !terms.contains(&term) {
            terms.push(term);
        }
    }
    (!terms.is_empty()).then_some(Query::Words(terms))
}

fn joined(terms: &[Term], by: &str, write: impl Fn(&Term) -> String) -> String {
    match terms {
        [term] => write(term),
        terms => {
            let terms: Vec<String> = terms.iter().map(write).collect();
            format!("({})", terms.join(by))
        }
    }
}

/// Maximum number of characters in a query.
const LONGEST: usize = 1_000;
/// Maximum number of words in a query, because both databases nest them.
const WORDS: usize = 32;
/// Maximum number of characters in a word.
const WORD: usize = 200;
/// Words, and pairs of characters of scripts without blanks, that are looked for; further ones are not.
const TERMS: usize = 64;

fn check_size(text: &str) -> Result<()> {
    if text.chars().nth(LONGEST).is_some() {
        let complaint = format!("At most {LONGEST} characters are allowed.");
        return Err(Error::field("q", complaint));
    }
    let words = text.split(|char: char| !char.is_alphanumeric());
    let (mut count, mut longest) = (0, 0);
    for word in words.filter(|word| !word.is_empty()) {
        count += 1;
        longest = longest.max(word.chars().count());
    }
    if count > WORDS || longest > WORD {
        let complaint = format!("At most {WORDS} words of at most {WORD} characters are allowed.");
        return Err(Error::field("q", complaint));
    }
    Ok(())
}

/// A recursive-descent parser. Precedence: `|` binds loosest, then `&`, then `!`.
struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

/// Maximum nesting of parentheses.
const DEPTH: usize = 16;

impl<'a> Parser<'a> {
    fn new(rest: &'a str) -> Self {
        Self { rest, depth: 0 }
    }

    fn whole(mut self) -> Result<Query> {
        let query = self.any()?;
        if self.rest.trim().is_empty() {
            Ok(query)
        } else {
            Err(invalid())
        }
    }

    fn any(&mut self) -> Result<Query> {
        let mut left = self.every()?;
        while self.eat('|') {
            left = Query::Or(Box::new(left), Box::new(self.every()?));
        }
        Ok(left)
    }

    fn every(&mut self) -> Result<Query> {
        let mut left = self.word()?;
        while self.eat('&') {
            left = if self.eat('!') {
                Query::Not(Box::new(left), Box::new(self.word()?))
            } else {
                Query::And(Box::new(left), Box::new(self.word()?))
            };
        }
        Ok(left)
    }

    fn word(&mut self) -> Result<Query> {
        if self.eat('(') {
            self.depth += 1;
            if self.depth > DEPTH {
                return Err(invalid());
            }
            let inner = self.any()?;
            self.depth -= 1;
            return if self.eat(')') {
                Ok(inner)
            } else {
                Err(invalid())
            };
        }
        self.rest = self.rest.trim_start();
        let end = self
            .rest
            .find(|char: char| !char.is_alphanumeric() && !is_combining_mark(char))
            .unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        let (prefix, rest) = rest
            .strip_prefix(":*")
            .map_or((false, rest), |rest| (true, rest));
        self.rest = rest;
        words(text, prefix).ok_or_else(invalid)
    }

    fn eat(&mut self, wanted: char) -> bool {
        match self.rest.trim_start().strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

fn invalid() -> Error {
    Error::Refused("Invalid query".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(input: &str) -> String {
        Query::parse(input)
            .unwrap()
            .map_or(String::new(), |query| query.fts5())
    }

    #[test]
    fn words_are_prefixes_and_all_must_match() {
        assert_eq!(
            spelled("  Björk  gu(d "),
            "(\"bjork\"* AND \"gu\"* AND \"d\"*)"
        );
        assert_eq!(spelled("!&"), "\"u00021u00026\"*");
        assert_eq!(spelled(" \u{200b}"), "\"u00000\"*");
        assert_eq!(spelled(" \u{3000}"), "");
    }

    #[test]
    fn a_quoted_query_may_use_operators() {
        assert_eq!(
            spelled("\"rock & (jazz | blues:*) & !live\""),
            "((\"rock\" AND (\"jazz\" OR \"blue\"*)) NOT \"live\")"
        );
    }

    #[test]
    fn a_query_that_makes_no_sense_is_refused() {
        for bad in ["\"a && b\"", "\"(a\"", "\"a b\"", "\"\""] {
            assert!(Query::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_query_grows_without_bound() {
        // Signs that are written out as several letters, and are no letters themselves.
        let signs = "\u{3316}".repeat(1_000);
        let Some(Query::Words(terms)) = Query::parse(&signs).unwrap() else {
            unreachable!("it has words");
        };
        assert!(terms.len() <= TERMS);
        assert!(Query::parse(&"\u{3316}".repeat(1_001)).is_err());
        let title: String = ('\u{4e00}'..).take(200).collect();
        assert_eq!(spelled(&title).matches("AND").count(), TERMS - 1);
        assert!(spelled(&"!".repeat(1_000)).len() < 2_000);
    }
}
