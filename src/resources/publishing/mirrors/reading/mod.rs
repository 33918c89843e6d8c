//! What a feed says. It comes from anywhere: what is wrong with a part is left out, and nothing is longer or more than
//! a pod can bear.
mod atom;
mod encoding;
mod facts;
mod rss;

use std::{cmp::Reverse, collections::HashSet, str::FromStr};

use chrono::{DateTime, Utc};
use quick_xml::{Reader, events::Event};

use self::facts::{Base, of_ending};
pub use self::{encoding::text, facts::address};
use crate::{
    resources::{catalogue::tags, publishing::channels::Metadata},
    time::Timestamp,
};

/// A podcast, as its feed tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Feed {
    pub title: String,
    /// HTML.
    pub description: Option<String>,
    pub picture: Option<String>,
    pub tags: Vec<String>,
    pub metadata: Metadata,
    /// Newest first.
    pub episodes: Vec<Episode>,
}

/// An episode that can be heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    /// What it is known by, within its feed.
    pub guid: String,
    pub title: String,
    /// HTML.
    pub description: Option<String>,
    pub picture: Option<String>,
    pub date: Option<Timestamp>,
    pub season: Option<i64>,
    pub number: Option<i64>,
    /// Seconds.
    pub duration: Option<i64>,
    pub audio: Audio,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Audio {
    pub url: String,
    pub media_type: String,
    /// Bytes.
    pub length: Option<i64>,
}

/// Why there is no feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("it is no feed in RSS or Atom")]
    NoFeed,
    #[error("it has too many parts")]
    TooMuch,
    #[error("it has no title")]
    NoTitle,
    #[error("none of its entries has audio")]
    NoAudio,
}

/// Elements and attributes of a feed at most, and how deep elements may be within each other. All of them are in
/// memory for a moment.
const PARTS: usize = 200_000;
const DEPTH: usize = 64;
/// Attributes of an element at most: what declares namespaces is copied for what is within it.
const ATTRIBUTES: usize = 64;
/// Bytes of an episode are fewer.
const LENGTHS: i64 = 1 << 40;
/// Characters of a media type at most.
const LONGEST_TYPE: usize = 100;
/// Tags of a feed at most.
const TAGS: usize = 20;

impl Feed {
    /// Reads the feed that lies at an address, with so many of its newest episodes.
    pub fn read(text: &str, address: &str, most: usize) -> Result<Self, Unreadable> {
        let bytes = text.as_bytes();
        bearable(bytes)?;
        let base = Base::of(address).ok_or(Unreadable::NoFeed)?;
        let mut feed = match root(bytes).as_slice() {
            b"feed" => atom::read(bytes, &base),
            _ => rss::read(bytes, &base),
        }?;
        let mut seen = HashSet::new();
        feed.episodes
            .retain(|episode| seen.insert(episode.guid.clone()));
        // Those without a date stay where they are told, before the others.
        feed.episodes
            .sort_by_key(|episode| Reverse(episode.date.unwrap_or(END)));
        feed.episodes.truncate(most);
        Ok(feed)
    }
}

const END: Timestamp = Timestamp(DateTime::<Utc>::MAX_UTC);

/// The name of the element that holds all others.
fn root(bytes: &[u8]) -> Vec<u8> {
    let mut reader = Reader::from_reader(bytes);
    let mut buffer = Vec::new();
    while let Ok(event) = reader.read_event_into(&mut buffer) {
        match event {
            Event::Start(tag) | Event::Empty(tag) => return tag.local_name().as_ref().to_vec(),
            Event::Eof => break,
            _ => buffer.clear(),
        }
    }
    Vec::new()
}

/// Refuses what would take too much memory, or too deep a stack, to be read.
fn bearable(bytes: &[u8]) -> Result<(), Unreadable> {
    let mut reader = Reader::from_reader(bytes);
    let (mut parts, mut depth) = (0, 0_usize);
    let mut buffer = Vec::new();
    loop {
        let event = reader.read_event_into(&mut buffer);
        let tag = match event.map_err(|_| Unreadable::NoFeed)? {
            Event::Eof => return Ok(()),
            Event::Start(tag) => {
                depth += 1;
                Some(tag)
            }
            Event::Empty(tag) => Some(tag),
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                None
            }
            _ => None,
        };
        let attributes = tag.map(|tag| tag.iter().filter(|byte| **byte == b'=').count());
        parts += attributes.map_or(0, |attributes| 1 + attributes);
        let declared = attributes.unwrap_or_default();
        if parts > PARTS || depth > DEPTH || declared > ATTRIBUTES {
            return Err(Unreadable::TooMuch);
        }
        buffer.clear();
    }
}

/// The episodes of a feed. One that has none yet may get some; one that only has others is no podcast.
fn heard<T>(
    entries: &[T],
    episode: impl Fn(&T) -> Option<Episode>,
) -> Result<Vec<Episode>, Unreadable> {
    let episodes: Vec<Episode> = entries.iter().filter_map(episode).collect();
    match episodes.is_empty() && !entries.is_empty() {
        true => Err(Unreadable::NoAudio),
        false => Ok(episodes),
    }
}

/// Words as tags: without blanks and signs.
fn words<'a>(told: impl Iterator<Item = &'a str>) -> Vec<String> {
    let plain = |word: &str| -> String {
        let letters = word.chars().filter(|char| char.is_alphanumeric());
        letters.collect()
    };
    let mut seen = HashSet::new();
    let words = told.map(plain);
    let words = words.filter(|word| tags::is_valid(word) && seen.insert(word.to_lowercase()));
    words.take(TAGS).collect()
}

impl Audio {
    /// What is enclosed, unless it is something else than audio.
    fn of(base: &Base, url: &str, (media_type, length): (&str, &str)) -> Option<Self> {
        let url = base.address(url)?;
        let told = media_type.trim().to_ascii_lowercase();
        let is_plain = told
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b';');
        let is_audio = told.starts_with("audio/") && is_plain && told.len() <= LONGEST_TYPE;
        let media_type = match is_audio {
            true => told,
            false => of_ending(&url)?.to_owned(),
        };
        let length = i64::from_str(length.trim()).ok();
        Some(Self {
            url,
            media_type,
            length: length.filter(|bytes| (1..LENGTHS).contains(bytes)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "https://pod.example/feed";

    fn feed(items: &str) -> Result<Feed, Unreadable> {
        let text = format!(
            r#"<?xml version="1.0"?><rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">
            <channel><title> Tides </title><link>https://pod.example</link><description>On &lt;b&gt;seas&lt;/b&gt;</description>
            <itunes:category text="Science"><itunes:category text="Earth Sciences"/></itunes:category>
            <itunes:keywords>sea, salt water, Sea</itunes:keywords><itunes:explicit>yes</itunes:explicit>{items}</channel></rss>"#
        );
        Feed::read(&text, "https://pod.example/feeds/tides", 3)
    }

    #[test]
    fn an_odd_part_costs_nothing_but_itself() {
        let feed = feed(
            r#"<item><title>No sound</title><guid>1</guid></item>
            <item><title>Film</title><enclosure url="https://pod.example/a.mp4" type="video/mp4" length="9"/></item>
            <item><title>Inward</title><enclosure url="file:///etc/passwd" type="audio/mpeg" length="9"/></item>
            <item><guid>old</guid><pubDate>Mon, 01 Jan 2001 00:00:00 GMT</pubDate><enclosure url="https://pod.example/0.mp3" length="" type=""/></item>
            <item><guid>two</guid><pubDate>next week</pubDate><itunes:duration>1:02:03</itunes:duration>
              <itunes:season>no</itunes:season><itunes:episode>7</itunes:episode>
              <enclosure url="https://pod.example/2.MP3" length="many" type="x"/></item>
            <item><guid>two</guid><title>Again</title><enclosure url="https://pod.example/3.mp3" length="9" type="audio/mpeg"/></item>
            <item><guid>odd</guid><pubDate>Mon, 01 Jan 2024 10:00:00 GMT</pubDate>
              <enclosure url="https://pod.example/4.ogg" length="9223372036854775807" type="audio/x&#1;y"/></item>
            <item><guid>one</guid><pubDate>Tue, 02 Jan 2024 10:00:00 +0100</pubDate><enclosure url="../1.mp3" length="12" type="audio/mpeg"/></item>"#,
        );
        let feed = feed.unwrap();
        assert_eq!(feed.title, "Tides");
        assert_eq!(feed.description.as_deref(), Some("On <b>seas</b>"));
        assert_eq!(feed.tags, ["Science", "sea", "saltwater"]);
        assert_eq!(feed.metadata.explicit, Some(true));
        let guids: Vec<_> = feed.episodes.iter().map(|episode| &episode.guid).collect();
        assert_eq!(
            guids,
            ["two", "one", "odd"],
            "the newest of those with audio"
        );
        let [two, one, odd] = &feed.episodes[..] else {
            panic!()
        };
        assert_eq!(
            (two.duration, two.season, two.number),
            (Some(3723), None, Some(7))
        );
        assert_eq!((two.date, two.title.as_str()), (None, "Untitled"));
        assert_eq!(two.audio.media_type, "audio/mpeg");
        assert_eq!(
            (one.audio.url.as_str(), one.audio.length),
            ("https://pod.example/1.mp3", Some(12))
        );
        assert_eq!(
            (odd.audio.media_type.as_str(), odd.audio.length),
            ("audio/ogg", None)
        );
        assert_eq!(one.date.unwrap().to_string(), "2024-01-02T09:00:00Z");
    }

    #[test]
    fn what_would_fill_the_memory_or_the_stack_is_refused() {
        for (hostile, why) in [
            ("<a:b>".repeat(100_000), Unreadable::TooMuch),
            ("<item/>".repeat(PARTS), Unreadable::TooMuch),
            (
                format!("<x {}/>", "a='' ".repeat(ATTRIBUTES + 1)),
                Unreadable::TooMuch,
            ),
            ("<item>".to_owned(), Unreadable::NoFeed),
        ] {
            let refused = feed(&hostile);
            assert_eq!(refused.map(|feed| feed.title), Err(why));
        }
        for page in [
            "",
            "<html><body>No</body></html>",
            "{\"version\": 1}",
            "\u{0}",
        ] {
            let refused = Feed::read(page, HERE, 2);
            assert_eq!(refused, Err(Unreadable::NoFeed), "{page}");
        }
        let untitled = "<rss><channel><title> </title></channel></rss>";
        assert_eq!(Feed::read(untitled, HERE, 2), Err(Unreadable::NoTitle));
    }

    #[test]
    fn entities_of_a_feed_are_not_expanded() {
        let bomb = r#"<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>
            <rss version="2.0"><channel><title>&b;&f;</title></channel></rss>"#;
        assert_eq!(Feed::read(bomb, HERE, 2).unwrap().title, "&b;&f;");
    }
}
