//! The audit log: what moderators and administrators have done to the pod.
use serde_json::Value;

use crate::{
    error::Result,
    store::{Tx, sql},
    time::Timestamp,
};

/// Something that is done to the pod. It is entered by the transaction that does it, so that neither is there
/// without the other.
#[derive(Clone, Debug)]
pub struct Deed<'a> {
    /// Name of the operation, such as `user_accounts.update`.
    pub operation: &'a str,
    pub user_id: Option<i64>,
    pub username: &'a str,
    /// Where the request came from; none on the command line.
    pub address: Option<String>,
    /// What it is done to; empty for the pod.
    pub target: &'a str,
    /// The new values.
    pub details: Value,
}

impl Deed<'_> {
    pub async fn enter(self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        sql(
            "insert into audit_entries (operation, user_id, username, address, target, details, creation_date)
             values (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(self.operation)
        .bind(self.user_id)
        .bind(self.username)
        .bind(self.address)
        .bind(self.target)
        .bind((!self.details.is_null()).then_some(self.details))
        .bind(now)
        .run(tx)
        .await
        .map(|_| ())
    }
}
