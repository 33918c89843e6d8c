//! The artists that a file credits.
use lofty::tag::ItemKey;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::tags::{Items, MOST};

/// An artist as credited by the file, and the join phrase before the next one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Credit {
    pub name: String,
    pub mbid: Option<Uuid>,
    pub join: String,
}

/// What stands between artists in one text; whether it does is certain only if there are as many MusicBrainz IDs.
const BETWEEN: &[&str] = &[
    " featuring ",
    " feat. ",
    " feat ",
    " ft. ",
    " ft ",
    " with ",
    " and ",
    " vs. ",
    " vs ",
    " & ",
    " + ",
    " x ",
    " / ",
    "; ",
    ", ",
    ";",
    "/",
];

/// What names a guest of the artist before it.
const GUESTS: &[&str] = &[
    " featuring ",
    " feat. ",
    " feat ",
    " ft. ",
    " ft ",
    " (feat",
    " [feat",
    " (ft",
    " [ft",
];

/// The credited artists: one by one if the file lists them, otherwise as written. Join phrases are
/// taken from the combined credit.
pub fn of(items: &Items<'_>, [together, each]: [ItemKey; 2], ids: ItemKey) -> Vec<Credit> {
    let ids: Vec<Option<Uuid>> = items
        .texts(ids)
        .iter()
        .flat_map(|list| list.split([';', '/', ',', ' ']))
        .filter(|id| !id.is_empty())
        .map(|id| id.parse().ok())
        .collect();
    let (written, listed) = (items.texts(together), items.texts(each));
    let whole = match written.as_slice() {
        [whole] => Some(whole.as_str()),
        _ => None,
    };
    let parts = match (listed.len(), whole) {
        (2.., _) => joined(whole, listed),
        (_, Some(whole)) => split(whole, ids.len()),
        (_, None) if written.is_empty() => joined(None, listed),
        (_, None) => joined(None, written),
    };
    let is_each = parts.len() == ids.len();
    let credit = |(index, (name, join)): (usize, (String, String))| Credit {
        name,
        join,
        mbid: ids.get(index).copied().flatten().filter(|_| is_each),
    };
    parts
        .into_iter()
        .take(MOST)
        .enumerate()
        .map(credit)
        .collect()
}

/// Names with the join phrase after each: that of the combined credit, otherwise a comma.
fn joined(whole: Option<&str>, names: Vec<String>) -> Vec<(String, String)> {
    let joins = joins(whole, &names);
    names.into_iter().zip(joins).collect()
}

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

/// The artists of one text: as many as there are IDs, if it names as many; otherwise only a semicolon parts them.
fn split(whole: &str, ids: usize) -> Vec<(String, String)> {
    if ids == 1 {
        return vec![(whole.to_owned(), String::new())];
    }
    let every = parted(whole, BETWEEN);
    if every.len() == ids {
        return every;
    }
    parted(whole, &["; ", ";"])
}

fn parted(whole: &str, separators: &[&str]) -> Vec<(String, String)> {
    // Of the same length: only ASCII changes its case.
    let lower = whole.to_ascii_lowercase();
    let mut parts = Vec::new();
    let mut from = 0;
    loop {
        let next = separators
            .iter()
            .filter_map(|separator| Some((from + lower[from..].find(separator)?, separator.len())))
            .min_by_key(|(at, length)| (*at, usize::MAX - length));
        let Some((at, length)) = next else { break };
        parts.push((
            whole[from..at].trim().to_owned(),
            whole[at..at + length].to_owned(),
        ));
        from = at + length;
    }
    parts.push((whole[from..].trim().to_owned(), String::new()));
    parts.retain(|(name, _)| !name.is_empty());
    if let Some((_, join)) = parts.last_mut() {
        join.clear();
    }
    parts
}

impl Credit {
    /// The artist without guests, who do not make an album another.
    pub fn alone(&self) -> Self {
        let lower = self.name.to_ascii_lowercase();
        let end = GUESTS.iter().filter_map(|guests| lower.find(guests)).min();
        let name = self.name[..end.unwrap_or(self.name.len())].trim();
        Self {
            name: if name.is_empty() { &self.name } else { name }.to_owned(),
            mbid: self.mbid,
            join: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_artists_is_kept() {
        let names = ["Ann".to_owned(), "Bob".to_owned()];
        assert_eq!(joins(Some("Ann feat. Bob"), &names), [" feat. ", ""]);
        assert_eq!(joins(Some("Somebody else"), &names), [", ", ""]);
        assert_eq!(joins(None, &names[..1]), [""]);
    }

    #[test]
    fn a_text_is_as_many_artists_as_it_has_ids() {
        let names = |whole: &str, ids| -> Vec<String> {
            split(whole, ids)
                .into_iter()
                .flat_map(|(name, join)| [name, join])
                .collect()
        };
        assert_eq!(names("Ann; Bob", 2), ["Ann", "; ", "Bob", ""]);
        assert_eq!(names("Ann; Bob", 0), ["Ann", "; ", "Bob", ""]);
        assert_eq!(names("Ann; Bob", 1), ["Ann; Bob", ""]);
        assert_eq!(names("Ann & Bob", 0), ["Ann & Bob", ""]);
        assert_eq!(
            names("Ann & Bob Feat. Cleo", 3),
            ["Ann", " & ", "Bob", " Feat. ", "Cleo", ""]
        );
        assert_eq!(names("Earth, Wind & Fire", 2), ["Earth, Wind & Fire", ""]);
        assert_eq!(names(";", 0), [""; 0]);
        assert_eq!(names("Ä; Ö", 2), ["Ä", "; ", "Ö", ""]);
    }

    #[test]
    fn guests_do_not_make_an_album_another() {
        let alone = |name: &str| {
            Credit {
                name: name.to_owned(),
                ..Credit::default()
            }
            .alone()
            .name
        };
        assert_eq!(alone("Ann feat. Bob"), "Ann");
        assert_eq!(alone("Ann (feat. Bob)"), "Ann");
        assert_eq!(alone("Ann & Bob"), "Ann & Bob");
    }
}
