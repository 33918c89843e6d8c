//! Work in the background, for those who keep the pod.
use async_graphql::{ComplexObject, ID, SimpleObject};
use poem_openapi::Object;
use serde::Serialize;
use serde_json::Value;
use sqlx::FromRow;

use crate::{
    context::Reader,
    error::Result,
    graphql::{
        ids::{Key, Kind, global},
        standard::fields,
    },
    guard::{Allowed, operations},
    jobs::{JobStatus, Progress},
    load::{Entity, Loaders, entity},
    rest::{
        answer::Answer,
        page::ListQuery,
        params::{filter, ordering},
        standard::routes,
    },
    store::{
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
    },
    time::Timestamp,
};

operations! {
    "jobs", "Jobs: work that the pod does in the background.";
    /// Lists work that the pod does in the background.
    ///
    /// Newest first by default: imports, removals of very many objects, feeds that are read, plays that are told to
    /// services. Jobs that are done are deleted at once, except removals and imports of folders, which are kept for
    /// 30 days; those that failed are kept as long.
    list: List = read InstanceLibraries, anonymous = Never, throttle = List, graphql = "jobs", params = Query;
    /// Returns a job.
    ///
    /// Asked for again and again, it tells how far the work is. Those that are done and not kept are answered with 404.
    retrieve: Retrieve = read InstanceLibraries, anonymous = Never, throttle = Retrieve, graphql = "job";
}

type Query = ListQuery<JobFilter, JobOrder>;

/// Work that the pod does in the background.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Job {
    /// Numeric ID, unique among jobs.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// Kind of work: `feed_refresh`, `file_removal`, `folder_scan`, `removal`, `submission` or `upload_import`.
    pub kind: String,
    /// How far it is.
    pub status: JobStatus,
    /// How often it was begun.
    pub attempts: i64,
    #[graphql(skip)]
    #[sqlx(json)]
    pub progress: Progress,
    #[graphql(skip)]
    #[sqlx(json)]
    pub outcome: Value,
    /// Time at which it was added.
    pub creation_date: Timestamp,
    /// Earliest time at which it is begun, or begun again.
    pub due_date: Timestamp,
    /// Time at which it ended; null until then.
    pub end_date: Option<Timestamp>,
}

entity!(Job in "jobs": "id, kind, status, attempts, progress, outcome, creation_date, due_date, end_date",
    upon [], weighs []);

impl Job {
    /// Why it failed the last time.
    pub fn error(&self) -> Option<&str> {
        self.outcome.get("error").and_then(Value::as_str)
    }

    /// Steps that are done, and all of them.
    pub fn steps(&self) -> (i64, i64) {
        let number = |steps| i64::try_from(steps).unwrap_or(i64::MAX);
        (number(self.progress.done), number(self.progress.total))
    }
}

filter! {
    /// Filter for jobs. A job must match all conditions.
    pub struct JobFilter {
        /// Only this kind of work, such as `upload_import`.
        kind: Option<String>,
        /// Only jobs that are as far as this.
        status: Option<JobStatus>,
    }
}

ordering! {
    /// Sort options for jobs.
    pub struct JobOrder by JobOrderField {
        /// Time at which they were added.
        CreationDate = "creation_date",
    }
    others ignored
}

pub async fn listing(_: &Reader, filter: &JobFilter, order: &[JobOrder]) -> Result<Listing> {
    let from = sql("from jobs j where true")
        .equal("j.kind", filter.kind.as_deref())
        .equal("j.status", filter.status);
    let down = order
        .first()
        .is_none_or(|order| order.direction.is_descending());
    let added = SortKey::new(sql("j.id"), KeyKind::Int, down);
    Ok(Listing::new(from, "j.id", [added]).oldest_first_if(!down))
}

pub async fn retrieve(permit: &Allowed<Retrieve>, key: Key) -> Result<Job> {
    let found = Job::select().then(" where id = ?").bind(key.number()?);
    found.one(permit.db()).await
}

/// The newest jobs of a status.
pub async fn newest(permit: &Allowed<List>, status: JobStatus, most: i64) -> Result<Vec<Job>> {
    let filter = JobFilter {
        status: Some(status),
        ..JobFilter::default()
    };
    let ids = listing(permit, &filter, &[]).await?;
    let ids = ids.page(permit.db(), most, 0).await?;
    permit.loaders().owned::<Job>(&ids).await
}

#[ComplexObject]
impl Job {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Job, self.id)
    }

    /// Number of steps that are done, of `totalSteps`.
    async fn steps_done(&self) -> i64 {
        self.steps().0
    }

    /// Number of steps; 0 where they are not counted.
    async fn total_steps(&self) -> i64 {
        self.steps().1
    }

    /// Why it failed the last time; null if it did not.
    #[graphql(name = "error")]
    async fn failure(&self) -> Option<&str> {
        self.error()
    }
}

/// Work that the pod does in the background.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Job")]
struct JobBody {
    /// Numeric ID, unique among jobs.
    id: i64,
    /// Kind of work: `feed_refresh`, `file_removal`, `folder_scan`, `removal`, `submission` or `upload_import`.
    kind: String,
    /// How far it is.
    status: JobStatus,
    /// How often it was begun.
    attempts: i64,
    /// Number of steps that are done, of `total_steps`.
    steps_done: i64,
    /// Number of steps; 0 where they are not counted.
    total_steps: i64,
    /// Why it failed the last time; null if it did not.
    error: Option<String>,
    /// Time at which it was added.
    creation_date: Timestamp,
    /// Earliest time at which it is begun, or begun again.
    due_date: Timestamp,
    /// Time at which it ended; null until then.
    end_date: Option<Timestamp>,
}

impl From<Job> for JobBody {
    fn from(job: Job) -> Self {
        let (steps_done, total_steps) = job.steps();
        Self {
            id: job.id,
            error: job.error().map(str::to_owned),
            kind: job.kind,
            status: job.status,
            attempts: job.attempts,
            steps_done,
            total_steps,
            creation_date: job.creation_date,
            due_date: job.due_date,
            end_date: job.end_date,
        }
    }
}

async fn bodies(loaders: &Loaders, _: &Reader, ids: &[i64]) -> Result<Vec<JobBody>> {
    let jobs = loaders.owned::<Job>(ids).await?;
    Ok(jobs.into_iter().map(JobBody::from).collect())
}

async fn detail(permit: &Allowed<Retrieve>, id: i64) -> Result<JobBody> {
    retrieve(permit, Key::Id(id)).await.map(JobBody::from)
}

fields! {
    Queries as "JobQueries";
    list jobs: List(JobFilter, JobOrder) -> Job = listing;
    one job(Kind::Job) -> Job = retrieve;
}

routes! {
    "/api/v1/manage/jobs" lists List(Query) -> JobBody = listing => bodies;
    retrieve: Retrieve = get "/:id" [id: i64] -> Answer<JobBody> => detail;
}
