//! Jobs: work that goes on after the request that asked for it. They are rows of the database, written together with
//! the rows that they are about; any process of the pod takes them up, and again if that process ends before the work
//! does. So work may be done twice, and has to bear it.
mod claim;
mod removal;
mod run;
mod task;

use serde_json::Value;
use sqlx::FromRow;

pub use self::{
    removal::remove,
    run::{Progress, Running, work, work_once},
    task::{Failure, FeedRefresh, FileRemoval, FolderScan, Perform, Task, UploadImport},
};
use crate::{
    app::App,
    error::{Error, Result},
    rest::params::choices,
    store::{On, Tx, sql},
    time::Timestamp,
};

choices! {
    /// How far a job is.
    pub enum JobStatus {
        /// It waits for its turn.
        Pending = "pending",
        /// It is being worked on.
        Started = "started",
        /// It has been done.
        Finished = "finished",
        /// It failed, also when it was tried again.
        Errored = "errored",
        /// It was canceled.
        Canceled = "canceled",
    }
}

impl JobStatus {
    /// Whether it has not ended.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Started)
    }
}

/// A job, whatever its kind.
#[derive(Clone, Debug, FromRow)]
pub struct Job {
    pub id: i64,
    #[sqlx(json)]
    pub task: Value,
    pub status: JobStatus,
    /// How often it was begun.
    pub attempts: i64,
    pub is_canceled: bool,
    #[sqlx(json)]
    pub progress: Progress,
    /// What it did; `error` says why it failed.
    #[sqlx(json)]
    pub outcome: Value,
    pub creation_date: Timestamp,
    pub end_date: Option<Timestamp>,
}

const COLUMNS: &str =
    "id, task, status, attempts, is_canceled, progress, outcome, creation_date, end_date";

/// Adds a job, which begins once the transaction is committed. One about the same that still waits will do.
pub async fn enqueue<T: Task>(tx: &mut Tx, task: &T, now: Timestamp) -> Result<()> {
    enqueue_for(tx, task, (now, now)).await
}

/// Adds a job that begins at this time. One about the same that still waits will do.
pub async fn enqueue_for<T: Task>(
    tx: &mut Tx,
    task: &T,
    (now, due): (Timestamp, Timestamp),
) -> Result<()> {
    let (subject, told) = (task.subject(), serde_json::to_value(task));
    let insert = sql(
        "insert into jobs (kind, subject, task, status, due_date, creation_date)
         select ?, ?, ?, 'pending', ?, ? where ? = '' or not exists
           (select 1 from jobs j where j.subject = ? and j.kind = ? and j.subject <> '' and j.status = 'pending')",
    );
    insert
        .bind(T::KIND)
        .bind(subject.as_str())
        .bind(told.map_err(Error::internal)?)
        .bind(due)
        .bind(now)
        .bind(subject.as_str())
        .bind(subject.as_str())
        .bind(T::KIND)
        .run(tx)
        .await
        .map(|_| ())
}

/// Has the job about a subject that waits begin at this time; adds it if there is none.
pub async fn postpone<T: Task>(
    tx: &mut Tx,
    task: &T,
    (now, due): (Timestamp, Timestamp),
) -> Result<()> {
    let waiting =
        sql("update jobs set due_date = ? where subject = ? and kind = ? and status = 'pending'");
    let waiting = waiting.bind(due).bind(task.subject()).bind(T::KIND);
    match waiting.run(&mut *tx).await? {
        0 => enqueue_for(tx, task, (now, due)).await,
        _ => Ok(()),
    }
}

/// The newest job of a kind.
pub async fn latest<T: Task>(on: impl On) -> Result<Option<Job>> {
    sql("select ")
        .then(COLUMNS)
        .then(" from jobs where kind = ? order by id desc limit 1")
        .bind(T::KIND)
        .optional(on)
        .await
}

/// Cancels a job: at once if it waits, otherwise as soon as its process hears of it.
pub async fn cancel(tx: &mut Tx, id: i64, now: Timestamp) -> Result<()> {
    sql("update jobs set is_canceled = true,
           end_date = case when status = 'pending' then ? else end_date end,
           status = case when status = 'pending' then 'canceled' else status end
         where id = ? and status in ('pending', 'started')")
    .bind(now)
    .bind(id)
    .run(tx)
    .await
    .map(|_| ())
}

/// Days for which jobs that have ended are kept.
const KEPT: i64 = 30;

/// Deletes jobs that ended long ago, but the newest of each kind.
pub async fn tidy(app: &App) -> Result<()> {
    let old = sql(
        "delete from jobs where end_date < ? and id not in (select max(j.id) from jobs j group by j.kind)",
    );
    let mut tx = app.db().begin().await?;
    old.bind(app.clock().now().plus_seconds(-KEPT * 86_400))
        .run(&mut tx)
        .await?;
    tx.commit().await
}
