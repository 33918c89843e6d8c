//! Reports: what people tell the moderators of artists, tracks, accounts and the like.
mod body;
mod create;
pub mod graphql;
mod target;
mod update;

use async_graphql::SimpleObject;
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

pub use self::{
    body::{CHANNEL, ReporterRest, Rest},
    update::{Changes, update},
};
use crate::{
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::{Allowed, Operation, Upon, operations},
    live::Row,
    load::{Entity, entity, sole},
    resources::smart,
    rest::{
        page::ListQuery,
        params::{choices, filter, ordering},
    },
    store::{
        Change, Sql,
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
    },
    time::Timestamp,
};

operations! {
    "reports", "Reports: what people tell the moderators of content and accounts.";
    /// Reports something to the moderators.
    ///
    /// An artist, album, track, library, playlist, channel or account. Moderators are told by mail. Strangers may
    /// report what the pod's setting `moderation__unauthenticated_report_types` allows, with their email address.
    /// What does not exist, or cannot be seen by you, is answered with 400.
    create: Create = write Reports, anonymous = Setting, throttle = Reports, graphql = "Mutation.createReport";
    /// Lists reports, for moderators.
    ///
    /// Newest first by default.
    list: List = read InstanceReports, anonymous = Never, throttle = List, graphql = "reports",
        live = "reportCreated", upon = Upon::EachRow(&[Change::ReportId]), params = Query;
    /// Returns a report, for moderators.
    ///
    /// Unknown UUIDs are answered with 404.
    retrieve: Retrieve = read InstanceReports, anonymous = Never, throttle = Retrieve, graphql = "report";
    /// Changes a report, for moderators.
    ///
    /// Whether it was handled, its type, and the moderator who takes care of it. Whoever handles a report is assigned
    /// to it unless somebody else is. Fields that are not sent keep their values. Unknown UUIDs are answered with 404.
    update: Update = write InstanceReports, anonymous = Never, throttle = Update, graphql = "Mutation.updateReport";
}

pub type Query = ListQuery<ReportFilter, ReportOrder>;

choices! {
    /// Why something is reported.
    pub enum ReportType {
        /// Somebody's rights are violated.
        TakedownRequest = "takedown_request",
        /// Names, titles or covers are wrong.
        InvalidMetadata = "invalid_metadata",
        /// It is against the law.
        IllegalContent = "illegal_content",
        /// It offends.
        OffensiveContent = "offensive_content",
        /// Another reason, which the summary tells.
        Other = "other",
    }
}

/// A report to the moderators.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Report {
    /// Numeric ID, unique among reports.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// UUID of the report.
    pub uuid: Uuid,
    /// ActivityPub ID (URI) of the report.
    pub fid: String,
    /// What the reporter wrote.
    pub summary: Option<String>,
    /// Why it is reported.
    #[sqlx(rename = "type")]
    #[graphql(name = "type")]
    pub kind: ReportType,
    /// Whether a moderator has handled it.
    pub is_handled: bool,
    /// Time at which it was handled.
    pub handled_date: Option<Timestamp>,
    /// Email address of a reporter without an account.
    pub submitter_email: Option<String>,
    #[graphql(skip)]
    pub submitter_id: Option<i64>,
    #[graphql(skip)]
    pub assigned_to_id: Option<i64>,
    #[graphql(skip)]
    pub target_owner_id: Option<i64>,
    #[graphql(skip)]
    pub target_type: Option<String>,
    #[graphql(skip)]
    pub target_id: Option<i64>,
    #[graphql(skip)]
    #[sqlx(json(nullable))]
    pub target_state: Option<Value>,
    /// Time of the report.
    pub creation_date: Timestamp,
}

entity!(Report in "reports": "id, uuid, fid, summary, type, is_handled, handled_date, submitter_email, submitter_id,
    assigned_to_id, target_owner_id, target_type, target_id, target_state, creation_date", upon [], weighs []);

filter! {
    /// Filter for a list of reports. A report must match all conditions.
    pub struct ReportFilter {
        /// Terms, all of which must hold: `resolved:no`, `category:other`, `submitter:alice@pod.example`,
        /// `assigned_to:alice`, `target_owner:alice`, `target:artist`, `domain:example.org` (of the owner), or words
        /// that the summary must contain.
        q: Option<String>,
        /// `true`: only reports that were handled. `false`: only the others.
        is_handled: Option<bool>,
        /// Only reports of this type.
        kind: Option<ReportType> = "type",
        /// Only reports by somebody without an account who has this email address.
        submitter_email: Option<String>,
    }
}

ordering! {
    /// Sort options for reports.
    pub struct ReportOrder by ReportOrderField {
        /// Numeric ID.
        Id = "id",
        /// Time of the report.
        CreationDate = "creation_date",
        /// Time at which it was handled.
        HandledDate = "handled_date",
    }
    others ignored
}

impl ReportOrder {
    fn keys(self) -> Vec<SortKey> {
        let down = self.direction.is_descending();
        let (column, kind) = match self.field {
            ReportOrderField::Id => ("r.id", KeyKind::Int),
            ReportOrderField::CreationDate => ("r.creation_date", KeyKind::Time),
            ReportOrderField::HandledDate => {
                let open = "r.handled_date is null";
                return SortKey::nullable("r.handled_date", open, KeyKind::Time, down).into();
            }
        };
        vec![SortKey::new(sql(column), kind, down)]
    }
}

async fn listing(_: &Reader, filter: &ReportFilter, order: &[ReportOrder]) -> Result<Listing> {
    let mut from = sql("from reports r where true")
        .equal("r.is_handled", filter.is_handled)
        .equal("r.type", filter.kind.map(ReportType::word))
        .equal("r.submitter_email", filter.submitter_email.as_deref());
    for term in smart::conditions(filter.q.as_deref().unwrap_or_default(), condition)? {
        from = from.and(term);
    }
    let keys = order.iter().flat_map(|order| order.keys());
    Ok(Listing::new(from, "r.id", keys))
}

fn condition(key: &str, value: &str) -> Option<Sql> {
    Some(match key {
        "resolved" => sql("r.is_handled = ?").bind(smart::truth(value)?),
        "category" => sql("r.type = ?").bind(value),
        "target" => sql("r.target_type = ?").bind(target::stored(value)),
        "submitter" => smart::actor("r.submitter_id", value),
        "assigned_to" => smart::actor("r.assigned_to_id", value),
        "target_owner" => smart::actor("r.target_owner_id", value),
        "domain" => smart::domain("r.target_owner_id", value),
        "" => smart::holds("r.summary", value),
        _ => return None,
    })
}

/// A report; for moderators.
pub async fn retrieve<O: Operation>(permit: &Allowed<O>, key: Key) -> Result<Report> {
    let found = Report::select().then(" where ").append(key.condition());
    found.one(permit.db()).await
}

/// The newest reports that wait for a moderator.
pub async fn open(permit: &Allowed<List>, most: i64) -> Result<Vec<Report>> {
    let filter = ReportFilter {
        is_handled: Some(false),
        ..ReportFilter::default()
    };
    let all = listing(permit, &filter, &[]).await?;
    let ids = all.page(permit.db(), most, 0).await?;
    permit.loaders().owned::<Report>(&ids).await
}

/// A new report.
async fn of_row(permit: &Allowed<List>, (_, id): Row) -> Result<Report> {
    sole(permit.loaders().owned::<Report>(&[id]).await?)
}

/// How many reports wait for a moderator.
async fn open_count(permit: &Allowed<List>) -> Result<i64> {
    let open = sql("select count(*) from reports where is_handled = false");
    open.number(permit.db()).await
}
