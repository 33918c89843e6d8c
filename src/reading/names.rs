//! What the names of a file and of its folders tell, below the folder that is scanned.
use std::{fs, path::Path};

use super::tags::{Tags, kept};
use crate::store::text::folded;

/// What is told by a path such as `Artist/Album/CD2/03 - Title.mp3`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub title: String,
    pub artist: Option<String>,
    pub album: Option<String>,
    pub position: Option<i64>,
    pub disc: Option<i64>,
}

impl Told {
    /// `root` is the folder that is scanned: what is above it has nothing to tell.
    pub fn by(path: &Path, root: &Path) -> Self {
        let below = path.strip_prefix(root).unwrap_or(path);
        let mut folders: Vec<String> = below
            .parent()
            .into_iter()
            .flat_map(Path::components)
            .filter_map(|part| kept(part.as_os_str().to_str()?))
            .collect();
        let mut told = Self::default();
        if let Some(disc) = folders.last().and_then(|folder| disc(folder)) {
            folders.pop();
            told.disc = Some(disc);
        }
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let stem = stem.and_then(kept).unwrap_or_else(|| "Untitled".to_owned());
        let number =
            number(&stem).filter(|number| !number.is_bare || follows(path, number.position));
        told.position = number.as_ref().map(|number| number.position);
        told.disc = told.disc.or(number.as_ref().and_then(|number| number.side));
        let name = number.as_ref().map_or(stem.as_str(), |number| number.rest);
        told.place(&folders, number.is_some());
        told.name(name);
        if told.title.is_empty() {
            told.title = stem;
        }
        told
    }

    /// Artist and album by the folders.
    fn place(&mut self, folders: &[String], is_numbered: bool) {
        let Some(last) = folders.last() else { return };
        let parted = last.split_once(" - ");
        match (folders, parted) {
            ([.., artist, album], None) => {
                self.artist = Some(artist.clone());
                self.album = Some(untimed(album));
            }
            ([.., artist, _], Some((first, rest))) => {
                self.artist = Some(artist.clone());
                let own = folded(first) == folded(artist) || is_year(first);
                self.album = Some(untimed(if own { rest } else { last }));
            }
            (_, Some((artist, album))) => {
                self.artist = Some(artist.trim().to_owned());
                self.album = Some(untimed(album));
            }
            // Numbers are those of an album.
            (_, None) if is_numbered => self.album = Some(untimed(last)),
            (_, None) => self.artist = Some(last.clone()),
        }
    }

    /// The title, and the artist before it.
    fn name(&mut self, name: &str) {
        self.title = name.to_owned();
        if let Some((artist, title)) = name.split_once(" - ") {
            let known = self.artist.as_deref().map(folded);
            if known.is_none_or(|known| known == folded(artist)) {
                self.artist = Some(artist.trim().to_owned());
                self.title = title.trim().to_owned();
            }
        }
    }

    /// Fills in what a file does not tell itself.
    pub fn complete(self, tags: &mut Tags) {
        if tags.disc.is_none() {
            tags.disc = self.disc;
        }
        let is_named = tags.title.is_empty() || folded(&tags.title) == folded(&self.title);
        if tags.position.is_none() && is_named {
            tags.position = self.position;
        }
        if tags.title.is_empty() {
            tags.title = self.title;
        }
        if tags.artists.is_empty() {
            tags.credit_to(self.artist, self.album);
        }
    }
}

/// The folder of a file's album: its own, or that above the folders of discs.
pub fn album_folder(file: &Path) -> Option<&Path> {
    let folder = file.parent()?;
    let name = folder.file_name().and_then(|name| name.to_str());
    match name.and_then(disc) {
        Some(_) => folder.parent(),
        None => Some(folder),
    }
}

/// `CD1`, `Disc 2`, `disk_03`.
fn disc(folder: &str) -> Option<i64> {
    let folder = folder.to_lowercase();
    let number = ["cd", "disc", "disk"]
        .iter()
        .find_map(|word| folder.strip_prefix(word))?;
    let number = number.trim_start_matches([' ', '_', '-', '.', '#']);
    let digits = number.split(|char: char| !char.is_ascii_digit()).next()?;
    digits.parse().ok().filter(|disc| (1..=99).contains(disc))
}

fn is_year(text: &str) -> bool {
    let text = text.trim();
    text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The name of an album without the year that people put before or behind it.
fn untimed(album: &str) -> String {
    let year = |text: &str| {
        is_year(
            text.trim()
                .trim_start_matches(['(', '['])
                .trim_end_matches([')', ']']),
        )
    };
    let before = album
        .split_once(" - ")
        .filter(|(first, _)| year(first))
        .map(|(_, rest)| rest);
    let behind = || {
        album
            .rsplit_once([' '])
            .filter(|(_, last)| last.len() == 6 && year(last))
            .map(|(rest, _)| rest)
    };
    let front = || {
        album
            .split_once(' ')
            .filter(|(first, _)| first.len() == 6 && year(first))
            .map(|(_, rest)| rest)
    };
    before
        .or_else(behind)
        .or_else(front)
        .unwrap_or(album)
        .trim()
        .to_owned()
}

/// A number at the beginning of a file's name.
struct Number<'a> {
    position: i64,
    /// The side of a record: the first is 1.
    side: Option<i64>,
    rest: &'a str,
    /// Nothing but a blank parts it from the rest: it may belong to the title.
    is_bare: bool,
}

fn number(stem: &str) -> Option<Number<'_>> {
    let side = stem
        .chars()
        .next()
        .filter(|char| matches!(char, 'A'..='H'))
        .map(|char| char as i64 - 'A' as i64 + 1);
    let unsided = if side.is_some() { &stem[1..] } else { stem };
    let end = unsided
        .find(|char: char| !char.is_ascii_digit())
        .unwrap_or(unsided.len());
    let (digits, rest) = unsided.split_at(end);
    let position = digits
        .parse()
        .ok()
        .filter(|_| digits.len() <= 3)
        .filter(|number| *number > 0)?;
    let title = rest.trim_start_matches([' ', '.', '-', '_', ')']);
    let parting = &rest[..rest.len() - title.len()];
    if parting.is_empty() && !rest.is_empty() {
        return None;
    }
    // `1-03 Title` is the third of the first disc.
    if parting == "-"
        && side.is_none()
        && digits.len() == 1
        && let Some(inner) = number(title)
        && title.starts_with(|char: char| char.is_ascii_digit())
    {
        return Some(Number {
            side: Some(position),
            ..inner
        });
    }
    let is_bare = !title.is_empty()
        && parting.chars().all(|char| char == ' ')
        && !digits.starts_with('0')
        && side.is_none();
    // "1.5 Hours" is no first track.
    let is_decimal = parting == "." && title.starts_with(|char: char| char.is_ascii_digit());
    (!is_decimal).then_some(Number {
        position,
        side,
        rest: title,
        is_bare,
    })
}

/// Whether another file beside this one has the number before or after this.
fn follows(path: &Path, position: i64) -> bool {
    // The name of a file that was uploaded is no path here.
    let folder = path.parent().filter(|folder| folder.is_absolute());
    let Some(folder) = folder.and_then(|folder| fs::read_dir(folder).ok()) else {
        return false;
    };
    let names = folder
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().into_string().ok());
    let starts = [
        format!("{} ", position - 1),
        format!("0{} ", position - 1),
        format!("{} ", position + 1),
    ];
    names
        .take(2_000)
        .any(|name| starts.iter().any(|start| name.starts_with(start.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(
        path: &str,
    ) -> (
        String,
        Option<String>,
        Option<String>,
        Option<i64>,
        Option<i64>,
    ) {
        let told = Told::by(
            &Path::new("/home/john/Music").join(path),
            Path::new("/home/john/Music"),
        );
        (
            told.title,
            told.artist,
            told.album,
            told.position,
            told.disc,
        )
    }

    #[test]
    fn names_tell_what_tags_do_not() {
        let some = |text: &str| Some(text.to_owned());
        for (path, title, artist, album, position, disc) in [
            ("x.mp3", "x", None, None, None, None),
            (
                "Ann/First/03 - Song.mp3",
                "Song",
                some("Ann"),
                some("First"),
                Some(3),
                None,
            ),
            (
                "Ann/First/CD2/03. Song.mp3",
                "Song",
                some("Ann"),
                some("First"),
                Some(3),
                Some(2),
            ),
            (
                "Ann/First (1998)/Disc 1/03_Song.mp3",
                "Song",
                some("Ann"),
                some("First"),
                Some(3),
                Some(1),
            ),
            (
                "Ann/1998 - First/03 Song.mp3",
                "Song",
                some("Ann"),
                some("First"),
                Some(3),
                None,
            ),
            (
                "Ann/[1998] First/03) Song.mp3",
                "Song",
                some("Ann"),
                some("First"),
                Some(3),
                None,
            ),
            (
                "Ann - First/03 - Ann - Song.mp3",
                "Song",
                some("Ann"),
                some("First"),
                Some(3),
                None,
            ),
            (
                "First/03 - Song.mp3",
                "Song",
                None,
                some("First"),
                Some(3),
                None,
            ),
            (
                "First/03 - Bea - Song.mp3",
                "Song",
                some("Bea"),
                some("First"),
                Some(3),
                None,
            ),
            ("Ann/Song.mp3", "Song", some("Ann"), None, None, None),
            ("Ann - Song.mp3", "Song", some("Ann"), None, None, None),
            (
                "99 Luftballons.mp3",
                "99 Luftballons",
                None,
                None,
                None,
                None,
            ),
            (
                "Tool/10,000 Days.mp3",
                "10,000 Days",
                some("Tool"),
                None,
                None,
                None,
            ),
            ("1.5 Hours.mp3", "1.5 Hours", None, None, None, None),
            ("07.mp3", "07", None, None, Some(7), None),
            ("1999.mp3", "1999", None, None, None, None),
            ("A1 Song.mp3", "Song", None, None, Some(1), Some(1)),
            ("B2. Song.mp3", "Song", None, None, Some(2), Some(2)),
            (
                "Ann/First/2-03 Song.mp3",
                "Song",
                some("Ann"),
                some("First"),
                Some(3),
                Some(2),
            ),
            ("A Song.mp3", "A Song", None, None, None, None),
        ] {
            let expected = (title.to_owned(), artist, album, position, disc);
            assert_eq!(told(path), expected, "{path}");
        }
    }
}
