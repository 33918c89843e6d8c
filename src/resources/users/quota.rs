use async_graphql::SimpleObject;
use poem_openapi::Object;
use serde::Serialize;

use super::Viewer;
use crate::{context::Reader, error::Result, store::sql};

/// How much of the room for uploads is used, in megabytes of a million bytes.
#[derive(Clone, Copy, Debug, Default, Serialize, Object, SimpleObject)]
pub struct QuotaStatus {
    /// The room that the user has.
    max: i64,
    /// What is left of it.
    #[serde(serialize_with = "whole_when_none")]
    remaining: f64,
    /// What all uploads take.
    current: f64,
    /// What drafts take.
    draft: f64,
    /// What uploads take that were there already.
    skipped: f64,
    /// What waits to be imported.
    pending: f64,
    /// What was imported.
    finished: f64,
    /// What could not be imported.
    errored: f64,
}

/// As the original writes it: `0` where nothing is left.
fn whole_when_none<S: serde::Serializer>(left: &f64, to: S) -> Result<S::Ok, S::Error> {
    match *left > 0.0 {
        true => to.serialize_f64(*left),
        false => to.serialize_i64(0),
    }
}

#[expect(clippy::cast_precision_loss, reason = "megabytes, to be shown")]
fn megabytes(bytes: i64) -> f64 {
    bytes as f64 / 1000.0 / 1000.0
}

/// The user's room, summed from an index.
pub async fn status(reader: &Reader, viewer: &Viewer) -> Result<QuotaStatus> {
    let preferences = reader.preferences().await?;
    let max = viewer
        .upload_quota
        .unwrap_or_else(|| preferences.upload_quota());
    let sums = sql(
        "select u.import_status, cast(coalesce(sum(u.size), 0) as bigint)
         from uploads u join libraries l on l.id = u.library_id
         where l.actor_id = ? group by u.import_status",
    )
    .bind(reader.actor_id().unwrap_or(-1))
    .kept::<(String, i64)>(reader.db())
    .await?;
    let of = |status: &str| {
        let sum = sums.iter().find(|(found, _)| found == status);
        megabytes(sum.map_or(0, |(_, bytes)| *bytes))
    };
    let current = megabytes(sums.iter().map(|(_, bytes)| bytes).sum());
    Ok(QuotaStatus {
        max,
        #[expect(clippy::cast_precision_loss, reason = "megabytes, to be shown")]
        remaining: (max as f64 - current).max(0.0),
        current,
        draft: of("draft"),
        skipped: of("skipped"),
        pending: of("pending"),
        finished: of("finished"),
        errored: of("errored"),
    })
}
