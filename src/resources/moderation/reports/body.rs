//! Reports as REST shows them.
use futures_util::future::try_join_all;
use poem_openapi::{
    Object,
    types::{Any, MaybeUndefined},
};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Create, List, Query, Report, ReportType, Retrieve, Update,
    create::{NewReport, create},
    listing, of_row, open_count, retrieve,
    target::{named, told},
    update::{Changes, update},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::Allowed,
    live::Row,
    load::{Loaders, sole},
    resources::{
        moderation::{
            assignee::Assignee,
            notes::{BriefNote, NotesOfReport, briefs},
        },
        people::actors::{Actor, ManagedActor},
    },
    rest::{
        answer::{Answer, Created},
        live::channel,
        standard::routes,
    },
    time::Timestamp,
};

/// A report to make.
#[derive(Debug, Object)]
struct ReportRequest {
    /// Why it is reported.
    #[oai(rename = "type")]
    kind: ReportType,
    /// What you want to say, at most 50,000 characters.
    summary: Option<String>,
    /// What it is about: `type` (`channel`, `artist`, `album`, `track`, `library`, `playlist` or `account`), and
    /// `id`, `uuid` (channels and libraries) or `full_username` (accounts).
    target: Any<Value>,
    /// Your email address, if you have no account.
    submitter_email: Option<String>,
    /// Whether the moderators of another pod shall be told too. Pods do not tell each other yet.
    forward: Option<bool>,
}

/// A report, as whoever made it sees it.
#[derive(Debug, Serialize, Object)]
struct OwnReport {
    /// UUID of the report.
    uuid: Uuid,
    /// What you wrote.
    summary: Option<String>,
    /// Time of the report.
    creation_date: Timestamp,
    /// Time at which it was handled.
    handled_date: Option<Timestamp>,
    /// Whether a moderator has handled it.
    is_handled: bool,
    /// Your email address, if you have no account.
    submitter_email: Option<String>,
    /// What it is about.
    target: Option<Any<Value>>,
    /// Why it is reported.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: ReportType,
}

async fn created(permit: &Allowed<Create>, new: ReportRequest) -> Result<OwnReport> {
    let report = NewReport {
        kind: new.kind,
        summary: new.summary,
        target: named(&new.target.0)?,
        submitter_email: new.submitter_email,
    };
    let report = create(permit, report).await?;
    Ok(OwnReport {
        target: told(permit.loaders(), &report).await?.map(Any),
        uuid: report.uuid,
        summary: report.summary,
        creation_date: report.creation_date,
        handled_date: report.handled_date,
        is_handled: report.is_handled,
        submitter_email: report.submitter_email,
        kind: report.kind,
    })
}

/// A report, as moderators see it.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Report")]
struct ReportBody {
    /// Numeric ID, unique among reports.
    id: i64,
    /// UUID of the report.
    uuid: Uuid,
    /// ActivityPub ID (URI) of the report.
    fid: String,
    /// Time of the report.
    creation_date: Timestamp,
    /// Time at which it was handled.
    handled_date: Option<Timestamp>,
    /// What the reporter wrote.
    summary: Option<String>,
    /// Why it is reported.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: ReportType,
    /// What it is about: `type`, and `id`, `uuid` or `full_username`; null if that was deleted.
    target: Option<Any<Value>>,
    /// What it was like at the time of the report: a JSON object.
    target_state: Option<Any<Value>>,
    /// Whether a moderator has handled it.
    is_handled: bool,
    /// The moderator who takes care of it.
    assigned_to: Option<ManagedActor>,
    /// Whose it is that was reported.
    target_owner: Option<ManagedActor>,
    /// Who made the report; null for strangers.
    submitter: Option<ManagedActor>,
    /// Email address of a reporter without an account.
    submitter_email: Option<String>,
    /// Notes of the moderators, oldest first.
    notes: Vec<BriefNote>,
}

async fn bodies(loaders: &Loaders, reader: &Reader, ids: &[i64]) -> Result<Vec<ReportBody>> {
    let reports = loaders.owned::<Report>(ids).await?;
    let parties = |report: &Report| {
        [
            report.assigned_to_id,
            report.target_owner_id,
            report.submitter_id,
        ]
    };
    let actors = loaders
        .parts::<Actor>(reports.iter().flat_map(parties))
        .await?;
    let notes = loaders.many::<NotesOfReport>(ids.iter().copied()).await?;
    let notes = briefs(loaders, reader, notes).await?;
    // Together, so that the loaders find them at once.
    let targets = try_join_all(reports.iter().map(|report| told(loaders, report))).await?;
    let actor = |id| actors.get(id).map(|actor| actor.managed(reader));
    let body = |(report, target): (Report, Option<Value>)| ReportBody {
        assigned_to: actor(report.assigned_to_id),
        target_owner: actor(report.target_owner_id),
        submitter: actor(report.submitter_id),
        notes: notes.get(&report.id).cloned().unwrap_or_default(),
        target: target.map(Any),
        target_state: report.target_state.map(Any),
        id: report.id,
        uuid: report.uuid,
        fid: report.fid,
        creation_date: report.creation_date,
        handled_date: report.handled_date,
        summary: report.summary,
        kind: report.kind,
        is_handled: report.is_handled,
        submitter_email: report.submitter_email,
    };
    Ok(reports.into_iter().zip(targets).map(body).collect())
}

async fn detail(permit: &Allowed<Retrieve>, key: Key) -> Result<ReportBody> {
    let report = retrieve(permit, key).await?;
    sole(bodies(permit.loaders(), permit, &[report.id]).await?)
}

/// What to change of a report. Fields that are not given keep their values.
#[derive(Debug, Object)]
struct ReportChanges {
    /// Whether it was handled.
    is_handled: Option<bool>,
    /// Why it is reported.
    #[oai(rename = "type")]
    kind: Option<ReportType>,
    /// The moderator who takes care of it, by username, or as an actor; null: nobody.
    assigned_to: MaybeUndefined<Any<Value>>,
}

async fn updated(permit: &Allowed<Update>, key: Key, changes: ReportChanges) -> Result<ReportBody> {
    let changes = Changes {
        is_handled: changes.is_handled,
        kind: changes.kind,
        assigned_to: Assignee::of(changes.assigned_to)?,
    };
    let report = update(permit, key, changes).await?;
    sole(bodies(permit.loaders(), permit, &[report.id]).await?)
}

/// What the web socket tells moderators of a new report.
#[derive(Serialize)]
struct Made {
    #[serde(rename = "type")]
    kind: &'static str,
    report: ReportBody,
    unresolved_count: i64,
}

async fn message(permit: &Allowed<List>, row: Row) -> Result<Made> {
    let report = of_row(permit, row).await?;
    Ok(Made {
        kind: "report.created",
        report: sole(bodies(permit.loaders(), permit, &[report.id]).await?)?,
        unresolved_count: open_count(permit).await?,
    })
}

channel!(List => message);

routes! {
    "/api/v1/manage/moderation/reports" lists List(Query) -> ReportBody = listing => bodies;
    retrieve: Retrieve = get "/:uuid" [uuid: Uuid] -> Answer<ReportBody> => detail;
    update: Update = patch "/:uuid" [uuid: Uuid] {changes: ReportChanges} -> Answer<ReportBody> => updated;
    replace: Update = put "/:uuid" [uuid: Uuid] {changes: ReportChanges} -> Answer<ReportBody> => updated;
}

/// Reporting, which is for everybody.
pub struct ReporterRest;

#[poem_openapi::OpenApi(prefix_path = "/api/v1/moderation/reports")]
impl ReporterRest {
    #[oai(path = "/", method = "post")]
    async fn create(
        &self,
        permit: Allowed<Create>,
        new: crate::rest::body::Body<ReportRequest>,
    ) -> Result<Created<OwnReport>> {
        created(&permit, new.0).await.map(Created)
    }
}
