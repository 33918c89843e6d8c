//! The tags of a music file.
use std::path::Path;

use chrono::{Datelike, NaiveDate};
use lofty::tag::{Accessor, ItemKey, Tag};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::store::text::clean;

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
    pub date: Option<NaiveDate>,
}

/// An artist as credited by the file, and the join phrase before the next one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Credit {
    pub name: String,
    pub mbid: Option<Uuid>,
    pub join: String,
}

/// Maximum length of a name or title in characters; longer ones are truncated.
const LONGEST: usize = 255;
/// Maximum number of genres, and of artists, of one file.
const MOST: usize = 20;

/// The tags of a file; missing ones are guessed from its path.
pub fn of(tag: &Tag, path: &Path) -> Tags {
    let guessed = Tags::of_name(path);
    let text = |key| tag.get_strings(key).find_map(kept);
    let artists = credits(
        tag,
        [ItemKey::TrackArtist, ItemKey::TrackArtists],
        ItemKey::MusicBrainzArtistId,
    );
    let artists = if artists.is_empty() {
        guessed.artists
    } else {
        artists
    };
    Tags {
        title: text(ItemKey::TrackTitle).unwrap_or(guessed.title),
        mbid: id(tag, ItemKey::MusicBrainzRecordingId),
        album: album(tag, &artists),
        artists,
        position: tag.track().map(i64::from).filter(|number| *number > 0),
        disc: tag.disk().map(i64::from).filter(|number| *number > 0),
        genres: genres(tag),
        license: text(ItemKey::License).or_else(|| text(ItemKey::CopyrightUrl)),
        copyright: text(ItemKey::CopyrightMessage),
    }
}

/// The text as it is stored, in one line; `None` if nothing is left.
fn kept(text: &str) -> Option<String> {
    let plain = clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = plain.chars().take(LONGEST).collect();
    (!short.is_empty()).then_some(short)
}

fn id(tag: &Tag, key: ItemKey) -> Option<Uuid> {
    tag.get_string(key)?.trim().parse().ok()
}

fn album(tag: &Tag, artists: &[Credit]) -> Option<AlbumTags> {
    let own = credits(
        tag,
        [ItemKey::AlbumArtist, ItemKey::AlbumArtists],
        ItemKey::MusicBrainzReleaseArtistId,
    );
    Some(AlbumTags {
        title: tag.get_strings(ItemKey::AlbumTitle).find_map(kept)?,
        mbid: id(tag, ItemKey::MusicBrainzReleaseId),
        release_group: id(tag, ItemKey::MusicBrainzReleaseGroupId),
        artists: match own.is_empty() {
            true => artists.iter().take(1).cloned().map(Credit::alone).collect(),
            false => own,
        },
        date: [
            ItemKey::RecordingDate,
            ItemKey::Year,
            ItemKey::ReleaseDate,
            ItemKey::OriginalReleaseDate,
        ]
        .into_iter()
        .find_map(|key| date(tag.get_string(key)?)),
    })
}

/// The credited artists: one by one if the file lists them, otherwise as written. Join phrases are
/// taken from the combined credit.
fn credits(tag: &Tag, [together, each]: [ItemKey; 2], ids: ItemKey) -> Vec<Credit> {
    let ids: Vec<Option<Uuid>> = tag
        .get_strings(ids)
        .flat_map(|list| list.split([';', '/']))
        .map(|id| id.trim().parse().ok())
        .collect();
    let written = tag.get_strings(together).filter_map(kept);
    let written: Vec<String> = written.take(MOST).collect();
    let listed: Vec<String> = tag.get_strings(each).filter_map(kept).take(MOST).collect();
    let names = match (listed.len(), written.len()) {
        (2.., _) => listed,
        _ => written.clone(),
    };
    let whole = (written.len() == 1).then(|| written[0].as_str());
    let joins = joins(whole, &names);
    let alone = names.len() == ids.len();
    let credit = |(index, (name, join)): (usize, (String, String))| Credit {
        name,
        join,
        mbid: ids.get(index).copied().flatten().filter(|_| alone),
    };
    names
        .into_iter()
        .zip(joins)
        .enumerate()
        .map(credit)
        .collect()
}

/// The join phrase after each name.
fn joins(whole: Option<&str>, names: &[String]) -> Vec<String> {
    let between = || {
        let mut rest = whole?.strip_prefix(names.first()?.as_str())?;
        let mut joins = Vec::new();
        for name in &names[1..] {
            let (join, behind) = rest.split_once(name.as_str())?;
            joins.push(join.to_owned());
            rest = behind;
        }
        joins.push(String::new());
        Some(joins)
    };
    between().unwrap_or_else(|| {
        let last = names.len().saturating_sub(1);
        let join = |index| if index < last { ", " } else { "" };
        (0..names.len())
            .map(|index| join(index).to_owned())
            .collect()
    })
}

/// Genres as tags, which are single words: `hip hop; soul` becomes `HipHop` and `Soul`.
fn genres(tag: &Tag) -> Vec<String> {
    let mut genres: Vec<String> = Vec::new();
    let listed = tag.get_strings(ItemKey::Genre);
    for genre in listed.flat_map(|genres| genres.split([';', ',', '/'])) {
        let word: String = genre
            .split(|char: char| !char.is_alphanumeric())
            .map(capitalized)
            .collect();
        let folded = word.to_lowercase();
        let known = genres.iter().any(|known| known.to_lowercase() == folded);
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

/// A date; missing months and days become 1.
fn date(text: &str) -> Option<NaiveDate> {
    let mut parts = text.get(..10).unwrap_or(text).split(['-', '/', '.']);
    let year: i32 = parts.next()?.trim().parse().ok()?;
    let mut part = || parts.next().and_then(|part| part.parse().ok());
    let (month, day) = (part().unwrap_or(1), part().unwrap_or(1));
    NaiveDate::from_ymd_opt(year, month, day)
        .or_else(|| NaiveDate::from_ymd_opt(year, 1, 1))
        .filter(|date| (1000..=9999).contains(&date.year()))
}

impl Credit {
    fn alone(self) -> Self {
        Self {
            join: String::new(),
            ..self
        }
    }
}

impl Tags {
    /// Tags guessed from a path such as `Artist/Album/03 Title.mp3`.
    pub fn of_name(path: &Path) -> Self {
        let name = |path: Option<&Path>| path?.file_name()?.to_str().and_then(kept);
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let stem = stem.and_then(kept).unwrap_or_else(|| "Untitled".to_owned());
        let untitled = stem.trim_start_matches(|char: char| {
            char.is_ascii_digit() || matches!(char, ' ' | '.' | '-' | '_')
        });
        let title = if untitled.is_empty() { &stem } else { untitled };
        let artist = name(path.parent().and_then(Path::parent));
        Self {
            title: title.to_owned(),
            artists: vec![Credit {
                name: artist.unwrap_or_else(|| "Unknown Artist".to_owned()),
                ..Credit::default()
            }],
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_may_be_known_in_part() {
        let day = |text| date(text).map(|date| date.to_string());
        assert_eq!(day("2001").as_deref(), Some("2001-01-01"));
        assert_eq!(day("2001-05").as_deref(), Some("2001-05-01"));
        assert_eq!(day("2001-05-06T00:00:00").as_deref(), Some("2001-05-06"));
        assert_eq!(day("2001-99-99").as_deref(), Some("2001-01-01"));
        assert_eq!(day("0"), None);
        assert_eq!(day("soon"), None);
    }

    #[test]
    fn what_stands_between_artists_is_kept() {
        let names = ["Ann".to_owned(), "Bob".to_owned()];
        assert_eq!(joins(Some("Ann feat. Bob"), &names), [" feat. ", ""]);
        assert_eq!(joins(Some("Somebody else"), &names), [", ", ""]);
        assert_eq!(joins(None, &names[..1]), [""]);
    }

    #[test]
    fn a_file_without_tags_is_called_by_its_name() {
        let tags = Tags::of_name(Path::new("/music/Ann/First/03 - Song.mp3"));
        assert_eq!(tags.title, "Song");
        assert_eq!(tags.artists[0].name, "Ann");
        assert_eq!(Tags::of_name(Path::new("/07.mp3")).title, "07");
    }
}
