//! Handling reports.
use serde_json::{Value, json};

use super::{Report, ReportType, Update, retrieve};
use crate::{
    audit::given, error::Result, graphql::ids::Key, guard::Allowed, load::Entity,
    resources::moderation::assignee::Assignee, store::sql,
};

/// What to change of a report. Fields that are not given keep their values.
#[derive(Debug, Default)]
pub struct Changes {
    pub is_handled: Option<bool>,
    pub kind: Option<ReportType>,
    pub assigned_to: Option<Assignee>,
}

pub async fn update(permit: &Allowed<Update>, key: Key, changes: Changes) -> Result<Report> {
    let report = retrieve(permit, key).await?;
    let assigned_to = match &changes.assigned_to {
        Some(assignee) => Some(assignee.resolve(permit).await?),
        None => None,
    };
    let told = given([
        ("is_handled", changes.is_handled.map(Value::from)),
        ("type", changes.kind.map(|kind| json!(kind))),
        ("assigned_to", assigned_to.map(|actor| json!(actor))),
    ]);
    if told == Value::Null {
        return Ok(report);
    }
    let target = format!("report {}", report.uuid);
    let mut tx = permit.begin_deed(&target, told).await?;
    tx.lock(sql("select id from reports where id = ?").bind(report.id))
        .await?;
    let known = Report::select().then(" where id = ?").bind(report.id);
    let known: Report = known.one(&mut tx).await?;
    let is_handled = changes.is_handled.unwrap_or(known.is_handled);
    let handled_date = match (is_handled, known.is_handled) {
        (false, _) => None,
        (true, true) => known.handled_date,
        (true, false) => Some(permit.clock().now()),
    };
    // Whoever handles it takes care of it.
    let own = (is_handled && !known.is_handled).then(|| permit.actor_id());
    let assigned_to = assigned_to.unwrap_or_else(|| known.assigned_to_id.or(own.flatten()));
    sql("update reports set is_handled = ?, handled_date = ?, type = ?, assigned_to_id = ? where id = ?")
        .bind(is_handled)
        .bind(handled_date)
        .bind(changes.kind.unwrap_or(known.kind))
        .bind(assigned_to)
        .bind(known.id)
        .run(&mut tx)
        .await?;
    tx.commit().await?;
    retrieve(permit, Key::Id(known.id)).await
}
