//! A file that is still being converted, as read by one listener.
use std::{
    fs::File,
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::stream::try_unfold;
use poem::Body;
use tokio::{sync::watch, task::spawn_blocking, time::timeout};

use super::job::{Failure, Progress};
use crate::{
    error::{Error, Result},
    media::storage::{self, Storage},
};

/// A listener's handle on a running conversion, which ends when all handles are dropped.
pub struct Growing {
    pub(super) progress: watch::Receiver<Progress>,
    pub(super) unfinished: PathBuf,
    pub(super) finished: String,
}

impl Growing {
    /// Waits for the complete file, at most this long; `None` if it is not complete by then.
    pub async fn whole(&mut self, patience: Duration) -> Result<Option<String>> {
        let end = |progress: &Progress| !matches!(progress, Progress::Growing(_));
        match timeout(patience, self.progress.wait_for(end)).await {
            Err(_) => Ok(None),
            Ok(Err(_)) => Err(refusal(Failure::Broken)),
            Ok(Ok(end)) => match &*end {
                Progress::Failed(why) => Err(refusal(*why)),
                _ => Ok(Some(self.finished.clone())),
            },
        }
    }

    /// Waits for the first bytes, so that failures can still be answered with an error.
    pub async fn begun(&mut self) -> Result<()> {
        let begun = |progress: &Progress| *progress != Progress::Growing(0);
        match self.progress.wait_for(begun).await.as_deref() {
            Ok(Progress::Failed(why)) => Err(refusal(*why)),
            Ok(_) => Ok(()),
            Err(_) => Err(refusal(Failure::Broken)),
        }
    }

    /// The file as a body that is sent while the file grows.
    pub fn body(self, storage: &Storage) -> Body {
        let finished = storage.media().join(&self.finished);
        let reading = Reading {
            file: None,
            sent: 0,
            growing: self,
            finished,
        };
        Body::from_bytes_stream(try_unfold(reading, Reading::next))
    }
}

/// A listener's place in a growing file.
struct Reading {
    file: Option<File>,
    sent: u64,
    growing: Growing,
    finished: PathBuf,
}

impl Reading {
    async fn next(mut self) -> io::Result<Option<(Vec<u8>, Self)>> {
        let sent = self.sent;
        let more =
            |progress: &Progress| !matches!(progress, Progress::Growing(there) if *there <= sent);
        let progress = match self.growing.progress.wait_for(more).await {
            Ok(progress) => progress.clone(),
            Err(_) => return Err(ErrorKind::ConnectionAborted.into()),
        };
        if let Progress::Failed(_) = progress {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        let (unfinished, finished) = (self.growing.unfinished.clone(), self.finished.clone());
        let file = self.file.take();
        let read = spawn_blocking(move || read_on(file, &unfinished, &finished));
        let (file, bytes) = read.await??;
        if bytes.is_empty() {
            return match progress {
                Progress::Finished => Ok(None),
                _ => Err(ErrorKind::UnexpectedEof.into()),
            };
        }
        self.sent += bytes.len() as u64;
        self.file = Some(file);
        Ok(Some((bytes, self)))
    }
}

fn read_on(file: Option<File>, unfinished: &Path, finished: &Path) -> io::Result<(File, Vec<u8>)> {
    let mut file = match file {
        Some(file) => file,
        // The file is renamed once: it has one of the two names.
        None => File::open(unfinished).or_else(|_| File::open(finished))?,
    };
    let mut bytes = Vec::with_capacity(64 << 10);
    (&mut file).take(64 << 10).read_to_end(&mut bytes)?;
    Ok((file, bytes))
}

fn refusal(why: Failure) -> Error {
    match why {
        Failure::NoConverter => Error::NotImplemented(
            "This server cannot convert audio, as it has no ffmpeg. Without `to` and \
             `max_bitrate` the original is played."
                .to_owned(),
        ),
        Failure::Busy => Error::Unavailable(
            "Too many conversions are running. Try again soon, or listen without `to` and \
             `max_bitrate`."
                .to_owned(),
        ),
        Failure::Gone => Error::NotFound,
        Failure::Away => storage::away(),
        Failure::Broken => Error::Unprocessable(
            "This audio cannot be converted. Without `to` and `max_bitrate` the original is played."
                .to_owned(),
        ),
    }
}
