//! Reporting something.
use super::{
    Create, Report, ReportType,
    target::{Name, Target, TargetType, find, stored},
};
use crate::{
    accounts::{check_email, mails::Letterhead},
    error::{Error, Result},
    guard::Allowed,
    load::sole,
    resources::checks::shorter,
    store::{sql, text::clean},
};

/// Maximum number of characters of a summary.
const SUMMARY: usize = 50_000;
/// As many of them go into a mail.
const EXCERPT: usize = 1_000;

/// A report to make.
pub struct NewReport {
    pub kind: ReportType,
    pub summary: Option<String>,
    pub target: (TargetType, Name),
    pub submitter_email: Option<String>,
}

pub async fn create(permit: &Allowed<Create>, new: NewReport) -> Result<Report> {
    shorter(
        "summary",
        new.summary.as_deref().unwrap_or_default(),
        SUMMARY,
    )?;
    let email = submitter(permit, &new).await?;
    let target = find(permit, new.target).await?;
    let letterhead = Letterhead::of(permit.app()).await?;
    let summary = new.summary.as_deref().map(clean);
    let id = insert(permit, new.kind, (summary.as_deref(), email), &target).await?;
    let excerpt: String = summary
        .iter()
        .flat_map(|text| text.chars())
        .take(EXCERPT)
        .collect();
    let text = format!(
        "a report of the type `{}` is about the {} {}.\n\n{excerpt}\n\nSee {}/manage",
        new.kind.word(),
        target.kind.word(),
        target.name(),
        letterhead.root()
    );
    letterhead
        .tell_moderators(permit.app(), "A report was made", &text)
        .await;
    sole(permit.loaders().owned::<Report>(&[id]).await?)
}

/// The email address of a reporter without an account.
///
/// # Errors
/// `Invalid` if the pod takes such reports only from its users, and for strangers without an address.
async fn submitter(permit: &Allowed<Create>, new: &NewReport) -> Result<Option<String>> {
    if permit.user_id().is_some() {
        return Ok(None);
    }
    let allowed = permit.preferences().await?;
    let allowed = allowed.get("moderation__unauthenticated_report_types");
    let is_allowed = allowed
        .as_array()
        .is_some_and(|types| types.iter().any(|kind| kind == new.kind.word()));
    if !is_allowed {
        let complaint = "You need an account to submit this report";
        return Err(Error::field("non_field_errors", complaint));
    }
    let email = new.submitter_email.as_deref().unwrap_or_default().trim();
    if email.is_empty() {
        return Err(Error::field("submitter_email", "This field is required."));
    }
    check_email(email)
        .map_err(|_| Error::field("submitter_email", "Enter a valid email address."))?;
    Ok(Some(email.to_owned()))
}

async fn insert(
    permit: &Allowed<Create>,
    kind: ReportType,
    (summary, email): (Option<&str>, Option<String>),
    target: &Target,
) -> Result<i64> {
    let uuid = crate::random::uuid();
    let fid = format!("{}/federation/reports/{uuid}", permit.config().public_url());
    let mut tx = permit.begin().await?;
    let id = sql(
        "insert into reports (uuid, fid, summary, type, submitter_email, submitter_id, target_owner_id, target_type,
           target_id, target_state, creation_date) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning id",
    )
    .bind(uuid)
    .bind(fid)
    .bind(summary.map(str::to_owned))
    .bind(kind)
    .bind(email)
    .bind(permit.actor_id())
    .bind(target.owner)
    .bind(stored(target.kind.word()))
    .bind(target.id)
    .bind(target.state.clone())
    .bind(permit.clock().now())
    .number(&mut tx)
    .await?;
    tx.commit().await?;
    Ok(id)
}
