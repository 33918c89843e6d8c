use async_graphql::SimpleObject;
use poem_openapi::Object;
use serde::Serialize;

use super::Viewer;
use crate::{
    context::Reader,
    error::{Error, Result},
    store::{On, sql},
};

/// Upload quota and its use, in megabytes (1,000,000 bytes). Files that are played in place do not count.
#[derive(Clone, Copy, Debug, Default, Serialize, Object, SimpleObject)]
pub struct QuotaStatus {
    /// The user's quota.
    max: i64,
    /// Remaining quota; never negative.
    #[serde(serialize_with = "whole_when_none")]
    remaining: f64,
    /// Size of all uploads.
    current: f64,
    /// Size of uploads with the import status `draft`.
    draft: f64,
    /// Size of uploads with the import status `skipped`: the file is a duplicate.
    skipped: f64,
    /// Size of uploads with the import status `pending`.
    pending: f64,
    /// Size of uploads with the import status `finished`.
    finished: f64,
    /// Size of uploads with the import status `errored`.
    errored: f64,
}

/// Funkwhale writes `0`, not `0.0`, when nothing is left.
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

/// Computes the user's quota; the sums are read from an index.
pub async fn status(reader: &Reader, viewer: &Viewer) -> Result<QuotaStatus> {
    let preferences = reader.preferences().await?;
    let max = viewer
        .upload_quota
        .unwrap_or_else(|| preferences.upload_quota());
    let sums = sql(
        "select u.import_status, cast(coalesce(sum(u.size), 0) as bigint)
         from uploads u join libraries l on l.id = u.library_id
         where l.actor_id = ? and u.audio_file <> '' group by u.import_status",
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

/// Bytes that are left of the quota of an actor's user. `common` is the quota of users who have none of their own, in
/// megabytes.
pub async fn left(on: impl On, actor: i64, common: i64) -> Result<i64> {
    let left = sql(
        "select coalesce((select coalesce(u.upload_quota, ?) from users u where u.actor_id = ?), ?) * 1000000
           - cast(coalesce((select sum(u.size) from uploads u join libraries l on l.id = u.library_id
               where l.actor_id = ? and u.audio_file <> ''), 0) as bigint)",
    );
    left.bind(common)
        .bind(actor)
        .bind(common)
        .bind(actor)
        .number(on)
        .await
}

/// The refusal of what does not fit into the quota.
pub fn reached() -> Error {
    Error::field("non_field_errors", "upload_quota_reached")
}
