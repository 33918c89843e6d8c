//! What answers are made of.
pub mod albums;
pub mod artists;
pub mod folders;
pub mod playlists;
pub mod songs;

use std::sync::Arc;

use chrono::{Datelike, SecondsFormat};
use serde::{Serialize, Serializer};

use super::ids::Id;
use crate::{
    load::Found,
    resources::catalogue::{artists::Artist, credits::ArtistCredit, tags::Tag},
    time::{Date, Timestamp},
};

/// Declares an element of answers: what it always has, and what it has if it is known.
macro_rules! shape {
    ($(#[doc = $doc:literal])+ pub struct $name:ident {
        $($field:ident: $type:ty,)*
    } known {
        $($known:ident: $known_type:ty,)*
    }) => {
        $(#[doc = $doc])+
        #[derive(Debug, serde::Serialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $(pub $field: $type,)*
            $(#[serde(skip_serializing_if = "Option::is_none")] pub $known: Option<$known_type>,)*
        }
    };
}
pub(super) use shape;

/// An instant to the millisecond: `2022-01-01T00:00:00.000Z`.
#[derive(Clone, Copy, Debug)]
pub struct Moment(pub Timestamp);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.0.to_rfc3339_opts(SecondsFormat::Millis, true);
        serializer.serialize_str(&text)
    }
}

/// Something that has only a name.
#[derive(Debug, Serialize)]
pub struct Named {
    pub name: String,
}

/// A day, as far as it is known.
#[derive(Debug, Serialize)]
pub struct Day {
    year: i32,
    month: u32,
    day: u32,
}

impl From<Date> for Day {
    fn from(date: Date) -> Self {
        Self {
            year: date.0.year(),
            month: date.0.month(),
            day: date.0.day(),
        }
    }
}

/// An artist of an album or a song.
#[derive(Clone, Debug, Serialize)]
pub struct Credited {
    pub id: Id,
    pub name: String,
}

/// The artists of an album or a song.
#[derive(Debug, Default)]
pub struct Credits {
    pub artists: Vec<Credited>,
    /// Their names as they are credited together: `Ann feat. Ben`.
    pub together: String,
}

impl Credits {
    pub fn of(credits: Option<&Arc<Vec<ArtistCredit>>>, artists: &Found<Arc<Artist>>) -> Self {
        let credits = credits.map_or(&[][..], |credits| credits.as_slice());
        let mut all = Self::default();
        let last = credits.len().saturating_sub(1);
        for (index, credit) in credits.iter().enumerate() {
            let Some(artist) = artists.get(&credit.artist_id) else {
                continue;
            };
            let name = match credit.credit.is_empty() {
                true => artist.name.as_str(),
                false => credit.credit.as_str(),
            };
            all.together.push_str(name);
            if index < last {
                let phrase = credit.join_phrase.as_str();
                all.together
                    .push_str(if phrase.is_empty() { ", " } else { phrase });
            }
            all.artists.push(Credited {
                id: Id::Artist(artist.id),
                name: artist.name.clone(),
            });
        }
        all
    }

    pub fn first(&self) -> Option<Id> {
        self.artists.first().map(|artist| artist.id.clone())
    }
}

/// The tags of something, as genres.
pub fn genres(tags: Option<&Arc<Vec<Tag>>>) -> Vec<Named> {
    let tags = tags.into_iter().flat_map(|tags| tags.iter());
    tags.map(|tag| Named {
        name: tag.name.clone(),
    })
    .collect()
}

/// The year of a day.
pub fn year(date: Option<Date>) -> Option<i32> {
    date.map(|date| date.0.year())
}

/// The IDs of all artists in credits.
pub fn credited<'a>(
    credits: impl Iterator<Item = &'a Arc<Vec<ArtistCredit>>>,
) -> impl Iterator<Item = i64> {
    let ids: Vec<i64> = credits
        .flat_map(|credits| credits.iter())
        .map(|credit| credit.artist_id)
        .collect();
    ids.into_iter()
}
