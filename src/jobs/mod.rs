//! Jobs: work that goes on after the request that asked for it. They are rows of the database, written together with
//! the rows that they are about; any process of the pod takes them up, and again if that process ends before the work
//! does. So work may be done twice, and has to bear it.
mod claim;
mod run;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

pub use self::run::{Progress, Running, work, work_once};
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

/// Work of one kind, with what it needs to know.
pub trait Task: Serialize + DeserializeOwned + Send + Sync + 'static {
    const KIND: &'static str;
}

/// How the work of a kind is done. It stands apart, so that those who add a job need not know those who do it.
pub trait Perform: Task {
    /// Works until done or told to stop; returns what it did.
    fn perform(
        self,
        app: &App,
        running: Running,
    ) -> impl Future<Output = Result<Value, Failure>> + Send;
}

/// Why work was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nothing else would come of it another time.
    #[error("{0}")]
    Final(String),
    /// It is tried again.
    #[error("{0}")]
    ForNow(String),
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

/// Adds a job, which begins once the transaction is committed; returns its ID.
pub async fn enqueue<T: Task>(tx: &mut Tx, task: &T, now: Timestamp) -> Result<i64> {
    let task = serde_json::to_value(task).map_err(Error::internal)?;
    sql(
        "insert into jobs (kind, task, status, due_date, creation_date) values (?, ?, 'pending', ?, ?)
         returning id",
    )
    .bind(T::KIND)
    .bind(task)
    .bind(now)
    .bind(now)
    .number(tx)
    .await
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
