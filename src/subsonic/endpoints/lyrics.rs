//! The texts of songs.
use poem::Response;
use serde::Serialize;

use super::songs::playable;
use crate::{
    guard::Allowed,
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
    let filter = TrackFilter {
        title_equals: Some(title.to_owned()),
        ..playable()
    };
    let listing = listing(&permit, &filter, &[]).await?;
    let ids = listing.page(permit.db(), MOST, 0).await?;
    for song in songs(call, &ids).await? {
        let is_by = |artist: &str| song.artist.to_lowercase() == artist.to_lowercase();
        let number = Kind::Track.number(&song.id.to_string())?;
        if artist.is_none_or(is_by)
            && let Some(text) = text_of(&permit, number).await?
        {
            lyrics.value = Vec::from_iter(text.lines.into_iter().map(|line| line.text)).join("\n");
            break;
        }
    }
    Ok(call.format.told("lyrics", &lyrics))
}

/// Songs of one title that are looked at.
const MOST: i64 = 50;

async fn text_of<O: crate::guard::Operation>(
    permit: &Allowed<O>,
    track: i64,
) -> Told<Option<Lyrics>> {
    let details = permit.loaders().shared::<DetailsOfTrack>(track).await?;
    let details = details.as_deref().and_then(Option::as_ref);
    Ok(details
        .and_then(|details| details.lyrics.as_deref())
        .map(Lyrics::read))
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
    let text = text_of(&permit, id).await?.map(|text| StructuredLyrics {
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
