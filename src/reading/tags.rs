//! The tags of a music file.
use chrono::NaiveDate;
use lofty::{
    file::FileType,
    tag::{ItemKey, Tag, TagType},
};
use serde::{Deserialize, Serialize};
use uuid::{Uuid, uuid};

use super::{
    credits::{self, Credit},
    dates::date,
};
use crate::store::text::{clean, folded};

/// The tags that the catalogue is built from. They are stored with the upload, so that a later scan
/// can tell edits by users from changes of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tags {
    pub title: String,
    /// The MusicBrainz ID of the recording.
    pub mbid: Option<Uuid>,
    pub artists: Vec<Credit>,
    pub album: Option<AlbumTags>,
    pub position: Option<i64>,
    pub disc: Option<i64>,
    pub genres: Vec<String>,
    /// A URL or a code.
    pub license: Option<String>,
    pub copyright: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AlbumTags {
    pub title: String,
    /// The MusicBrainz ID of the release.
    pub mbid: Option<Uuid>,
    pub release_group: Option<Uuid>,
    pub artists: Vec<Credit>,
    /// Whether no tag names the artists of the album: they follow from those of its tracks.
    pub by_tracks: bool,
    pub date: Option<NaiveDate>,
}

/// Maximum length of a name or title in characters; longer ones are truncated.
const LONGEST: usize = 255;
/// Maximum number of genres, and of artists, of one file.
pub const MOST: usize = 20;

/// The artist of compilations, as MusicBrainz knows it.
const VARIOUS: (&str, Uuid) = (
    "Various Artists",
    uuid!("89ad4ac3-39f7-470e-963a-56509c546377"),
);

/// The items of all tags of a file, of which the best comes first: what is not in one may be in another.
pub struct Items<'a>(Vec<&'a Tag>);

impl<'a> Items<'a> {
    pub fn of(tags: &'a [Tag], file: Option<FileType>) -> Self {
        let usual = file.map(|file| file.primary_tag_type());
        let mut tags: Vec<&Tag> = tags.iter().collect();
        tags.sort_by_key(|tag| match tag.tag_type() {
            kind if Some(kind) == usual => 1,
            // Also what was read without the library.
            TagType::VorbisComments => 0,
            TagType::Id3v2 => 2,
            TagType::Ape => 3,
            TagType::Id3v1 => 5,
            _ => 4,
        });
        Self(tags)
    }

    /// The values of the best tag that has one, each once.
    pub fn texts(&self, key: ItemKey) -> Vec<String> {
        let of = |tag: &&Tag| {
            let mut texts: Vec<String> = Vec::new();
            for text in tag.get_strings(key).filter_map(kept).take(MOST) {
                if !texts.iter().any(|known| folded(known) == folded(&text)) {
                    texts.push(text);
                }
            }
            texts
        };
        self.0
            .iter()
            .map(of)
            .find(|texts| !texts.is_empty())
            .unwrap_or_default()
    }

    pub fn text(&self, key: ItemKey) -> Option<String> {
        self.texts(key).into_iter().next()
    }

    /// The first of the keys that something is made of.
    pub fn first<T>(&self, keys: &[ItemKey], made: impl Fn(&str) -> Option<T>) -> Option<T> {
        keys.iter().find_map(|key| {
            self.0
                .iter()
                .find_map(|tag| tag.get_strings(*key).find_map(&made))
        })
    }

    pub fn is_compilation(&self) -> bool {
        self.first(&[ItemKey::FlagCompilation], |flag| Some(flag.trim() == "1")) == Some(true)
    }

    fn id(&self, key: ItemKey) -> Option<Uuid> {
        self.first(&[key], |text| text.trim().parse().ok())
    }
}

/// The text as it is stored, in one line; `None` if nothing is left.
pub fn kept(text: &str) -> Option<String> {
    let plain = clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = plain.chars().take(LONGEST).collect();
    (!short.is_empty()).then_some(short)
}

/// What a file's tags tell; what they do not is empty.
pub fn of(items: &Items<'_>) -> Tags {
    let artists = credits::of(
        items,
        [ItemKey::TrackArtist, ItemKey::TrackArtists],
        ItemKey::MusicBrainzArtistId,
    );
    let (side, position) = items.first(&[ItemKey::TrackNumber], place).unzip();
    let disc = items
        .first(&[ItemKey::DiscNumber], place)
        .map(|(_, disc)| disc);
    Tags {
        title: items.text(ItemKey::TrackTitle).unwrap_or_default(),
        mbid: items.id(ItemKey::MusicBrainzRecordingId),
        album: album(items, &artists),
        artists,
        position,
        disc: disc.or(side.flatten()),
        genres: genres(items),
        license: items
            .text(ItemKey::License)
            .or_else(|| items.text(ItemKey::CopyrightUrl)),
        copyright: items.text(ItemKey::CopyrightMessage),
    }
}

/// A number such as `3`, `03/12`, `3 of 12`, or `B3` on the second side of a record.
fn place(text: &str) -> Option<(Option<i64>, i64)> {
    let text = text.trim();
    let side = text
        .bytes()
        .next()
        .filter(|byte| matches!(byte, b'A'..=b'H'));
    let digits = if side.is_some() { &text[1..] } else { text };
    let end = digits
        .find(|char: char| !char.is_ascii_digit())
        .unwrap_or(digits.len());
    let number = digits[..end]
        .parse()
        .ok()
        .filter(|number| (1..=99_999).contains(number))?;
    Some((side.map(|side| i64::from(side - b'A') + 1), number))
}

fn album(items: &Items<'_>, artists: &[Credit]) -> Option<AlbumTags> {
    let own = credits::of(
        items,
        [ItemKey::AlbumArtist, ItemKey::AlbumArtists],
        ItemKey::MusicBrainzReleaseArtistId,
    );
    let is_compilation = items.is_compilation();
    Some(AlbumTags {
        title: items.text(ItemKey::AlbumTitle)?,
        by_tracks: own.is_empty() && !is_compilation,
        mbid: items.id(ItemKey::MusicBrainzReleaseId),
        release_group: items.id(ItemKey::MusicBrainzReleaseGroupId),
        artists: match own.is_empty() {
            false => own,
            true if is_compilation => vec![Credit::various()],
            true => artists.iter().take(1).map(Credit::alone).collect(),
        },
        date: items.first(
            &[
                ItemKey::RecordingDate,
                ItemKey::Year,
                ItemKey::ReleaseDate,
                ItemKey::OriginalReleaseDate,
            ],
            date,
        ),
    })
}

/// Genres as tags, which are single words: `hip hop; soul` becomes `HipHop` and `Soul`.
fn genres(items: &Items<'_>) -> Vec<String> {
    let mut genres: Vec<String> = Vec::new();
    let listed = items.texts(ItemKey::Genre);
    for genre in listed
        .iter()
        .flat_map(|genres| genres.split([';', ',', '/']))
    {
        let word: String = genre
            .split(|char: char| !char.is_alphanumeric())
            .map(capitalized)
            .collect();
        let known = genres
            .iter()
            .any(|known| known.to_lowercase() == word.to_lowercase());
        if (1..=100).contains(&word.chars().count()) && !known && genres.len() < MOST {
            genres.push(word);
        }
    }
    genres
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).collect()
}

impl Credit {
    pub fn of(name: String) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }

    pub fn various() -> Self {
        let (name, mbid) = VARIOUS;
        Self {
            name: name.to_owned(),
            mbid: Some(mbid),
            join: String::new(),
        }
    }
}

impl Tags {
    /// The tags in `uploads.metadata`; `None` if the upload was not scanned.
    pub fn of_metadata(metadata: &serde_json::Value) -> Option<Self> {
        Self::deserialize(metadata.get("tags")?).ok()
    }

    /// The artist, and the album unless the file has one, of a file that names no artist.
    pub fn credit_to(&mut self, artist: Option<String>, album: Option<String>) {
        let artist = artist.unwrap_or_else(|| "Unknown Artist".to_owned());
        self.artists = vec![Credit::of(artist)];
        if let Some(title) = album.filter(|_| self.album.is_none()) {
            self.album = Some(AlbumTags {
                title,
                by_tracks: true,
                ..AlbumTags::default()
            });
        }
        if let Some(album) = self.album.as_mut().filter(|album| album.artists.is_empty()) {
            album.artists = self.artists.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_written_in_many_ways() {
        for (text, told) in [
            ("3", Some((None, 3))),
            ("03/12", Some((None, 3))),
            ("3 of 12", Some((None, 3))),
            ("B3", Some((Some(2), 3))),
            ("0", None),
            ("", None),
            ("A", None),
            ("three", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(place(text), told, "{text}");
        }
    }
}
