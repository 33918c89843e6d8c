//! The words that names and titles are found by, alike on both databases: they are made here, and kept
//! beside the text in the column `words`.
use snowball_stemmers_rs::{Algorithm, Stemmer};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::text::{is_blank, is_hidden};

/// The words of a text, separated by blanks: those that it has, and their stems.
pub fn indexed(text: &str) -> String {
    let mut words = Vec::new();
    for piece in pieces(text) {
        match piece {
            Piece::Word(word) => {
                let stem = stem(&word);
                words.push(coded(&word));
                words.push(coded(&stem));
            }
            Piece::Pair(pair) => words.push(coded(&pair)),
        }
    }
    if words.is_empty() {
        words.push(coded(&signs(text)));
    }
    words.sort_unstable();
    words.dedup();
    words.join(" ")
}

/// A word of a query as it stands in the index.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    pub text: String,
    /// Whether a word of the text only has to begin with it.
    pub is_prefix: bool,
}

/// The words of a query, all of which have to be found; none if it is blank. A query of signs alone is
/// one word; beside words signs do not count. What nobody sees finds names of nothing visible.
pub fn asked(query: &str, is_prefix: bool) -> Vec<Term> {
    let pieces = pieces(query);
    let term = |text: String, is_prefix| Term {
        text: coded(&text),
        is_prefix,
    };
    if pieces.is_empty() {
        return match query.trim().is_empty() {
            true => Vec::new(),
            false => vec![term(signs(query), true)],
        };
    }
    let pieces = pieces.into_iter();
    pieces
        .map(|piece| match piece {
            Piece::Word(word) => term(stem(&word), is_prefix),
            // A single character stands at the beginning of its pairs.
            Piece::Pair(pair) => term(pair, true),
        })
        .collect()
}

enum Piece {
    Word(String),
    /// Two neighbours of a script without blanks, or the last character of a text in it.
    Pair(String),
}

fn pieces(text: &str) -> Vec<Piece> {
    let plain = plain(text);
    let mut pieces = Vec::new();
    let words = plain.split(|char: char| !char.is_alphanumeric() && !is_combining_mark(char));
    for word in words.filter(|word| word.chars().any(char::is_alphanumeric)) {
        let chars: Vec<char> = word.chars().collect();
        for run in chars.chunk_by(|left, right| is_unspaced(*left) == is_unspaced(*right)) {
            match is_unspaced(run[0]) {
                false => pieces.push(Piece::Word(run.iter().collect())),
                true => {
                    let last = run.last_chunk::<1>().map(|last| &last[..]);
                    let pairs = run.windows(2).chain(last);
                    pieces.extend(pairs.map(|pair| Piece::Pair(pair.iter().collect())));
                }
            }
        }
    }
    pieces
}

/// Small letters without accents, in one spelling.
fn plain(text: &str) -> String {
    let letters = text
        .nfkd()
        .filter(|char| !is_accent(*char) && (char.is_whitespace() || !is_hidden(*char)));
    let letters: String = letters.collect();
    let mut plain = String::with_capacity(letters.len());
    for char in letters.to_lowercase().nfkc() {
        match char {
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'þ' => plain.push_str("th"),
            'ø' => plain.push('o'),
            'ł' => plain.push('l'),
            'đ' | 'ð' => plain.push('d'),
            'ħ' => plain.push('h'),
            'ı' => plain.push('i'),
            'ς' => plain.push('σ'),
            other => plain.push(other),
        }
    }
    plain
}

/// Marks of Latin, Greek and Cyrillic letters. Those of other scripts are letters of their own right.
fn is_accent(char: char) -> bool {
    matches!(char, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}')
}

/// Scripts that put no blanks between words, and Hangul, where words are long and people know a part.
fn is_unspaced(char: char) -> bool {
    matches!(char,
        '\u{e00}'..='\u{eff}' // Thai, Lao
        | '\u{1000}'..='\u{109f}' // Myanmar
        | '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7ff}' // Hangul
        | '\u{1780}'..='\u{17ff}' // Khmer
        | '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}' // Han
        | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' // Kana
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

fn stem(word: &str) -> String {
    Stemmer::create(Algorithm::English).stem(word).into_owned()
}

/// A text that is made of signs, such as "!!!", without its blanks; empty if nobody sees any.
fn signs(text: &str) -> String {
    let signs = text
        .nfkc()
        .filter(|char| !char.is_whitespace() && !is_hidden(*char));
    let signs: String = signs.collect();
    match signs.chars().all(is_blank) {
        true => String::new(),
        false => signs,
    }
}

/// Bytes of a word in the index: PostgreSQL takes 2,046. Of longer ones the beginning counts.
const LONGEST: usize = 1_800;

/// Letters and digits of ASCII as they are, others by their number: no database splits it further, and
/// the beginning of a word stays the beginning of its code.
fn coded(word: &str) -> String {
    use std::fmt::Write;
    let mut coded = String::with_capacity(word.len());
    for char in word.chars() {
        if coded.len() > LONGEST {
            break;
        }
        match char.is_ascii_alphanumeric() {
            true => coded.push(char),
            false => write!(coded, "u{:05x}", u32::from(char)).expect("a string takes all"),
        }
    }
    match coded.is_empty() {
        // A name of nothing visible.
        true => "u00000".to_owned(),
        false => coded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a query's word finds a text.
    fn finds(asked_for: &str, text: &str) -> bool {
        let indexed = indexed(text);
        let words: Vec<&str> = indexed.split(' ').collect();
        let asked = asked(asked_for, true);
        !asked.is_empty()
            && asked.iter().all(|term| {
                words.iter().any(|word| match term.is_prefix {
                    true => word.starts_with(&term.text),
                    false => *word == term.text,
                })
            })
    }

    #[test]
    fn people_find_what_they_type() {
        for (asked, text) in [
            ("bjork", "Björk"),
            ("björk", "Bjork"),
            ("Bjo\u{308}rk", "Björk"),
            ("ＡＢＢＡ", "abba"),
            ("beautif", "Beautiful Day"),
            ("beautiful", "Beautifully"),
            ("runs", "Running"),
            ("sigur", "Sigur\u{200b} Rós"),
            ("motorhead", "Motörhead"),
            ("smorgas", "Smørgåsbord"),
            ("strasse", "Straße"),
            ("aether", "Æther"),
            ("ёлка", "Елка"),
            ("東京", "東京事変"),
            ("京事", "東京事変"),
            ("事", "東京事変"),
            ("変", "東京事変"),
            ("ガール", "ガールズ"),
            ("방탄", "방탄소년단"),
            ("소년", "방탄소년단"),
            ("รัก", "ความรักทำให้คนตาบอด"),
            ("!!!", "!!!"),
            ("!", "!!!"),
            ("+/-", "+/-"),
            ("★", "★"),
            ("हिन्दी", "हिन्दी गाने"),
        ] {
            assert!(finds(asked, text), "{asked} in {text}: {}", indexed(text));
        }
        for (asked, text) in [
            ("!!!", "Björk"),
            ("?", "!!!"),
            ("京東", "東京"),
            ("jork", "Björk"),
            ("\u{200b}", "Anything"),
        ] {
            assert!(!finds(asked, text), "{asked} in {text}");
        }
    }

    #[test]
    fn no_text_is_without_words() {
        for text in ["", " ", "\u{200b}", "!!!"] {
            assert!(!indexed(text).is_empty(), "{text:?}");
        }
    }
}
