//! Working on jobs, so many of a kind at once in each process.
use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::{
    select,
    task::JoinSet,
    time::{self, Instant},
};

use super::{
    Failure, Job, Perform,
    claim::{ATTEMPTS, End, Told, beat, claim, end, forget},
};
use crate::{app::App, error::Result, import::Watch, stop::Stop};

/// How often a process looks for jobs of others, and says that it works.
const OFTEN: Duration = Duration::from_secs(2);

/// How many steps of a job are done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    pub total: u64,
    pub done: u64,
}

/// A job as the work on it sees it: it tells its steps, and is told when to stop.
#[derive(Clone, Debug, Default)]
pub struct Running {
    pub stop: Stop,
    steps: Arc<Steps>,
}

#[derive(Debug, Default)]
struct Steps {
    total: AtomicU64,
    done: AtomicU64,
}

impl Running {
    fn progress(&self) -> Progress {
        Progress {
            total: self.steps.total.load(Ordering::Relaxed),
            done: self.steps.done.load(Ordering::Relaxed),
        }
    }
}

impl Watch for Running {
    fn stage(&mut self, _: &str, steps: u64) {
        self.steps.total.store(steps, Ordering::Relaxed);
        self.steps.done.store(0, Ordering::Relaxed);
    }

    fn done(&mut self, steps: u64) {
        self.steps.done.fetch_add(steps, Ordering::Relaxed);
    }
}

/// Works on the jobs of a kind until the server stops, on so many at once.
pub async fn work<T: Perform>(app: App, at_once: usize) {
    let mut working = JoinSet::new();
    while !app.is_stopping() {
        // Before looking, so that no job that is added meanwhile is overlooked.
        let added = app.jobs_added();
        take::<T>(&app, at_once, &mut working).await;
        let has_room = working.len() < at_once;
        select! {
            () = app.stopped() => {}
            Some(_) = working.join_next() => {}
            () = added, if has_room => {}
            () = time::sleep(OFTEN), if has_room => {}
        }
    }
    while working.join_next().await.is_some() {}
}

/// Begins with the jobs that are due, as far as there is room. One looks for all, so that waiting costs one question.
async fn take<T: Perform>(app: &App, at_once: usize, working: &mut JoinSet<()>) {
    while working.len() < at_once && !app.is_stopping() {
        match claim::<T>(app).await {
            Ok(Some(job)) => {
                let app = app.clone();
                working.spawn(async move {
                    if let Err(error) = perform::<T>(&app, job).await {
                        error.log();
                    }
                });
            }
            Ok(None) => return,
            Err(error) => return error.log(),
        }
    }
}

/// Works on the job that is due, if one is; returns whether one was.
pub async fn work_once<T: Perform>(app: &App) -> Result<bool> {
    match claim::<T>(app).await? {
        Some(job) => perform::<T>(app, job).await.map(|()| true),
        None => Ok(false),
    }
}

async fn perform<T: Perform>(app: &App, job: Job) -> Result<()> {
    let running = Running::default();
    let task = || serde_json::from_value::<T>(job.task.clone());
    let done = match task() {
        Ok(_) if job.attempts > ATTEMPTS => {
            let ended = "The server ended each time it worked on this.";
            Err(Failure::Final(ended.to_owned()))
        }
        Ok(task) => watched(app, &job, &running, task.perform(app, running.clone())).await,
        Err(error) => Err(Failure::Final(error.to_string())),
    };
    if let Err(failure) = &done
        && job.is_given_up(failure)
        && let Ok(task) = task()
    {
        task.give_up(app, &failure.to_string()).await?;
    }
    let ended = match done {
        Ok(_) if !running.stop.is_told() && !T::IS_KEPT => {
            return forget(app, &job).await;
        }
        Ok(outcome) if !running.stop.is_told() => End::Finished(outcome),
        Ok(_) if app.is_stopping() => End::Left,
        Ok(outcome) => End::Canceled(outcome),
        Err(failure) => End::Failed(failure),
    };
    end(app, &job, &running.progress(), ended).await
}

/// Works, and meanwhile says that the work goes on.
async fn watched(
    app: &App,
    job: &Job,
    running: &Running,
    working: impl Future<Output = Result<Value, Failure>> + Send,
) -> Result<Value, Failure> {
    // Neither waits for the other: the work may hold the only writer of the database.
    select! {
        done = AssertUnwindSafe(working).catch_unwind() => {
            let broken = |_| Err(Failure::ForNow("Internal server error.".to_owned()));
            done.unwrap_or_else(broken)
        }
        never = beating(app, job, running) => match never {},
        never = stopping(app, running) => match never {},
    }
}

/// Says now and then that the work goes on, and stops it where it is told to.
async fn beating(app: &App, job: &Job, running: &Running) -> Infallible {
    // It was taken a moment ago.
    let mut often = time::interval_at(Instant::now() + OFTEN, OFTEN);
    loop {
        often.tick().await;
        match beat(app, job, &running.progress()).await {
            Ok(Told::GoOn) => {}
            Ok(Told::Stop) => running.stop.now(),
            Err(error) => error.log(),
        }
    }
}

/// Stops the work when the server stops.
async fn stopping(app: &App, running: &Running) -> Infallible {
    app.stopped().await;
    running.stop.now();
    std::future::pending().await
}
