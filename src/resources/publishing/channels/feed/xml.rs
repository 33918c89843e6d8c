//! Feeds as text: RSS 2.0 with what directories of podcasts add to it.
use std::io;

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
};

use super::{Episode, Show};
use crate::{time::Timestamp, xml::writable};

type Xml = Writer<Vec<u8>>;

const NAMESPACES: [(&str, &str); 4] = [
    ("version", "2.0"),
    ("xmlns:atom", "http://www.w3.org/2005/Atom"),
    ("xmlns:itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
    ("xmlns:podcast", "https://podcastindex.org/namespace/1.0"),
];

pub fn document(show: &Show) -> String {
    let mut xml = Writer::new(Vec::new());
    written(&mut xml, show).expect("memory takes all that is written");
    String::from_utf8(xml.into_inner()).expect("what is written is text")
}

fn written(xml: &mut Xml, show: &Show) -> io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let rss = xml.create_element("rss").with_attributes(NAMESPACES);
    rss.write_inner_content(|xml| {
        let channel = xml.create_element("channel");
        channel.write_inner_content(|xml| channel_of(xml, show))?;
        Ok(())
    })?;
    Ok(())
}

fn channel_of(xml: &mut Xml, show: &Show) -> io::Result<()> {
    text(xml, "title", &show.title)?;
    text(xml, "link", &show.link)?;
    text(xml, "description", &show.description)?;
    given(xml, "language", show.metadata.language.as_deref())?;
    given(xml, "copyright", show.metadata.copyright.as_deref())?;
    text(
        xml,
        "generator",
        concat!("baleen ", env!("CARGO_PKG_VERSION")),
    )?;
    if let Some(newest) = show.episodes.first() {
        text(xml, "lastBuildDate", &date(newest.date))?;
    }
    xml.create_element("atom:link")
        .with_attributes([
            ("rel", "self"),
            ("type", "application/rss+xml"),
            ("href", &show.address),
        ])
        .write_empty()?;
    if let Some(picture) = &show.picture {
        let image = xml.create_element("image");
        image.write_inner_content(|xml| {
            text(xml, "url", picture)?;
            text(xml, "title", &show.title)?;
            text(xml, "link", &show.link)
        })?;
    }
    directory(xml, show)?;
    show.episodes
        .iter()
        .try_for_each(|episode| item(xml, episode))
}

/// What directories of podcasts are told.
fn directory(xml: &mut Xml, show: &Show) -> io::Result<()> {
    let metadata = &show.metadata;
    text(xml, "podcast:guid", &show.guid.to_string())?;
    text(xml, "itunes:author", &show.author)?;
    let owner = xml.create_element("itunes:owner");
    owner.write_inner_content(|xml| {
        text(xml, "itunes:name", &show.author)?;
        given(xml, "itunes:email", metadata.owner_email.as_deref())
    })?;
    explicit(xml, metadata.explicit)?;
    if let Some(category) = &metadata.itunes_category {
        let element = xml.create_element("itunes:category");
        let element = element.with_attribute(("text", writable(category).as_str()));
        match &metadata.itunes_subcategory {
            None => element.write_empty()?,
            Some(child) => element.write_inner_content(|xml| {
                let child = writable(child);
                let child = ("text", child.as_str());
                let element = xml.create_element("itunes:category");
                element.with_attribute(child).write_empty()?;
                Ok(())
            })?,
        };
    }
    picture(xml, show.picture.as_deref())?;
    keywords(xml, &show.tags)
}

fn item(xml: &mut Xml, episode: &Episode) -> io::Result<()> {
    let item = xml.create_element("item");
    item.write_inner_content(|xml| {
        text(xml, "title", &episode.title)?;
        let guid = xml.create_element("guid");
        let guid = guid.with_attribute(("isPermaLink", "false"));
        guid.write_text_content(BytesText::new(&episode.guid.to_string()))?;
        text(xml, "pubDate", &date(episode.date))?;
        given(xml, "description", episode.description.as_deref())?;
        xml.create_element("enclosure")
            .with_attributes([
                ("url", episode.audio.url.as_str()),
                ("length", &episode.audio.length.to_string()),
                ("type", &episode.audio.media_type),
            ])
            .write_empty()?;
        text(xml, "itunes:title", &episode.title)?;
        number(xml, "itunes:duration", episode.duration)?;
        number(xml, "itunes:season", episode.season)?;
        number(xml, "itunes:episode", episode.number)?;
        picture(xml, episode.picture.as_deref())?;
        keywords(xml, &episode.tags)
    })?;
    Ok(())
}

fn explicit(xml: &mut Xml, is_explicit: Option<bool>) -> io::Result<()> {
    let word = match is_explicit {
        Some(true) => "true",
        _ => "false",
    };
    text(xml, "itunes:explicit", word)
}

fn picture(xml: &mut Xml, url: Option<&str>) -> io::Result<()> {
    if let Some(url) = url {
        let image = xml.create_element("itunes:image");
        image.with_attribute(("href", url)).write_empty()?;
    }
    Ok(())
}

fn keywords(xml: &mut Xml, tags: &[String]) -> io::Result<()> {
    let words = (!tags.is_empty()).then(|| tags.join(","));
    given(xml, "itunes:keywords", words.as_deref())
}

fn number(xml: &mut Xml, name: &str, number: Option<i64>) -> io::Result<()> {
    // Directories refuse a season or an episode 0.
    match number {
        Some(number @ 1..) => text(xml, name, &number.to_string()),
        _ => Ok(()),
    }
}

fn given(xml: &mut Xml, name: &str, content: Option<&str>) -> io::Result<()> {
    match content {
        Some(content) if !content.is_empty() => text(xml, name, content),
        _ => Ok(()),
    }
}

fn text(xml: &mut Xml, name: &str, content: &str) -> io::Result<()> {
    let element = xml.create_element(name);
    element.write_text_content(BytesText::new(&writable(content)))?;
    Ok(())
}

/// A time as RFC 2822 writes it.
fn date(time: Timestamp) -> String {
    time.0.to_rfc2822()
}
