//! Feeds in RSS, with what directories of podcasts add to it.
use rss::{Channel, Guid, Image, Item, extension::itunes::ITunesItemExtension};

use super::{
    Audio, Episode, Feed, Unreadable,
    facts::{Base, date, fact, mark, name, number, seconds, text, truth},
    heard, words,
};
use crate::resources::publishing::channels::Metadata;

pub fn read(bytes: &[u8], base: &Base) -> Result<Feed, Unreadable> {
    let told = Channel::read_from(bytes).map_err(|_| Unreadable::NoFeed)?;
    let title = name(&told.title).ok_or(Unreadable::NoTitle)?;
    let itunes = told.itunes_ext();
    let of_itunes = itunes.and_then(|itunes| itunes.image());
    let image = of_itunes.or(told.image().map(Image::url));
    let summary = itunes.and_then(|itunes| itunes.summary());
    let keywords = itunes.and_then(|itunes| itunes.keywords());
    let categories = itunes.map_or(&[][..], |itunes| itunes.categories());
    let categories = categories.iter().map(|category| category.text());
    Ok(Feed {
        title,
        description: text(Some(told.description())).or_else(|| text(summary)),
        picture: image.and_then(|image| base.address(image)),
        tags: words(categories.chain(keywords.unwrap_or_default().split(','))),
        metadata: metadata(&told),
        episodes: heard(told.items(), |item| episode(item, base))?,
    })
}

fn metadata(told: &Channel) -> Metadata {
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

fn episode(item: &Item, base: &Base) -> Option<Episode> {
    let itunes = item.itunes_ext();
    let told = |of: fn(&ITunesItemExtension) -> Option<&str>| itunes.and_then(of);
    let enclosed = item.enclosure()?;
    let audio = Audio::of(
        base,
        enclosed.url(),
        (enclosed.mime_type(), enclosed.length()),
    )?;
    let guid = item.guid().map(Guid::value);
    let description = text(item.content())
        .or_else(|| text(item.description()))
        .or_else(|| text(told(ITunesItemExtension::summary)));
    Some(Episode {
        guid: guid.and_then(mark).unwrap_or_else(|| audio.url.clone()),
        title: name(item.title().unwrap_or_default()).unwrap_or_else(|| "Untitled".to_owned()),
        description,
        picture: told(ITunesItemExtension::image).and_then(|image| base.address(image)),
        date: item.pub_date().and_then(date),
        season: told(ITunesItemExtension::season).and_then(number),
        number: told(ITunesItemExtension::episode).and_then(number),
        duration: told(ITunesItemExtension::duration).and_then(seconds),
        audio,
    })
}
