//! Asking ffprobe what is in a file.
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde::Deserialize;
use tokio::{process::Command, time::timeout};

use super::transcode::{FORMATS, local};

/// An ffprobe that takes longer is stuck.
const LONGEST: Duration = Duration::from_secs(60);

/// What ffprobe tells of a file.
#[derive(Debug, Deserialize)]
pub struct Probed {
    #[serde(default)]
    pub streams: Vec<Stream>,
    pub format: Container,
}

#[derive(Debug, Deserialize)]
pub struct Container {
    /// Names of the format, separated by commas.
    pub format_name: String,
    /// In seconds.
    pub duration: Option<String>,
    /// In bits per second.
    pub bit_rate: Option<String>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub struct Stream {
    pub codec_type: Option<String>,
    pub codec_name: Option<String>,
    pub channels: Option<i32>,
    /// In Hz.
    pub sample_rate: Option<String>,
    pub bits_per_raw_sample: Option<String>,
    pub duration: Option<String>,
    pub bit_rate: Option<String>,
    #[serde(default)]
    pub disposition: Disposition,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Disposition {
    /// 1: the stream is a cover.
    #[serde(default)]
    pub attached_pic: u8,
}

impl Probed {
    pub fn audio(&self) -> Option<&Stream> {
        self.streams.iter().find(|stream| stream.is("audio"))
    }

    /// Whether there are moving pictures.
    pub fn is_film(&self) -> bool {
        let mut films = self.streams.iter().filter(|stream| stream.is("video"));
        films.any(|stream| stream.disposition.attached_pic == 0)
    }
}

impl Stream {
    fn is(&self, kind: &str) -> bool {
        self.codec_type.as_deref() == Some(kind)
    }
}

/// The ffprobe that came with an ffmpeg.
pub fn beside(ffmpeg: &Path) -> PathBuf {
    ffmpeg.with_file_name("ffprobe")
}

/// What is in a file.
///
/// # Errors
/// What to do, or what ffprobe says against it.
pub async fn probe(ffprobe: &Path, file: &Path) -> Result<Probed, String> {
    let mut command = Command::new(ffprobe);
    command
        .args(["-v", "error", "-protocol_whitelist", "file,pipe"])
        .args(["-format_whitelist", FORMATS])
        .args(["-show_format", "-show_streams", "-of", "json"])
        .arg(local(file))
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let output = match timeout(LONGEST, command.output()).await {
        Err(_) => return Err("ffprobe takes too long".to_owned()),
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => {
            return Err("install ffmpeg, whose ffprobe reads more formats".to_owned());
        }
        Ok(Err(error)) => return Err(format!("ffprobe: {error}")),
        Ok(Ok(output)) => output,
    };
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        let last = told
            .lines()
            .last()
            .and_then(|line| line.rsplit(": ").next());
        let reason: String = last.unwrap_or("it failed").chars().take(200).collect();
        return Err(format!("ffprobe: {reason}"));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
}
