//! Which process works on a job.
use super::{COLUMNS, Failure, Job, JobStatus, Progress, Task};
use crate::{
    app::App,
    error::Result,
    store::{Dialect, Sql, sql},
};

/// Seconds after which a process that says nothing has ended.
const SILENCE: i64 = 60;
/// How often a job is begun at most.
pub const ATTEMPTS: i64 = 5;
/// Seconds until a job that failed is tried again; twice as many each time.
const PAUSE: i64 = 10;
/// Seconds until a job is tried again whose needs cannot be reached.
const AWAY: i64 = 60;

/// Takes a job whose process has ended, otherwise the one that has been due for longest, and about whose subject nobody
/// works.
pub async fn claim<T: Task>(app: &App) -> Result<Option<Job>> {
    let now = app.clock().now();
    let left =
        sql("select id from jobs where kind = ? and status = 'started' and beat_date < ? limit 1")
            .bind(T::KIND)
            .bind(now.plus_seconds(-SILENCE));
    let due = sql(
        "select j.id from jobs j where j.kind = ? and j.status = 'pending' and j.due_date <= ?
           and (j.subject = '' or not exists (select 1 from jobs s
             where s.subject = j.subject and s.kind = j.kind and s.subject <> '' and s.status = 'started'))
         order by j.due_date, j.id limit 1",
    )
    .bind(T::KIND)
    .bind(now);
    for wanted in [left, due] {
        // Looking is cheap: nobody waits for a writer that finds nothing to do.
        if wanted.clone().optional::<(i64,)>(app.db()).await?.is_some()
            && let Some(job) = take(app, wanted).await?
        {
            return Ok(Some(job));
        }
    }
    Ok(None)
}

async fn take(app: &App, wanted: Sql) -> Result<Option<Job>> {
    let mut tx = app.db().begin().await?;
    let wanted = match tx.dialect() {
        Dialect::Postgres => wanted.then(" for update skip locked"),
        Dialect::Sqlite => wanted,
    };
    let claimed = sql(
        "update jobs set status = 'started', beat_date = ?, attempts = attempts + 1 where id = (",
    )
    .bind(app.clock().now())
    .append(wanted)
    .then(") returning ")
    .then(COLUMNS);
    let job = claimed.optional(&mut tx).await?;
    tx.commit().await?;
    Ok(job)
}

/// What a process is told about the job that it works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    GoOn,
    /// It is canceled, or another process has taken it.
    Stop,
}

/// Says that a job is being worked on, and how far it is.
pub async fn beat(app: &App, job: &Job, progress: &Progress) -> Result<Told> {
    let beat = sql("update jobs set beat_date = ?, progress = ? where id = ? and status = 'started' and attempts = ?
         returning is_canceled");
    let mut tx = app.db().begin().await?;
    let is_canceled: Option<(bool,)> = beat
        .bind(app.clock().now())
        .bind(serde_json::json!(progress))
        .bind(job.id)
        .bind(job.attempts)
        .optional(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(match is_canceled {
        Some((false,)) => Told::GoOn,
        _ => Told::Stop,
    })
}

impl Job {
    /// Whether it is not tried again after this failure.
    pub fn is_given_up(&self, failure: &Failure) -> bool {
        match failure {
            Failure::Final(_) => true,
            Failure::ForNow(_) => self.attempts >= ATTEMPTS,
            Failure::Away(_) => false,
        }
    }
}

/// How an attempt ended.
#[derive(Debug)]
pub enum End {
    Finished(serde_json::Value),
    Canceled(serde_json::Value),
    Failed(Failure),
    /// The process stops: another one, or this one after its start, begins anew.
    Left,
}

/// Forgets a job that is done, unless another process has taken it.
pub async fn forget(app: &App, job: &Job) -> Result<()> {
    let done = sql("delete from jobs where id = ? and status = 'started' and attempts = ?");
    let mut tx = app.db().begin().await?;
    done.bind(job.id).bind(job.attempts).run(&mut tx).await?;
    tx.commit().await
}

/// Writes how an attempt ended, unless another process has taken the job.
pub async fn end(app: &App, job: &Job, progress: &Progress, end: End) -> Result<()> {
    let now = app.clock().now();
    let failed = |failure: Failure| serde_json::json!({ "error": failure.to_string() });
    let (status, due, attempts, outcome) = match end {
        End::Finished(outcome) => (JobStatus::Finished, now, job.attempts, outcome),
        End::Canceled(outcome) => (JobStatus::Canceled, now, job.attempts, outcome),
        // No attempt of its own.
        End::Failed(failure @ Failure::Away(_)) => (
            JobStatus::Pending,
            now.plus_seconds(AWAY),
            job.attempts - 1,
            failed(failure),
        ),
        End::Failed(failure) if !job.is_given_up(&failure) => {
            let due = now.plus_seconds(PAUSE << job.attempts);
            (JobStatus::Pending, due, job.attempts, failed(failure))
        }
        End::Failed(failure) => (JobStatus::Errored, now, job.attempts, failed(failure)),
        End::Left => (
            JobStatus::Pending,
            now,
            job.attempts - 1,
            job.outcome.clone(),
        ),
    };
    // What is canceled is not begun again.
    let write = sql(
        "update jobs set status = case when ? and is_canceled then 'canceled' else ? end,
           end_date = case when ? and not is_canceled then null else ? end,
           due_date = ?, outcome = ?, progress = ?, attempts = ?
         where id = ? and status = 'started' and attempts = ?",
    );
    let mut tx = app.db().begin().await?;
    write
        .bind(status.is_open())
        .bind(status)
        .bind(status.is_open())
        .bind(now)
        .bind(due)
        .bind(outcome)
        .bind(serde_json::json!(progress))
        .bind(attempts)
        .bind(job.id)
        .bind(job.attempts)
        .run(&mut tx)
        .await?;
    tx.commit().await
}
