//! How folders of the music directory and their imports are shown.
use async_graphql::{ComplexObject, Context, SimpleObject};
use poem_openapi::Object;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{NewFolderImport, Retrieve};
use crate::{
    error::{Error, Result},
    graphql::{ids::Key, reference::ByUuid},
    guard::AllowExt,
    jobs::{FolderScan, Job, JobStatus},
    media::directory,
    resources::library::libraries::Library,
    time::Timestamp,
};

/// A folder of the music directory.
#[derive(Clone, Debug, SimpleObject)]
pub struct MusicFolder {
    /// Path of the music directory on the server.
    pub root: String,
    /// Path of the folder below the music directory; empty for the music directory itself.
    pub path: String,
    /// The last import; null if there was none.
    pub import: Option<FolderImport>,
    /// What lies in the folder: folders first, then files, by name. At most 10,000 entries.
    pub content: Vec<MusicFolderEntry>,
}

/// A folder or file in the music directory.
#[derive(Clone, Debug, SimpleObject)]
pub struct MusicFolderEntry {
    /// Name of the folder or file.
    name: String,
    /// Whether it is a folder.
    is_folder: bool,
}

impl From<directory::Entry> for MusicFolderEntry {
    fn from(entry: directory::Entry) -> Self {
        Self {
            name: entry.name,
            is_folder: entry.is_folder,
        }
    }
}

/// The import of a folder of the music directory.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct FolderImport {
    /// How far the import is.
    pub status: JobStatus,
    /// Path of the folder below the music directory.
    pub path: String,
    #[graphql(skip)]
    library: (Uuid, i64),
    /// What the import was named when it was begun; may be empty.
    reference: String,
    /// Number of music files in the folder; 0 until they are counted.
    pub files_count: u64,
    /// Number of files that have been looked at.
    pub files_done: u64,
    /// Time at which the import was asked for.
    pub creation_date: Timestamp,
    /// Time at which the import ended.
    pub end_date: Option<Timestamp>,
    /// Why the import failed, or why it is tried again.
    pub error: Option<String>,
    /// What the import did; null until it ends.
    report: Option<FolderImportReport>,
}

/// What the import of a folder did, in numbers of files.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Object, SimpleObject)]
#[serde(default)]
#[oai(rename = "FolderImportReport")]
pub struct FolderImportReport {
    /// New to the library.
    added: u64,
    /// Changed since the last import.
    updated: u64,
    /// As they were at the last import.
    unchanged: u64,
    /// Found at a new path.
    moved: u64,
    /// With audio that the library has already.
    duplicates: u64,
    /// Missing; kept, but not playable until they return.
    missing: u64,
    /// Albums that got a cover.
    covers: u64,
    /// Not imported.
    skipped_count: u64,
    /// The first thousand files that were not imported.
    skipped: Vec<SkippedFile>,
}

/// A file that was not imported.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Object, SimpleObject)]
#[serde(default)]
#[oai(rename = "SkippedFile")]
pub struct SkippedFile {
    /// Path of the file on the server.
    path: String,
    /// Why it was not imported.
    reason: String,
}

impl FolderImport {
    /// The same, to be done again.
    pub fn again(self) -> NewFolderImport {
        NewFolderImport {
            path: self.path,
            library: ByUuid::keyed(Key::Uuid(self.library.0)),
            import_reference: Some(self.reference),
        }
    }
}

#[ComplexObject]
impl FolderImport {
    /// The library that it is imported into; null if that has been deleted.
    async fn library(&self, ctx: &Context<'_>) -> Result<Option<Library>> {
        ctx.load::<Retrieve, Library>(self.library.1).await
    }
}

impl FolderImport {
    pub(super) fn of(job: Job) -> Result<Self> {
        let scan: FolderScan = serde_json::from_value(job.task).map_err(Error::internal)?;
        let error = job.outcome["error"].as_str().map(str::to_owned);
        let has_ended = !job.status.is_open() && job.outcome.get("added").is_some();
        let report = has_ended.then(|| serde_json::from_value(job.outcome).unwrap_or_default());
        Ok(Self {
            status: job.status,
            path: scan.path,
            library: (scan.library, scan.library_id),
            reference: scan.reference,
            files_count: job.progress.total,
            files_done: job.progress.done,
            creation_date: job.creation_date,
            end_date: job.end_date,
            error,
            report,
        })
    }

    /// The import in lines of text.
    fn logs(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.files_count > 0 {
            lines.push(format!("{} of {} files", self.files_done, self.files_count));
        }
        if let Some(report) = &self.report {
            let counts = [
                ("added", report.added),
                ("updated", report.updated),
                ("moved", report.moved),
                ("unchanged", report.unchanged),
                ("duplicates", report.duplicates),
                ("missing", report.missing),
                ("skipped", report.skipped_count),
            ];
            lines.extend(
                counts
                    .iter()
                    .filter(|(_, count)| *count > 0)
                    .map(|(name, count)| format!("{count} {name}")),
            );
            lines.extend(
                report
                    .skipped
                    .iter()
                    .map(|file| format!("skipped {}: {}", file.path, file.reason)),
            );
        }
        lines.extend(self.error.clone());
        lines
    }
}

/// A folder of the music directory.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "MusicFolder")]
pub struct MusicFolderBody {
    /// Path of the music directory on the server.
    root: String,
    /// Path of the folder below the music directory; empty for the music directory itself.
    path: String,
    /// The last import; null if there was none.
    import: Option<ImportBody>,
    /// What lies in the folder: folders first, then files, by name. At most 10,000 entries.
    content: Vec<EntryBody>,
}

/// A folder or file in the music directory.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "MusicFolderEntry")]
pub struct EntryBody {
    /// Name of the folder or file.
    name: String,
    /// Whether it is a folder.
    dir: bool,
}

/// The import of a folder of the music directory.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "FolderImport")]
pub struct ImportBody {
    /// How far the import is.
    status: JobStatus,
    /// What the import was named when it was begun; may be empty.
    reference: String,
    /// The import in lines of text: how many files are done, what was done, which files were not imported, and why
    /// it failed.
    logs: Vec<String>,
    /// Path of the folder below the music directory.
    path: String,
    /// UUID of the library that it is imported into.
    library: Uuid,
    /// Number of music files in the folder; 0 until they are counted.
    files_count: u64,
    /// Number of files that have been looked at.
    files_done: u64,
    /// Time at which the import was asked for.
    creation_date: Timestamp,
    /// Time at which the import ended.
    end_date: Option<Timestamp>,
    /// What the import did; null until it ends.
    report: Option<FolderImportReport>,
}

impl From<MusicFolder> for MusicFolderBody {
    fn from(folder: MusicFolder) -> Self {
        let entry = |entry: MusicFolderEntry| EntryBody {
            name: entry.name,
            dir: entry.is_folder,
        };
        Self {
            root: folder.root,
            path: folder.path,
            import: folder.import.map(Into::into),
            content: folder.content.into_iter().map(entry).collect(),
        }
    }
}

impl From<FolderImport> for ImportBody {
    fn from(import: FolderImport) -> Self {
        Self {
            logs: import.logs(),
            status: import.status,
            reference: import.reference,
            path: import.path,
            library: import.library.0,
            files_count: import.files_count,
            files_done: import.files_done,
            creation_date: import.creation_date,
            end_date: import.end_date,
            report: import.report,
        }
    }
}
