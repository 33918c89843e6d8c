//! The texts of songs.
use poem::Response;
use serde::Serialize;

use super::songs::{named, playable};
use crate::{
    graphql::{ids::Key, reference::ById},
    guard::Allowed,
    reading::TrackDetails,
    resources::catalogue::tracks::{DetailsOfTrack, List, Lyrics, Retrieve, TrackFilter, listing},
    subsonic::{
        Call,
        ids::Kind,
        refusal::Told,
        shapes::{shape, songs::songs},
    },
};

shape! {
    /// A text without times.
    pub struct PlainLyrics {
        value: String,
    } known {
        artist: String,
        title: String,
    }
}

/// The text of a song by its artist and title; empty if there is none.
pub async fn by_title(call: &Call) -> Told<Response> {
    let permit: Allowed<List> = call.permit().await?;
    let (artist, title) = (call.params.text("artist"), call.params.text("title"));
    let mut lyrics = PlainLyrics {
        value: String::new(),
        artist: artist.map(str::to_owned),
        title: title.map(str::to_owned),
    };
    let Some(title) = title else {
        return Ok(call.format.told("lyrics", &lyrics));
    };
    let artist = match artist {
        Some(artist) => match named(call, artist).await? {
            Some(artist) => Some(ById::keyed(Key::Id(artist))),
            None => return Ok(call.format.told("lyrics", &lyrics)),
        },
        None => None,
    };
    let filter = TrackFilter {
        title_equals: Some(title.to_owned()),
        artist,
        ..playable()
    };
    let listing = listing(&permit, &filter, &[]).await?;
    let ids = listing.page(permit.db(), MOST, 0).await?;
    let details = permit.loaders().list::<DetailsOfTrack>(&ids).await?;
    let mut texts = details.iter().filter_map(|details| text_in(details));
    if let Some(text) = texts.next() {
        lyrics.value = Vec::from_iter(text.lines.into_iter().map(|line| line.text)).join("\n");
    }
    Ok(call.format.told("lyrics", &lyrics))
}

/// Songs of one title that are looked at.
const MOST: i64 = 50;

fn text_in(details: &Option<TrackDetails>) -> Option<Lyrics> {
    details.as_ref()?.lyrics.as_deref().map(Lyrics::read)
}

shape! {
    /// A line, with the time in milliseconds at which it is sung.
    pub struct Line {
        value: String,
    } known {
        start: i32,
    }
}

shape! {
    /// The text of a song in a language.
    pub struct StructuredLyrics {
        lang: String,
        synced: bool,
        display_artist: String,
        display_title: String,
        line: Vec<Line>,
    } known {
    }
}

pub async fn by_id(call: &Call) -> Told<Response> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct LyricsList {
        structured_lyrics: Vec<StructuredLyrics>,
    }
    let permit: Allowed<Retrieve> = call.permit().await?;
    let id = call.params.id("id", Kind::Track)?;
    let song = songs(call, &[id]).await?.pop();
    let song = song.ok_or_else(|| Kind::Track.missing())?;
    let details = permit.loaders().shared::<DetailsOfTrack>(id).await?;
    let text = details
        .as_deref()
        .and_then(text_in)
        .map(|text| StructuredLyrics {
            lang: "xxx".to_owned(),
            synced: text.is_synced,
            display_artist: song.artist,
            display_title: song.title,
            line: Vec::from_iter(text.lines.into_iter().map(|line| Line {
                value: line.text,
                start: line.start,
            })),
        });
    let list = LyricsList {
        structured_lyrics: text.into_iter().collect(),
    };
    Ok(call.format.told("lyricsList", &list))
}
