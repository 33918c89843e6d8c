//! Feeds in Atom (RFC 4287), with what directories of podcasts add to it.
use atom_syndication::{
    self as atom, Category, Entry, Link, Person, Text, TextType,
    extension::{Extension, ExtensionMap},
};

use super::{
    Audio, Episode, Feed, Unreadable,
    facts::{Base, date, fact, mark, name, name_of_html, number, seconds, text, truth},
    heard, words,
};
use crate::resources::publishing::channels::Metadata;

pub fn read(bytes: &[u8], base: &Base) -> Result<Feed, Unreadable> {
    let told = atom::Feed::read_from(bytes).map_err(|_| Unreadable::NoFeed)?;
    let base = base.within(told.base());
    let image = itunes(told.extensions(), "image").and_then(source);
    Ok(Feed {
        title: title(told.title()).ok_or(Unreadable::NoTitle)?,
        description: text(told.subtitle().map(Text::as_str)),
        picture: image.or(told.logo()).and_then(|image| base.address(image)),
        tags: words(told.categories().iter().map(Category::term)),
        metadata: metadata(&told),
        episodes: heard(told.entries(), |entry| episode(entry, &base))?,
    })
}

fn metadata(told: &atom::Feed) -> Metadata {
    let author = told.authors().first();
    let of_itunes = |name| itunes(told.extensions(), name);
    let category = of_itunes("category").and_then(|category| category.attrs().get("text"));
    Metadata {
        explicit: of_itunes("explicit").and_then(|explicit| truth(explicit.value()?)),
        language: fact(told.lang()),
        copyright: fact(told.rights().map(Text::as_str)),
        owner_name: fact(author.map(Person::name)),
        owner_email: fact(author.and_then(Person::email)),
        itunes_category: fact(category.map(String::as_str)),
        itunes_subcategory: None,
    }
}

fn episode(entry: &Entry, base: &Base) -> Option<Episode> {
    let told = |name| itunes(entry.extensions(), name).and_then(Extension::value);
    let picture = itunes(entry.extensions(), "image").and_then(source);
    let audio = entry.links().iter().find_map(|link| audio(link, base))?;
    let content = entry.content().and_then(|content| content.value());
    let came_out = entry.published().unwrap_or(entry.updated());
    Some(Episode {
        guid: mark(entry.id()).unwrap_or_else(|| audio.url.clone()),
        title: title(entry.title()).unwrap_or_else(|| "Untitled".to_owned()),
        description: text(content).or_else(|| text(entry.summary().map(Text::as_str))),
        picture: picture.and_then(|picture| base.address(picture)),
        date: date(&came_out.to_rfc3339()),
        season: told("season").and_then(number),
        number: told("episode").and_then(number),
        duration: told("duration").and_then(seconds),
        audio,
    })
}

fn title(told: &Text) -> Option<String> {
    match told.r#type {
        TextType::Text => name(told),
        TextType::Html | TextType::Xhtml => name_of_html(told),
    }
}

fn audio(link: &Link, base: &Base) -> Option<Audio> {
    let media_type = link.mime_type().unwrap_or_default();
    let length = link.length().unwrap_or_default();
    (link.rel() == "enclosure").then(|| Audio::of(base, link.href(), (media_type, length)))?
}

fn itunes<'a>(told: &'a ExtensionMap, name: &str) -> Option<&'a Extension> {
    told.get("itunes")?.get(name)?.first()
}

/// Where the picture of an element is.
fn source(image: &Extension) -> Option<&str> {
    image.attrs().get("href").map(String::as_str)
}
