//! Folders of the music directory, which administrators import over the API.
mod show;

use std::path::PathBuf;

use async_graphql::{Context, InputObject, SimpleObject};
use poem_openapi::Object;
use serde::Serialize;
use tokio::task::spawn_blocking;
use uuid::Uuid;

pub use self::show::FolderImport;
use self::show::{MusicFolder, MusicFolderBody};
use crate::{
    error::{Error, Result},
    graphql::{
        connection::answer,
        reference::ByUuid,
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed, Operation, operations},
    jobs::{self, FolderScan},
    media::directory,
    resources::{
        checks::shorter,
        library::libraries::{Library, named_own},
    },
    rest::{
        answer::{Answer, Created, NoContent},
        params::{Parameters, filter},
        standard::routes,
    },
};

operations! {
    "folder_imports", "Folders of the music directory, which administrators import.";
    /// Shows a folder of the music directory, and the last import.
    ///
    /// The music directory is the folder on the server that its operator chose for this
    /// (`MUSIC_DIRECTORY_PATH`). Shown are up to 10,000 entries of the folder. You need the permission
    /// `library`; without it the answer is 403. Paths that do not lead to a folder within the music
    /// directory are answered with 400.
    retrieve: Retrieve = read Libraries, anonymous = Never, throttle = Wildcard, graphql = "musicFolder", params = FolderQuery;
    /// Imports a folder of the music directory into one of your libraries.
    ///
    /// The files stay where they are. The import goes on in the background, also when the server
    /// starts again; files that are known are updated, and those that are missing are marked. While
    /// an import waits or goes on, the answer is 400. You need the permission `library`; without it
    /// the answer is 403.
    start: Start = write Libraries, anonymous = Never, throttle = Wildcard, graphql = "Mutation.startFolderImport";
    /// Cancels the import that waits or goes on.
    ///
    /// What has been imported stays. Without an import, nothing happens. You need the permission
    /// `library`; without it the answer is 403.
    cancel: Cancel = write Libraries, anonymous = Never, throttle = Wildcard, graphql = "Mutation.cancelFolderImport";
}

filter! {
    /// The folder to show.
    pub struct FolderQuery {
        /// Path of the folder below the music directory; empty for the music directory itself.
        path: Option<String>,
    }
}

/// A folder to import.
#[derive(Debug, Object, InputObject)]
#[graphql(name = "StartFolderImportInput")]
pub struct NewFolderImport {
    /// Path of the folder below the music directory; empty for the music directory itself.
    pub path: String,
    /// The library to import into, which must be your own.
    pub library: ByUuid<Library>,
    /// A name for the import, up to 50 characters.
    pub import_reference: Option<String>,
}

/// The import that was begun.
#[derive(Debug, Serialize, Object)]
pub struct StartedBody {
    /// Path of the folder below the music directory.
    path: String,
    /// UUID of the library.
    library: Uuid,
    /// Name of the import.
    import_reference: String,
}

/// Refuses callers without the permission `library`.
fn check<O: Operation>(permit: &Allowed<O>) -> Result<()> {
    match permit.user()?.permissions.library {
        true => Ok(()),
        false => Err(Error::Forbidden),
    }
}

async fn folder<O: Operation>(permit: &Allowed<O>, path: &str) -> Result<PathBuf> {
    let (root, wanted) = (permit.config().music_directory(), path.to_owned());
    let found = spawn_blocking(move || directory::within(&root, &wanted)).await;
    let missing = || Error::field("path", "There is no such folder in the music directory.");
    found.map_err(Error::internal)?.ok_or_else(missing)
}

async fn retrieve(permit: &Allowed<Retrieve>, path: Option<&str>) -> Result<MusicFolder> {
    check(permit)?;
    let path = path.unwrap_or_default().trim_matches('/');
    let content = match folder(permit, path).await {
        Ok(folder) => spawn_blocking(move || directory::list(&folder))
            .await
            .map_err(Error::internal)?,
        // Nobody has made the music directory yet.
        Err(_) if path.is_empty() => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(MusicFolder {
        root: permit.config().music_directory().display().to_string(),
        path: path.to_owned(),
        import: last(permit).await?,
        content: content.into_iter().map(Into::into).collect(),
    })
}

/// The last import, if there was one.
pub async fn last<O: Operation>(permit: &Allowed<O>) -> Result<Option<FolderImport>> {
    let job = jobs::latest::<FolderScan>(permit.db()).await?;
    job.map(FolderImport::of).transpose()
}

pub async fn start(permit: &Allowed<Start>, new: NewFolderImport) -> Result<FolderScan> {
    check(permit)?;
    let reference = new.import_reference.unwrap_or_default();
    shorter("import_reference", &reference, 50)?;
    folder(permit, &new.path).await?;
    let target = format!("folder {}", new.path);
    let mut tx = permit.begin_deed(&target, serde_json::Value::Null).await?;
    let wanted = ("library", &new.library);
    let (library_id, library) = named_own(&mut tx, permit.actor_id(), wanted).await?;
    let scan = FolderScan {
        path: new.path.trim_matches('/').to_owned(),
        library,
        library_id,
        username: permit.user()?.username.clone(),
        reference,
    };
    tx.take_turn("folder imports").await?;
    if jobs::latest::<FolderScan>(&mut tx)
        .await?
        .is_some_and(|job| job.status.is_open())
    {
        return Err(Error::Refused("An import is already running.".to_owned()));
    }
    jobs::enqueue(&mut tx, &scan, permit.clock().now()).await?;
    tx.commit().await?;
    permit.app().add_jobs();
    Ok(scan)
}

/// Whether an import waits or goes on, as far as the caller may know: without the permission, none does.
pub async fn is_running(permit: &Allowed<Retrieve>) -> Result<bool> {
    if check(permit).is_err() {
        return Ok(false);
    }
    let job = jobs::latest::<FolderScan>(permit.db()).await?;
    Ok(job.is_some_and(|job| job.status.is_open()))
}

/// Imports the folder of the last import again, unless that goes on.
pub async fn again(permit: &Allowed<Start>) -> Result<()> {
    check(permit)?;
    let job = jobs::latest::<FolderScan>(permit.db()).await?;
    let none = "No folder has been imported yet: choose one and its library over the other APIs.";
    let job = job.ok_or_else(|| Error::Refused(none.to_owned()))?;
    if job.status.is_open() {
        return Ok(());
    }
    let again = FolderImport::of(job)?.again();
    start(permit, again).await.map(drop)
}

pub async fn cancel(permit: &Allowed<Cancel>) -> Result<()> {
    check(permit)?;
    let mut tx = permit
        .begin_deed("folder import", serde_json::Value::Null)
        .await?;
    if let Some(job) = jobs::latest::<FolderScan>(&mut tx).await? {
        jobs::cancel(&mut tx, job.id, permit.clock().now()).await?;
    }
    tx.commit().await
}

async fn shown(permit: &Allowed<Retrieve>, query: &Parameters<FolderQuery>) -> Result<MusicFolder> {
    retrieve(permit, query.0.path.as_deref()).await
}

impl From<FolderScan> for StartedBody {
    fn from(scan: FolderScan) -> Self {
        Self {
            path: scan.path,
            library: scan.library,
            import_reference: scan.reference,
        }
    }
}

routes! {
    "/api/v1/libraries/fs-import";
    retrieve: Retrieve = get "/" (query: Parameters<FolderQuery>) -> Answer<MusicFolderBody> => shown;
    start: Start = post "/" {new: NewFolderImport} -> Created<StartedBody>;
    cancel: Cancel = delete "/" -> NoContent;
}

fields! {
    Queries as "FolderImportQueries";
    {
        async fn music_folder(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Path of the folder below the music directory; the music directory itself unless given.")]
            path: Option<String>,
        ) -> Option<Result<MusicFolder>> {
            answer(async { retrieve(&ctx.allow().await?, path.as_deref()).await }).await
        }
    }
}

/// Result of the mutation.
#[derive(SimpleObject)]
pub struct CancelFolderImportPayload {
    /// The last import; null if there was none.
    import: Option<FolderImport>,
}

async fn started(permit: &Allowed<Start>, new: NewFolderImport) -> Result<FolderImport> {
    start(permit, new).await?;
    last(permit).await?.ok_or(Error::NotFound)
}

async fn canceled(permit: &Allowed<Cancel>) -> Result<CancelFolderImportPayload> {
    cancel(permit).await?;
    let import = last(permit).await?;
    Ok(CancelFolderImportPayload { import })
}

mutations! {
    Mutations as "FolderImportMutations";
    change start_folder_import(NewFolderImport) -> StartFolderImportPayload { import: FolderImport, "The import that was begun." } = started;
    call cancel_folder_import -> CancelFolderImportPayload = canceled;
}
