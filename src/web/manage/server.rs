//! How the server does: its storage, its work in the background, and whom it refuses.
use minijinja::{Value, context};
use poem::{Response, handler};

use super::section;
use crate::{
    error::{Error, Result},
    graphql::{ids::Key, reference::ByUuid, scalars::BigInt},
    guard::Allowed,
    jobs::JobStatus,
    resources::{
        keeping::{
            jobs::{self, Job},
            refusals::{self, RefusalBody},
            storage,
        },
        library::{
            folder_imports::{self, NewFolderImport},
            libraries,
        },
    },
    web::{
        settings::when,
        visit::{Page, Visit},
    },
};

const TEMPLATE: &str = "manage-server.html";
/// Jobs of a status, and refusals, at most.
const SHOWN: i64 = 20;

fn notice(visit: &Visit) -> Option<&'static str> {
    Some(match visit.query.last("done")? {
        "imports" => "The import begins in a moment.",
        "cancel" => "No import is running.",
        _ => return None,
    })
}

async fn facts(visit: &Visit) -> Result<Value> {
    visit.user()?;
    let storage = section(visit, async |permit| stored(permit).await).await?;
    let jobs = section(visit, async |permit| worked_on(permit).await).await?;
    let imports = match &jobs {
        Some(_) => section(visit, async |permit| imported(visit, permit).await).await?,
        None => None,
    };
    let refusals = section(visit, async |permit| refused(permit).await).await?;
    if storage.is_none() && jobs.is_none() && refusals.is_none() {
        return Err(Error::Forbidden);
    }
    Ok(context! { here => "server", notice => notice(visit), storage, jobs, imports, refusals })
}

async fn stored(permit: &Allowed<storage::Show>) -> Result<Value> {
    let storage = storage::show(permit).await?;
    let room = |free: Option<BigInt>, size: Option<BigInt>| {
        let (free, size) = (free?.0, size?.0);
        Some(context! { free => bytes(free), size => bytes(size), is_low => free < size / 20 })
    };
    Ok(context! {
        stored => storage.stored_files,
        stored_size => bytes(storage.stored_bytes.0),
        scanned => storage.scanned_files,
        scanned_size => bytes(storage.scanned_bytes.0),
        pictures => bytes(storage.picture_bytes.0),
        database => bytes(storage.database_bytes.0),
        data_disk => room(storage.free_bytes, storage.disk_bytes),
        media_disk => room(storage.media_free_bytes, storage.media_disk_bytes),
        bucket => storage.bucket,
    })
}

/// A size for people, in units of 1,000.
fn bytes(bytes: i64) -> String {
    let mut size = bytes as f64;
    for unit in ["bytes", "kB", "MB", "GB"] {
        if size < 1000.0 {
            let digits = usize::from(unit != "bytes" && size < 100.0);
            return format!("{size:.digits$} {unit}");
        }
        size /= 1000.0;
    }
    format!("{size:.1} TB")
}

async fn worked_on(permit: &Allowed<jobs::List>) -> Result<Value> {
    let mut shown = Vec::new();
    for status in [JobStatus::Started, JobStatus::Pending, JobStatus::Errored] {
        shown.extend(jobs::newest(permit, status, SHOWN).await?);
    }
    let row = |job: Job| {
        let (done, total) = job.steps();
        context! {
            id => job.id,
            kind => job.kind.replace('_', " "),
            status => job.status.word(),
            done,
            total,
            attempts => job.attempts,
            error => job.error(),
            created => when(job.creation_date),
        }
    };
    Ok(shown.into_iter().map(row).collect::<Vec<_>>().into())
}

async fn imported(visit: &Visit, permit: &Allowed<folder_imports::Retrieve>) -> Result<Value> {
    let last = folder_imports::last(permit).await?;
    let libraries = libraries::own(&visit.reach().await?).await?;
    let libraries = libraries
        .into_iter()
        .map(|library| context! { uuid => library.uuid.to_string(), name => library.name });
    let last = last.map(|import| {
        context! {
            status => import.status.word(),
            is_open => import.status.is_open(),
            path => import.path,
            count => import.files_count,
            done => import.files_done,
            error => import.error,
            created => when(import.creation_date),
        }
    });
    let root = permit.config().music_directory().display().to_string();
    Ok(context! { root, last, libraries => libraries.collect::<Vec<_>>() })
}

async fn refused(permit: &Allowed<refusals::List>) -> Result<Value> {
    let row = |refused: RefusalBody| {
        context! {
            who => match (refused.kind.as_str(), refused.username) {
                ("login", _) => "signing in under one name".to_owned(),
                (_, Some(username)) => username,
                (_, None) => refused.identifier,
            },
            scope => refused.scope,
            count => refused.count,
            last => when(refused.last_date),
        }
    };
    let shown = refusals::bodies(permit).await?.into_iter();
    let shown = shown.take(usize::try_from(SHOWN).unwrap_or_default());
    Ok(shown.map(row).collect::<Vec<_>>().into())
}

#[handler]
pub async fn page(visit: Visit) -> Result<Response> {
    visit.show(Page::new(TEMPLATE, facts(&visit).await?)).await
}

async fn done<T>(visit: &Visit, what: &str, result: Result<T>) -> Result<Response> {
    let result = result.map_err(|error| match error {
        Error::Refused(why) => Error::field("non_field_errors", why),
        error => error,
    });
    let again = async || Ok(Page::new(TEMPLATE, facts(visit).await?));
    super::done(visit, ("/manage/server", what), result, again).await
}

#[handler]
pub async fn start_import(visit: Visit) -> Result<Response> {
    let permit = visit.allow::<folder_imports::Start>().await?;
    let new = visit
        .typed("library")
        .parse()
        .map(|library| NewFolderImport {
            path: visit.typed("path").to_owned(),
            library: ByUuid::keyed(Key::Uuid(library)),
            import_reference: None,
        });
    let started = match new {
        Ok(new) => folder_imports::start(&permit, new).await,
        Err(_) => Err(Error::field("library", "Choose one of your libraries.")),
    };
    done(&visit, "imports", started).await
}

#[handler]
pub async fn cancel(visit: Visit) -> Result<Response> {
    let permit = visit.allow::<folder_imports::Cancel>().await?;
    let canceled = folder_imports::cancel(&permit).await;
    done(&visit, "cancel", canceled).await
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_are_told_in_units_that_people_read() {
        for (size, told) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_500, "1.5 kB"),
            (250_000_000, "250 MB"),
            (99_900_000_000, "99.9 GB"),
            (3_000_000_000_000, "3.0 TB"),
        ] {
            assert_eq!(bytes(size), told);
        }
    }
}
