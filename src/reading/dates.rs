//! Dates as people write them into tags.
use chrono::{Datelike, NaiveDate};

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// A date. What the text does not tell, or tells in two ways (`05/12/1998`), becomes 1: of a year the first of
/// January.
pub fn date(text: &str) -> Option<NaiveDate> {
    let words: Vec<&str> = text
        .split(|char: char| !char.is_alphanumeric())
        .flat_map(|word| word.split(['T', 'Z']))
        .filter(|word| !word.is_empty())
        .collect();
    compact(&words).or_else(|| {
        let at = words.iter().position(|word| year(word).is_some())?;
        let year = year(words[at])?;
        let (month, day) = match at {
            0 => after(&words[1..]),
            _ => before(&words[..at], text.contains('.')),
        };
        NaiveDate::from_ymd_opt(year, month, day)
            .or_else(|| NaiveDate::from_ymd_opt(year, month, 1))
            .or_else(|| NaiveDate::from_ymd_opt(year, 1, 1))
    })
}

fn year(word: &str) -> Option<i32> {
    let digits = word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .then(|| word.parse().ok())?
        .filter(|year| *year >= 1000)
}

fn small(word: &str) -> Option<u32> {
    (word.len() <= 2).then(|| word.parse().ok())?
}

fn month(word: &str) -> Option<u32> {
    let start = word.get(..3)?.to_ascii_lowercase();
    let found = MONTHS.iter().position(|month| *month == start)?;
    u32::try_from(found).ok().map(|month| month + 1)
}

/// `19980506`.
fn compact(words: &[&str]) -> Option<NaiveDate> {
    let word = words.first().filter(|word| word.len() == 8)?;
    NaiveDate::parse_from_str(word, "%Y%m%d")
        .ok()
        .filter(|date| (1000..=9999).contains(&date.year()))
}

/// Month and day behind a year.
fn after(words: &[&str]) -> (u32, u32) {
    let part = |at: usize| words.get(at).and_then(|word| small(word));
    match part(0) {
        Some(month @ 1..=12) => (month, part(1).unwrap_or(1)),
        _ => (1, 1),
    }
}

/// Month and day before a year: `6 May`, `May 6`, `31/12`, `06.05.`.
fn before(words: &[&str], dotted: bool) -> (u32, u32) {
    if let Some(month) = words.iter().find_map(|word| month(word)) {
        let day = words
            .iter()
            .find_map(|word| small(word.trim_end_matches(char::is_alphabetic)));
        return (month, day.unwrap_or(1));
    }
    match words {
        [.., first, second] => match (small(first), small(second)) {
            (Some(day), Some(month @ 1..=12)) if dotted || day > 12 => (month, day),
            (Some(month @ 1..=12), Some(day)) if day > 12 => (month, day),
            _ => (1, 1),
        },
        _ => (1, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_what_the_text_tells() {
        for (text, told) in [
            ("2001", Some("2001-01-01")),
            ("2001-05", Some("2001-05-01")),
            ("2001-05-06T00:00:00", Some("2001-05-06")),
            ("2001-05-06T23:59:59Z", Some("2001-05-06")),
            ("2001-99-99", Some("2001-01-01")),
            ("2001-02-30", Some("2001-02-01")),
            ("1993- 2-22", Some("1993-02-22")),
            ("19980506", Some("1998-05-06")),
            ("06.05.1998", Some("1998-05-06")),
            ("05/12/1998", Some("1998-01-01")),
            ("12/31/1998", Some("1998-12-31")),
            ("31/12/1998", Some("1998-12-31")),
            ("May 1998", Some("1998-05-01")),
            ("6 May 1998", Some("1998-05-06")),
            ("May 6th, 1998", Some("1998-05-06")),
            ("\u{a9} 1998 Label", Some("1998-01-01")),
            ("(P) 1998", Some("1998-01-01")),
            ("0", None),
            ("0000", None),
            ("199x", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(
                date(text).map(|date| date.to_string()).as_deref(),
                told,
                "{text}"
            );
        }
    }
}
