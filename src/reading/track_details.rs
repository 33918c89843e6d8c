//! What a file says of its track, as it is kept and shown.
use async_graphql::SimpleObject;
use serde::{Deserialize, Serialize};

/// What the file of a track says of it beyond its title, artists and album, as read when it was scanned. Of several
/// files, the oldest one counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, SimpleObject)]
#[serde(default)]
#[graphql(complex)]
pub struct TrackDetails {
    /// Composers.
    pub composers: Vec<String>,
    /// Others who took part, with their roles.
    pub contributors: Vec<Contributor>,
    /// Work that the track is a performance of, such as `Symphony No. 5`.
    pub work: Option<String>,
    /// Movement of the work.
    pub movement: Option<String>,
    /// Number of the movement.
    pub movement_number: Option<i32>,
    /// Beats per minute.
    pub bpm: Option<f64>,
    /// Musical key in which the track begins, such as `Am`.
    pub initial_key: Option<String>,
    /// Moods.
    pub moods: Vec<String>,
    /// Languages of the text: ISO 639-2 codes, or as the file names them.
    pub languages: Vec<String>,
    /// Comment.
    pub comment: Option<String>,
    /// International Standard Recording Codes (ISO 3901).
    pub isrcs: Vec<String>,
    /// Record labels of the release.
    pub labels: Vec<String>,
    /// Catalogue numbers that the labels gave to the release.
    pub catalog_numbers: Vec<String>,
    /// Date on which the recording was first released.
    #[graphql(skip)]
    pub original_date: Option<chrono::NaiveDate>,
    /// Whether the file says that its album is a compilation.
    pub is_compilation: bool,
    /// Title as it is sorted.
    pub title_sort: Option<String>,
    /// Artist as sorted, such as `Beatles, The`.
    pub artist_sort: Option<String>,
    /// Title of the album as it is sorted.
    pub album_sort: Option<String>,
    /// Artist of the album as sorted.
    pub album_artist_sort: Option<String>,
    /// How much louder or softer the track is to be played; null if the file does not say.
    pub replay_gain: Option<ReplayGain>,
    /// Number of channels: 2 for stereo.
    pub channels: Option<i32>,
    /// Samples per second, in Hz.
    pub sample_rate: Option<i32>,
    /// Bits per sample, of formats that have a fixed number.
    pub bit_depth: Option<i32>,
    #[graphql(skip)]
    pub lyrics: Option<String>,
}

/// Somebody who took part in a recording.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct Contributor {
    /// Role, such as `conductor`, `lyricist` or `performer`.
    pub role: String,
    /// Name; of performers also the instrument, as in `Ann (piano)`.
    pub name: String,
}

/// Gains by which recordings are made equally loud (ReplayGain 2.0, EBU R 128).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, SimpleObject)]
#[serde(default)]
pub struct ReplayGain {
    /// Gain of the track, in dB.
    pub track_gain: Option<f64>,
    /// Highest sample of the track; 1 is full scale.
    pub track_peak: Option<f64>,
    /// Gain of the album, in dB.
    pub album_gain: Option<f64>,
    /// Highest sample of the album; 1 is full scale.
    pub album_peak: Option<f64>,
}
