//! A running conversion: ffmpeg writes to a pipe, we write to a file. Ends with its last listener.
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    sync::watch,
    time::timeout,
};

use super::format::Target;

/// The progress of a conversion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// This many bytes have been written.
    Growing(u64),
    /// The file is complete and renamed.
    Finished,
    Failed(Failure),
}

/// Why a conversion failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// ffmpeg is not installed.
    NoConverter,
    /// No slot became free in time.
    Busy,
    /// ffmpeg cannot read the file, or the disk is full.
    Broken,
    /// There is no file.
    Gone,
    /// The store of the file does not answer.
    Away,
}

/// A conversion to run.
#[derive(Clone, Debug)]
pub struct Task {
    pub ffmpeg: PathBuf,
    pub source: PathBuf,
    pub target: Target,
    /// The path to write to, which is not served under this name.
    pub unfinished: PathBuf,
    pub finished: PathBuf,
    /// Bytes that the file may have.
    pub most: u64,
}

/// An ffmpeg without output for this long is considered stuck.
const SILENCE: Duration = Duration::from_secs(30);

/// Maximum duration of a conversion.
const LONGEST: Duration = Duration::from_secs(1800);

/// Converts what is fetched, and reports the progress. Ends early when there are no listeners left.
pub async fn convert(
    task: &Task,
    fetched: impl Future<Output = io::Result<PathBuf>>,
    progress: &watch::Sender<Progress>,
) -> Progress {
    let run = async {
        if let Err(error) = fetched.await {
            return Ok(lost(task, &error));
        }
        run(task, progress).await.map(|()| Progress::Finished)
    };
    let done = tokio::select! {
        done = timeout(LONGEST, run) => done.unwrap_or_else(|late| Err(late.into())),
        () = progress.closed() => Err(io::ErrorKind::ConnectionAborted.into()),
    };
    let end = done.unwrap_or_else(|error| {
        // The file may not exist.
        let _ = fs::remove_file(&task.unfinished);
        told(task, &error)
    });
    progress.send_replace(end.clone());
    end
}

fn lost(task: &Task, error: &io::Error) -> Progress {
    tracing::warn!(source = %task.source.display(), %error, "there is no audio to convert");
    Progress::Failed(match error.kind() {
        io::ErrorKind::NotFound => Failure::Gone,
        _ => Failure::Away,
    })
}

fn told(task: &Task, error: &io::Error) -> Progress {
    match error.kind() {
        io::ErrorKind::NotFound => Progress::Failed(Failure::NoConverter),
        io::ErrorKind::ConnectionAborted => Progress::Failed(Failure::Broken),
        _ => {
            tracing::warn!(source = %task.source.display(), %error, "a conversion failed");
            Progress::Failed(Failure::Broken)
        }
    }
}

async fn run(task: &Task, progress: &watch::Sender<Progress>) -> io::Result<()> {
    if let Some(folder) = task.unfinished.parent() {
        fs::create_dir_all(folder).map_err(io::Error::other)?;
    }
    let mut child = start(task)?;
    let complaints = child.stderr.take();
    let output = child.stdout.take();
    // The first failure cancels the other future, and with it ffmpeg.
    let ((), told) = tokio::try_join!(
        async {
            match output {
                Some(output) => keep(output, task, progress).await,
                None => Ok(()),
            }
        },
        heard(complaints),
    )?;
    let status = timeout(SILENCE, child.wait()).await??;
    if !status.success() {
        return Err(io::Error::other(told));
    }
    // ffmpeg stops a little before it would exceed the limit, and calls that success.
    let size = fs::metadata(&task.unfinished)
        .map_err(io::Error::other)?
        .len();
    if size + STEP > task.most {
        return Err(too_large());
    }
    fs::rename(&task.unfinished, &task.finished).map_err(io::Error::other)
}

/// The beginning of ffmpeg's error output.
async fn heard(complaints: Option<impl AsyncRead + Unpin>) -> io::Result<String> {
    let Some(mut complaints) = complaints else {
        return Ok(String::new());
    };
    let mut told = Vec::new();
    (&mut complaints).take(2000).read_to_end(&mut told).await?;
    tokio::io::copy(&mut complaints, &mut tokio::io::sink()).await?;
    Ok(String::from_utf8_lossy(&told).trim().to_owned())
}

/// What ffmpeg may read: files of audio. Playlists and the like name other files, which it would read too.
pub const FORMATS: &str = "aac,ac3,aiff,amr,ape,asf,au,caf,dsf,dts,eac3,flac,iff,matroska,webm,mov,mp4,m4a,mp3,\
    mpc,mpc8,ogg,tak,tta,w64,wav,wv";

/// Starts ffmpeg, which is killed when the child is dropped.
fn start(task: &Task) -> io::Result<Child> {
    let grows = task.target.format.grows();
    let start = task.target.start;
    let from = (start > 0).then(|| start.to_string());
    let mut command = Command::new(&task.ffmpeg);
    command
        .args([
            "-nostdin",
            "-v",
            "error",
            "-protocol_whitelist",
            "file,pipe",
            "-format_whitelist",
            FORMATS,
        ])
        .args(from.iter().flat_map(|start| ["-ss", start]))
        .arg("-i")
        .arg(local(&task.source))
        .args([
            "-map",
            "0:a:0",
            "-vn",
            "-map_metadata",
            "-1",
            "-threads",
            "1",
        ])
        .args(task.target.format.arguments(task.target.bitrate));
    if grows {
        command
            .args(["-flush_packets", "1", "pipe:1"])
            .stdout(Stdio::piped());
    } else {
        command
            .args(["-fs", &task.most.to_string(), "-y"])
            .arg(local(&task.unfinished))
            .stdout(Stdio::null());
    }
    command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
}

/// A path that ffmpeg cannot mistake for another protocol.
pub fn local(path: &Path) -> std::ffi::OsString {
    let mut text = std::ffi::OsString::from("file:");
    text.push(path);
    text
}

/// Bytes by which ffmpeg may miss the limit of a file's size.
const STEP: u64 = 1 << 20;

fn too_large() -> io::Error {
    io::Error::other(
        "it would exceed a quarter of BALEEN_TRANSCODING_CACHE, or 64 MiB if that is more",
    )
}

/// Writes the output to the file and reports its length.
async fn keep(
    mut output: impl AsyncRead + Unpin,
    task: &Task,
    progress: &watch::Sender<Progress>,
) -> io::Result<()> {
    let mut file = File::create(&task.unfinished).map_err(io::Error::other)?;
    let mut buffer = vec![0; 64 << 10];
    let mut total = 0;
    loop {
        let read = timeout(SILENCE, output.read(&mut buffer)).await??;
        if read == 0 {
            return Ok(());
        }
        // Writes to the page cache, which is too fast to need a blocking thread.
        file.write_all(&buffer[..read])?;
        total += read as u64;
        if total > task.most {
            return Err(too_large());
        }
        progress.send_replace(Progress::Growing(total));
    }
}
