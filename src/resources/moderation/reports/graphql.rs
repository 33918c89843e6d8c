//! The GraphQL fields of reports.
use async_graphql::{
    ComplexObject, Context, ID, InputObject, Json, MaybeUndefined, SimpleObject, Union,
};
use serde_json::Value;

use super::{
    Create, List, Report, ReportFilter, ReportOrder, ReportType, Retrieve, Update,
    create::{NewReport, create},
    listing, of_row, retrieve,
    target::{TargetType, identified},
    update::{Changes, update},
};
use crate::{
    error::Result,
    graphql::{
        connection::cost,
        ids::{Key, Kind, global, parse},
        live::subscriptions,
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed},
    live::Row,
    resources::{
        catalogue::{albums::Album, artists::Artist, tracks::Track},
        library::libraries::Library,
        listening::playlists::Playlist,
        moderation::{
            assignee::Assignee,
            notes::{self, ModerationNote, NotesOfReport},
        },
        people::actors::Actor,
        publishing::channels::Channel,
    },
};

/// What a report is about.
#[derive(Union)]
pub enum ReportTarget {
    Channel(Channel),
    Artist(Artist),
    Album(Album),
    Track(Track),
    Library(Library),
    Playlist(Playlist),
    Actor(Actor),
}

#[ComplexObject]
impl Report {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::Report, self.id)
    }

    /// What it is about; null if that was deleted.
    async fn target(&self, ctx: &Context<'_>) -> Result<Option<ReportTarget>> {
        let (Some(kind), Some(id)) = (self.about(), self.target_id) else {
            return Ok(None);
        };
        Ok(match kind {
            TargetType::Channel => ctx
                .load::<Retrieve, Channel>(id)
                .await?
                .map(ReportTarget::Channel),
            TargetType::Artist => ctx
                .load::<Retrieve, Artist>(id)
                .await?
                .map(ReportTarget::Artist),
            TargetType::Album => ctx
                .load::<Retrieve, Album>(id)
                .await?
                .map(ReportTarget::Album),
            TargetType::Track => ctx
                .load::<Retrieve, Track>(id)
                .await?
                .map(ReportTarget::Track),
            TargetType::Library => ctx
                .load::<Retrieve, Library>(id)
                .await?
                .map(ReportTarget::Library),
            TargetType::Playlist => ctx
                .load::<Retrieve, Playlist>(id)
                .await?
                .map(ReportTarget::Playlist),
            TargetType::Account => ctx
                .load::<Retrieve, Actor>(id)
                .await?
                .map(ReportTarget::Actor),
        })
    }

    /// What it was like at the time of the report: a JSON object.
    async fn target_state(&self) -> Option<Json<Value>> {
        self.target_state.clone().map(Json)
    }

    /// Whose it is that was reported.
    async fn target_owner(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        ctx.load::<Retrieve, Actor>(self.target_owner_id).await
    }

    /// Who made the report; null for strangers.
    async fn submitter(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        ctx.load::<Retrieve, Actor>(self.submitter_id).await
    }

    /// The moderator who takes care of it.
    async fn assigned_to(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        ctx.load::<Retrieve, Actor>(self.assigned_to_id).await
    }

    /// Notes of the moderators, oldest first, up to 100.
    #[graphql(complexity = "cost(100, child_complexity)")]
    async fn notes(&self, ctx: &Context<'_>) -> Result<Vec<ModerationNote>> {
        let ids = ctx.load_all::<notes::List, NotesOfReport>(self.id).await?;
        ctx.load_list::<notes::List, ModerationNote>(ids).await
    }
}

fields! {
    Queries as "ReportsQueries";
    list reports: List(ReportFilter, ReportOrder) -> Report = listing;
    one report(Kind::Report) -> Report = retrieve::<Retrieve>;
}

/// A report to make.
#[derive(Debug, InputObject)]
struct CreateReportInput {
    /// Why it is reported.
    #[graphql(name = "type")]
    kind: ReportType,
    /// What you want to say, at most 50,000 characters.
    summary: Option<String>,
    /// Global ID of what it is about: a channel, artist, album, track, library, playlist, actor or user.
    target: ID,
    /// Your email address, if you have no account.
    submitter_email: Option<String>,
}

/// A report that was made.
#[derive(Debug, SimpleObject)]
struct CreateReportPayload {
    /// Global ID of the report, which only moderators can read.
    report_id: ID,
}

async fn created(
    permit: &Allowed<Create>,
    input: CreateReportInput,
) -> Result<CreateReportPayload> {
    let unreadable = |_| crate::error::Error::field("target", "Not a global ID of this API.");
    let (kind, name) = parse(&input.target).map_err(unreadable)?;
    let report = NewReport {
        kind: input.kind,
        summary: input.summary,
        target: identified(kind, name, &permit.names().host)?,
        submitter_email: input.submitter_email,
    };
    let report = create(permit, report).await?;
    let report_id = global(Kind::Report, report.id);
    Ok(CreateReportPayload { report_id })
}

/// What to change of a report. Fields that are not given keep their values.
#[derive(Debug, InputObject)]
struct UpdateReportInput {
    /// Global ID of the report; its UUID and its numeric ID are accepted too.
    id: ID,
    /// Whether it was handled.
    is_handled: Option<bool>,
    /// Why it is reported.
    #[graphql(name = "type")]
    kind: Option<ReportType>,
    /// Global ID or username of the moderator who takes care of it; null: nobody.
    assigned_to: MaybeUndefined<ID>,
}

async fn updated(permit: &Allowed<Update>, input: UpdateReportInput) -> Result<Report> {
    let key = Key::of(Kind::Report, Some(input.id), None, None)?;
    let changes = Changes {
        is_handled: input.is_handled,
        kind: input.kind,
        assigned_to: Assignee::named(&input.assigned_to)?,
    };
    update(permit, key, changes).await
}

mutations! {
    Mutations as "ReportsMutations";
    change update_report(UpdateReportInput) -> UpdateReportPayload { report: Report, "The report after the change." } = updated;
    act create_report(CreateReportInput) -> CreateReportPayload = created;
}

/// A report that was made.
#[derive(SimpleObject)]
pub struct ReportCreatedPayload {
    /// The report.
    report: Report,
}

async fn told(permit: Allowed<List>, row: Row) -> Result<ReportCreatedPayload> {
    let report = of_row(&permit, row).await?;
    Ok(ReportCreatedPayload { report })
}

subscriptions! {
    Subscriptions as "ReportsSubscriptions";
    /// Sends each new report, to moderators.
    report_created -> ReportCreatedPayload = each told;
}
