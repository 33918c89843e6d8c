//! Files that the library does not read: what ffprobe tells of them, where it is installed.
use std::path::Path;

use lofty::tag::{ItemKey, ItemValue, Tag, TagItem, TagType};

use super::{
    id3,
    sound::{Properties, Refused, Sound},
};
use crate::media::probe::{Probed, probe};

/// Endings of files that are films more often than music: with moving pictures they are no tracks.
const FILMS: &[&str] = &["mp4", "webm"];

/// What ffprobe tells of a file that could not be read for a reason.
pub async fn read(ffprobe: &Path, path: &Path, reason: String) -> Result<Sound, Refused> {
    let probed = match probe(ffprobe, path).await {
        Ok(probed) => probed,
        Err(told) => return Err(Refused(format!("{reason}; {told}"))),
    };
    let ending = path
        .extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default();
    if probed.is_film() && FILMS.contains(&ending.to_ascii_lowercase().as_str()) {
        return Err(Refused("it is a film".to_owned()));
    }
    let audio = probed
        .audio()
        .ok_or_else(|| Refused("it holds no audio".to_owned()))?;
    let mimetype = match ending.eq_ignore_ascii_case("mka") {
        // The same to ffprobe as WebM.
        true => Some("audio/x-matroska"),
        false => mimetype(&probed, audio.codec_name.as_deref().unwrap_or_default()),
    };
    let mimetype =
        mimetype.ok_or_else(|| Refused("it is no format that can be played here".to_owned()))?;
    let number = |text: Option<&String>| {
        text.and_then(|text| text.parse::<f64>().ok())
            .filter(|number| *number > 0.0)
    };
    let seconds =
        number(probed.format.duration.as_ref()).or_else(|| number(audio.duration.as_ref()));
    let bits = number(audio.bit_rate.as_ref()).or_else(|| number(probed.format.bit_rate.as_ref()));
    Ok(Sound {
        mimetype,
        file: None,
        milliseconds: seconds.map_or(0, |seconds| (seconds * 1000.0).ceil() as i64),
        bitrate: bits.map(|bits| bits as i64),
        properties: Properties {
            channels: audio.channels,
            sample_rate: audio
                .sample_rate
                .as_deref()
                .and_then(|rate| rate.parse().ok()),
            bit_depth: audio
                .bits_per_raw_sample
                .as_deref()
                .and_then(|bits| bits.parse().ok()),
        },
        tags: id3::texts(path).into_iter().chain([tag(&probed)]).collect(),
        partly: None,
    })
}

/// The tags of a file of which the library reads nothing but the properties.
pub async fn tags(ffprobe: &Path, path: &Path) -> Option<Tag> {
    Some(tag(&probe(ffprobe, path).await.ok()?))
}

fn mimetype(probed: &Probed, codec: &str) -> Option<&'static str> {
    let names: Vec<&str> = probed.format.format_name.split(',').collect();
    let is = |name: &str| names.contains(&name);
    Some(match codec {
        "opus" if is("ogg") => "audio/opus",
        _ if is("ogg") => "audio/ogg",
        _ if is("mp3") => "audio/mpeg",
        _ if is("flac") => "audio/flac",
        _ if is("aac") => "audio/aac",
        _ if is("wav") || is("w64") => "audio/wav",
        _ if is("aiff") => "audio/aiff",
        _ if is("mov") || is("mp4") => "audio/mp4",
        _ if is("webm") && matches!(codec, "opus" | "vorbis") => "audio/webm",
        _ if is("matroska") => "audio/x-matroska",
        _ if is("asf") => "audio/x-ms-wma",
        _ if is("ape") => "audio/x-ape",
        _ if is("wv") => "audio/x-wavpack",
        _ if is("mpc") || is("mpc8") => "audio/x-musepack",
        _ if is("dsf") => "audio/x-dsf",
        _ if is("iff") => "audio/x-dff",
        _ if is("tta") => "audio/x-tta",
        _ if is("tak") => "audio/x-tak",
        _ if is("caf") => "audio/x-caf",
        _ => return None,
    })
}

/// Tags by the names that ffprobe gives them in every format.
fn tag(probed: &Probed) -> Tag {
    let mut tag = Tag::new(TagType::VorbisComments);
    let streams = probed.audio().map(|audio| &audio.tags);
    let told = probed
        .format
        .tags
        .iter()
        .chain(streams.into_iter().flatten());
    for (name, value) in told {
        let Some(key) = key(name) else { continue };
        if tag.get_string(key).is_none() {
            // Several values come in one, and MusicBrainz IDs are told apart where credits are read.
            tag.push(TagItem::new(key, ItemValue::Text(value.clone())));
        }
    }
    tag
}

fn key(name: &str) -> Option<ItemKey> {
    let plain: String = name
        .trim_start_matches("WM/")
        .chars()
        .filter(|char| char.is_alphanumeric())
        .collect::<String>()
        .to_ascii_uppercase();
    Some(match plain.as_str() {
        "TRACK" => ItemKey::TrackNumber,
        "DISC" | "PARTOFSET" => ItemKey::DiscNumber,
        "YEAR" => ItemKey::Year,
        "MUSICBRAINZALBUMID" => ItemKey::MusicBrainzReleaseId,
        "MUSICBRAINZALBUMARTISTID" => ItemKey::MusicBrainzReleaseArtistId,
        "MUSICBRAINZARTISTID" => ItemKey::MusicBrainzArtistId,
        "MUSICBRAINZTRACKID" => ItemKey::MusicBrainzRecordingId,
        "MUSICBRAINZRELEASEGROUPID" => ItemKey::MusicBrainzReleaseGroupId,
        "COMPILATION" | "ISCOMPILATION" => ItemKey::FlagCompilation,
        _ => return ItemKey::from_key(TagType::VorbisComments, &plain),
    })
}
