//! What stands in the elements of a feed: dates, numbers, addresses and texts, each as far as it makes sense.
use std::{borrow::Cow, str::FromStr};

use chrono::{DateTime, Datelike, Timelike, Utc};
use diligent_date_parser::parse_date;
use quick_xml::escape::unescape;
use reqwest::Url;

use crate::{store::text::clean, time::Timestamp};

/// Characters of a name, of a description, of an address, and of what else is told.
const NAME: usize = 255;
const TEXT: usize = 20_000;
const ADDRESS: usize = 2_000;
const FACT: usize = 255;
/// Numbers of seasons and episodes, and seconds of an episode, are smaller.
const NUMBERS: i64 = 1_000_000;

pub fn truth(told: &str) -> Option<bool> {
    match told.trim().to_ascii_lowercase().as_str() {
        "yes" | "true" | "explicit" => Some(true),
        "no" | "false" | "clean" => Some(false),
        _ => None,
    }
}

/// The media type of audio, by the ending of its address.
pub fn of_ending(address: &str) -> Option<&'static str> {
    let url = Url::parse(address).ok()?;
    let (_, ending) = url.path().rsplit_once('.')?;
    match ending.to_ascii_lowercase().as_str() {
        "mp3" => Some("audio/mpeg"),
        "m4a" | "m4b" => Some("audio/mp4"),
        "aac" => Some("audio/aac"),
        "ogg" | "oga" => Some("audio/ogg"),
        "opus" => Some("audio/opus"),
        "flac" => Some("audio/flac"),
        "wav" => Some("audio/x-wav"),
        _ => None,
    }
}

/// Times of e-mail, as RSS has them; some feeds have those of Atom, or what people write. The day of the week is often wrong, and does not
/// count; nor does the name of a zone that nobody knows.
pub fn date(told: &str) -> Option<Timestamp> {
    let told = told.trim();
    let bare = told.split_once(',').map_or(told, |(_, date)| date.trim());
    let words: Vec<&str> = bare.split_whitespace().map(short_month).collect();
    let bare = &words.join(" ");
    let without_zone = bare.trim_end_matches(|char: char| char.is_ascii_alphabetic());
    let mail = DateTime::parse_from_rfc2822(bare)
        .or_else(|_| DateTime::parse_from_rfc2822(&format!("{without_zone}+0000")));
    let time = mail.ok().or_else(|| parse_date(told))?;
    let time = time.with_timezone(&Utc).with_nanosecond(0)?;
    (1970..=9999)
        .contains(&time.year())
        .then_some(Timestamp(time))
}

/// The name of a month, as e-mail has it; other words as they are.
fn short_month(word: &str) -> &str {
    const MONTHS: &str = "jan feb mar apr may jun jul aug sep oct nov dec";
    let short = word
        .get(..3)
        .filter(|_| !word.contains(|char: char| !char.is_ascii_alphabetic()));
    let is_month = |short: &&str| {
        MONTHS
            .split(' ')
            .any(|month| month.eq_ignore_ascii_case(short))
    };
    short.filter(is_month).unwrap_or(word)
}

pub fn number(told: &str) -> Option<i64> {
    let number = i64::from_str(told.trim()).ok();
    number.filter(|number| (1..NUMBERS).contains(number))
}

/// A duration: seconds, or `HH:MM:SS`, or `MM:SS`.
pub fn seconds(told: &str) -> Option<i64> {
    let parts = told.trim().split(':').map(|part| {
        let (whole, _) = part.split_once('.').unwrap_or((part, ""));
        let part = i64::from_str(whole.trim()).ok();
        part.filter(|part| (0..NUMBERS).contains(part))
    });
    let parts: Vec<i64> = parts.collect::<Option<_>>()?;
    let sum = match parts[..] {
        [seconds] => seconds,
        [minutes, seconds] => minutes * 60 + seconds,
        [hours, minutes, seconds] => hours * 3600 + minutes * 60 + seconds,
        _ => return None,
    };
    (1..NUMBERS).contains(&sum).then_some(sum)
}

/// An address of the web.
pub fn address(told: &str) -> Option<String> {
    fit(&Url::parse(told.trim()).ok()?)
}

/// Where a feed is, which addresses within it may be relative to.
#[derive(Clone, Debug)]
pub struct Base(Url);

impl Base {
    pub fn of(address: &str) -> Option<Self> {
        Url::parse(address).ok().map(Self)
    }

    /// The base that a part of the feed declares.
    pub fn within(&self, told: Option<&str>) -> Self {
        let own = told.and_then(|told| self.0.join(told.trim()).ok());
        Self(own.unwrap_or_else(|| self.0.clone()))
    }

    pub fn address(&self, told: &str) -> Option<String> {
        let told = told.trim();
        // What is empty is no address, and not this one.
        fit(&self.0.join(told).ok().filter(|_| !told.is_empty())?)
    }
}

fn fit(url: &Url) -> Option<String> {
    let is_fit = matches!(url.scheme(), "http" | "https") && url.has_host();
    let address = url.to_string();
    (is_fit && address.len() <= ADDRESS).then_some(address)
}

/// A GUID; whole or not at all, since what is cut off could be what tells it from others.
pub fn mark(told: &str) -> Option<String> {
    let mark = clean(told).trim().to_owned();
    (1..=ADDRESS).contains(&mark.len()).then_some(mark)
}

pub fn name(told: &str) -> Option<String> {
    let name = clean(told).trim().to_owned();
    let name: String = name.chars().take(NAME).collect();
    (!name.trim().is_empty()).then_some(name)
}

/// The same of HTML: its text, without markup.
pub fn name_of_html(told: &str) -> Option<String> {
    let text = ammonia::Builder::empty().clean(told).to_string();
    let text = text.replace("&nbsp;", " ");
    name(&unescape(&text).unwrap_or(Cow::Borrowed(&text)))
}

pub fn fact(told: Option<&str>) -> Option<String> {
    let fact = clean(told?).trim().to_owned();
    (!fact.is_empty()).then(|| fact.chars().take(FACT).collect())
}

pub fn text(told: Option<&str>) -> Option<String> {
    let seen = |char: &char| !char.is_control() || matches!(char, '\n' | '\t');
    let text: String = told?.trim().chars().filter(seen).take(TEXT).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_feeds_write_them() {
        for (told, expected) in [
            (
                "Tue, 02 Jan 2024 10:00:00 +0100",
                Some("2024-01-02T09:00:00Z"),
            ),
            (
                "Mon, 02 Jan 2024 10:00:00 GMT",
                Some("2024-01-02T10:00:00Z"),
            ),
            ("2 Jan 2024 10:00 EST", Some("2024-01-02T15:00:00Z")),
            (
                "Tue, 02 Jan 2024 10:00:00 UTC",
                Some("2024-01-02T10:00:00Z"),
            ),
            ("2024-01-02T10:00:00Z", Some("2024-01-02T10:00:00Z")),
            ("02 Jan 2024 10:00:00", Some("2024-01-02T10:00:00Z")),
            (
                "Tue, 2 January 2024 10:00:00 GMT",
                Some("2024-01-02T10:00:00Z"),
            ),
            ("2024-01-02 10:00:00", Some("2024-01-02T10:00:00Z")),
            ("2024-01-02", Some("2024-01-02T00:00:00Z")),
            ("02 Jan 0024 10:00:00 GMT", None),
            ("0000-12-31T10:00:00Z", None),
            (
                "2016-12-31T23:59:59.123456789Z",
                Some("2016-12-31T23:59:59Z"),
            ),
            ("yesterday", None),
            ("", None),
        ] {
            let read = date(told).map(|date| date.to_string());
            assert_eq!(read.as_deref(), expected, "{told}");
        }
    }

    #[test]
    fn names_in_html_are_their_text() {
        let told = "<div xmlns='http://www.w3.org/1999/xhtml'>Less <em>&lt;</em> More &amp; <script>no</script>all</div>";
        assert_eq!(name_of_html(told).as_deref(), Some("Less < More & all"));
        assert_eq!(name_of_html("<b> </b>"), None);
    }

    #[test]
    fn a_guid_is_not_cut_off() {
        let long = "g".repeat(ADDRESS);
        assert_eq!(mark(&format!(" {long}\n")), Some(long.clone()));
        assert_eq!(mark(&format!("{long}2")), None);
        assert_eq!(mark(" "), None);
    }
}
