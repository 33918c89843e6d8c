//! What a feed says. It comes from anywhere: what is wrong with a part is left out, and nothing is longer or more than
//! a pod can bear.
mod facts;

use std::{collections::HashSet, str::FromStr};

use chrono::{DateTime, Utc};
use quick_xml::{Reader, events::Event};
use rss::{Item, extension::itunes::ITunesItemExtension};

pub use self::facts::{address, name};
use self::facts::{date, fact, mark, number, of_ending, seconds, text, truth};
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
    #[error("it is no RSS feed")]
    NoFeed,
    #[error("it has too many parts")]
    TooMuch,
    #[error("it has no title")]
    NoTitle,
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
    /// Reads a feed with so many of its newest episodes.
    pub fn read(bytes: &[u8], most: usize) -> Result<Self, Unreadable> {
        bearable(bytes)?;
        let told = rss::Channel::read_from(bytes).map_err(|_| Unreadable::NoFeed)?;
        let title = name(&told.title).ok_or(Unreadable::NoTitle)?;
        let itunes = told.itunes_ext();
        let of_itunes = itunes.and_then(|itunes| itunes.image());
        let image = of_itunes.or(told.image().map(rss::Image::url));
        let summary = itunes.and_then(|itunes| itunes.summary());
        Ok(Self {
            description: text(Some(told.description())).or_else(|| text(summary)),
            picture: image.and_then(address),
            tags: words(&told),
            metadata: metadata(&told),
            episodes: newest(&told, most),
            title,
        })
    }
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

fn metadata(told: &rss::Channel) -> Metadata {
    let itunes = told.itunes_ext();
    let owner = itunes.and_then(|itunes| itunes.owner());
    let category = itunes.and_then(|itunes| itunes.categories().first());
    let child = category.and_then(|category| category.subcategory());
    let author = itunes.and_then(|itunes| itunes.author());
    Metadata {
        explicit: itunes.and_then(|itunes| truth(itunes.explicit()?)),
        language: fact(told.language()),
        copyright: fact(told.copyright()),
        owner_name: fact(owner.and_then(|owner| owner.name()).or(author)),
        owner_email: fact(owner.and_then(|owner| owner.email())),
        itunes_category: fact(category.map(|category| category.text())),
        itunes_subcategory: fact(child.map(|child| child.text())),
    }
}

/// Categories and keywords, as tags: without blanks and signs.
fn words(told: &rss::Channel) -> Vec<String> {
    let itunes = told.itunes_ext();
    let keywords = itunes.and_then(|itunes| itunes.keywords());
    let keywords = keywords.unwrap_or_default().split(',');
    let categories = itunes.map_or(&[][..], |itunes| itunes.categories());
    let categories = categories.iter().map(|category| category.text());
    let plain = |word: &str| -> String {
        let letters = word.chars().filter(|char| char.is_alphanumeric());
        letters.collect()
    };
    let mut seen = HashSet::new();
    let words = categories.chain(keywords).map(plain);
    let words = words.filter(|word| tags::is_valid(word) && seen.insert(word.to_lowercase()));
    words.take(TAGS).collect()
}

fn newest(told: &rss::Channel, most: usize) -> Vec<Episode> {
    let mut seen = HashSet::new();
    let episodes = told.items().iter().filter_map(episode);
    let mut episodes: Vec<_> = episodes
        .filter(|episode| seen.insert(episode.guid.clone()))
        .collect();
    // Those without a date stay where they are told, before the others.
    episodes.sort_by_key(|episode| std::cmp::Reverse(episode.date.unwrap_or(END)));
    episodes.truncate(most);
    episodes
}

const END: Timestamp = Timestamp(DateTime::<Utc>::MAX_UTC);

fn episode(item: &Item) -> Option<Episode> {
    let itunes = item.itunes_ext();
    let told = |of: fn(&ITunesItemExtension) -> Option<&str>| itunes.and_then(of);
    let audio = audio(item)?;
    let guid = item.guid().map(rss::Guid::value);
    let description = text(item.content())
        .or_else(|| text(item.description()))
        .or_else(|| text(told(ITunesItemExtension::summary)));
    Some(Episode {
        guid: guid.and_then(mark).unwrap_or_else(|| audio.url.clone()),
        title: name(item.title().unwrap_or_default()).unwrap_or_else(|| "Untitled".to_owned()),
        description,
        picture: told(ITunesItemExtension::image).and_then(address),
        date: item.pub_date().and_then(date),
        season: told(ITunesItemExtension::season).and_then(number),
        number: told(ITunesItemExtension::episode).and_then(number),
        duration: told(ITunesItemExtension::duration).and_then(seconds),
        audio,
    })
}

/// The audio of an item, unless it is something else.
fn audio(item: &Item) -> Option<Audio> {
    let enclosure = item.enclosure()?;
    let url = address(enclosure.url())?;
    let told = enclosure.mime_type().trim().to_ascii_lowercase();
    let is_plain = told
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b';');
    let media_type = match told.starts_with("audio/") && is_plain && told.len() <= LONGEST_TYPE {
        true => told,
        false => of_ending(&url)?.to_owned(),
    };
    let length = i64::from_str(enclosure.length().trim()).ok();
    Some(Audio {
        url,
        media_type,
        length: length.filter(|bytes| (1..LENGTHS).contains(bytes)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(items: &str) -> Result<Feed, Unreadable> {
        let text = format!(
            r#"<?xml version="1.0"?><rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">
            <channel><title> Tides </title><link>https://pod.example</link><description>On &lt;b&gt;seas&lt;/b&gt;</description>
            <itunes:category text="Science"><itunes:category text="Earth Sciences"/></itunes:category>
            <itunes:keywords>sea, salt water, Sea</itunes:keywords><itunes:explicit>yes</itunes:explicit>{items}</channel></rss>"#
        );
        Feed::read(text.as_bytes(), 3)
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
            <item><guid>one</guid><pubDate>Tue, 02 Jan 2024 10:00:00 +0100</pubDate><enclosure url="https://pod.example/1.mp3" length="12" type="audio/mpeg"/></item>"#,
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
        assert_eq!(one.audio.length, Some(12));
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
            let refused = Feed::read(page.as_bytes(), 2);
            assert_eq!(refused, Err(Unreadable::NoFeed), "{page}");
        }
        let untitled = b"<rss><channel><title> </title></channel></rss>";
        assert_eq!(Feed::read(untitled, 2), Err(Unreadable::NoTitle));
    }

    #[test]
    fn entities_of_a_feed_are_not_expanded() {
        let bomb = r#"<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>
            <rss version="2.0"><channel><title>&b;&f;</title></channel></rss>"#;
        assert_eq!(Feed::read(bomb.as_bytes(), 2).unwrap().title, "&b;&f;");
    }
}
