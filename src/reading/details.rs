//! What a file says of its track beyond title, artists and album.
use std::{fs, path::Path};

use lofty::tag::ItemKey;

use super::{
    dates::date,
    sound::Properties,
    tags::{Items, MOST},
    track_details::{Contributor, ReplayGain, TrackDetails},
};
use crate::store::text::clean;

/// Maximum length of lyrics in bytes.
const LONGEST: usize = 64 << 10;

/// Who took part, by the names that roles have at MusicBrainz.
const ROLES: &[(ItemKey, &str)] = &[
    (ItemKey::Performer, "performer"),
    (ItemKey::Conductor, "conductor"),
    (ItemKey::Lyricist, "lyricist"),
    (ItemKey::Writer, "writer"),
    (ItemKey::Arranger, "arranger"),
    (ItemKey::Remixer, "remixer"),
    (ItemKey::Producer, "producer"),
    (ItemKey::Engineer, "engineer"),
    (ItemKey::MixEngineer, "mix"),
    (ItemKey::MixDj, "DJ-mixer"),
    (ItemKey::Director, "director"),
];

/// What the items of a file, its properties and an `.lrc` file beside it tell.
pub fn of(items: &Items<'_>, properties: Properties, path: &Path) -> TrackDetails {
    let contributors = ROLES.iter().flat_map(|(key, role)| {
        items.texts(*key).into_iter().map(|name| Contributor {
            role: (*role).to_owned(),
            name,
        })
    });
    TrackDetails {
        composers: items.texts(ItemKey::Composer),
        contributors: contributors.take(MOST * 2).collect(),
        work: items.text(ItemKey::Work),
        movement: items.text(ItemKey::Movement),
        movement_number: items.first(&[ItemKey::MovementNumber], |text| text.trim().parse().ok()),
        bpm: items.first(&[ItemKey::Bpm, ItemKey::IntegerBpm], |text| {
            number(text).filter(|bpm| *bpm > 0.0)
        }),
        initial_key: items.text(ItemKey::InitialKey),
        moods: items.texts(ItemKey::Mood),
        languages: items.texts(ItemKey::Language),
        comment: items.text(ItemKey::Comment),
        isrcs: items.texts(ItemKey::Isrc),
        labels: match items.texts(ItemKey::Label) {
            labels if !labels.is_empty() => labels,
            // ID3v2 has one frame for both.
            _ => items.texts(ItemKey::Publisher),
        },
        catalog_numbers: items.texts(ItemKey::CatalogNumber),
        original_date: items.first(&[ItemKey::OriginalReleaseDate], date),
        is_compilation: items.is_compilation(),
        title_sort: items.text(ItemKey::TrackTitleSortOrder),
        artist_sort: items.text(ItemKey::TrackArtistSortOrder),
        album_sort: items.text(ItemKey::AlbumTitleSortOrder),
        album_artist_sort: items.text(ItemKey::AlbumArtistSortOrder),
        replay_gain: gains(items),
        channels: properties.channels,
        sample_rate: properties.sample_rate,
        bit_depth: properties.bit_depth,
        lyrics: lyrics(items, path),
    }
}

/// A number such as `-6.50 dB`.
fn number(text: &str) -> Option<f64> {
    let number = text.split_whitespace().next()?;
    let number = number.trim_end_matches(|char: char| char.is_ascii_alphabetic());
    number
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
}

fn gains(items: &Items<'_>) -> Option<ReplayGain> {
    let told = |key| items.first(&[key], number);
    // In 1/256 dB below -23 LUFS, which are 5 dB below the level of ReplayGain (RFC 7845).
    let r128 = |key| {
        items.first(&[key], |text| {
            Some(text.trim().parse::<i16>().ok()? as f64 / 256.0 + 5.0)
        })
    };
    let gains = ReplayGain {
        track_gain: told(ItemKey::ReplayGainTrackGain).or_else(|| r128(ItemKey::R128TrackGain)),
        track_peak: told(ItemKey::ReplayGainTrackPeak),
        album_gain: told(ItemKey::ReplayGainAlbumGain).or_else(|| r128(ItemKey::R128AlbumGain)),
        album_peak: told(ItemKey::ReplayGainAlbumPeak),
    };
    (gains != ReplayGain::default()).then_some(gains)
}

/// The text in the file, otherwise that beside it.
fn lyrics(items: &Items<'_>, path: &Path) -> Option<String> {
    let text = |text: &str| {
        let lines: Vec<String> = text.lines().map(clean).collect();
        let text = lines.join("\n");
        let end = (0..=text.len().min(LONGEST))
            .rev()
            .find(|end| text.is_char_boundary(*end))?;
        let text = text[..end].trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let within = items.first(&[ItemKey::Lyrics, ItemKey::UnsyncLyrics], text);
    within.or_else(|| {
        let beside = path.with_extension("lrc");
        let small = fs::metadata(&beside).ok()?.len() <= LONGEST as u64;
        let bytes = small.then(|| fs::read(&beside).ok())??;
        text(&String::from_utf8_lossy(&bytes))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_are_numbers_of_decibels() {
        for (text, told) in [
            ("-6.50 dB", Some(-6.5)),
            ("+3dB", Some(3.0)),
            ("0.98", Some(0.98)),
            ("loud", None),
            ("NaN", None),
        ] {
            assert_eq!(number(text), told, "{text}");
        }
    }
}
