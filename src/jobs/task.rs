//! The kinds of work, and how they are done.
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

use super::Running;
use crate::{app::App, error::Result};

/// Work of one kind, with what it needs to know.
pub trait Task: Serialize + DeserializeOwned + Send + Sync + 'static {
    const KIND: &'static str;
    /// Whether its row stays once it is done, to tell of it.
    const IS_KEPT: bool = false;

    /// What it is about: of several jobs about the same, one waits at most. Empty: they have nothing in common.
    fn subject(&self) -> String {
        String::new()
    }
}

/// How the work of a kind is done. It stands apart, so that those who add a job need not know those who do it.
pub trait Perform: Task {
    /// Works until done or told to stop; returns what it did.
    fn perform(
        self,
        app: &App,
        running: Running,
    ) -> impl Future<Output = Result<Value, Failure>> + Send;

    /// Is told when the work is given up.
    fn give_up(self, _app: &App, _why: &str) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }
}

/// Why work was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nothing else would come of it another time.
    #[error("{0}")]
    Final(String),
    /// It is tried again, a few times.
    #[error("{0}")]
    ForNow(String),
    /// What it needs cannot be reached; it is tried again until it can.
    #[error("{0}")]
    Away(String),
}

/// A folder of the music directory that is scanned into a library.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FolderScan {
    /// Path below the music directory.
    pub path: String,
    pub library: Uuid,
    pub library_id: i64,
    pub username: String,
    /// What the caller named it.
    pub reference: String,
}

impl Task for FolderScan {
    const KIND: &'static str = "folder_scan";
    const IS_KEPT: bool = true;
}

/// An upload whose file is read into the catalogue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UploadImport {
    pub upload: i64,
}

impl Task for UploadImport {
    const KIND: &'static str = "upload_import";

    fn subject(&self) -> String {
        self.upload.to_string()
    }
}

/// Files of the media folder that no row names any more.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FileRemoval {
    pub files: Vec<String>,
}

impl Task for FileRemoval {
    const KIND: &'static str = "file_removal";
}

/// A feed that is looked at again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FeedRefresh {
    pub channel: i64,
}

impl Task for FeedRefresh {
    const KIND: &'static str = "feed_refresh";

    fn subject(&self) -> String {
        self.channel.to_string()
    }
}
