//! The audit log: what moderators and administrators have done to the pod.
use serde_json::{Map, Value};
use sqlx::FromRow;

use crate::{
    error::Result,
    store::{On, Tx, sql},
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

impl<'a> Deed<'a> {
    /// Something that is done on the command line.
    pub fn by_command(operation: &'a str, target: &'a str, details: Value) -> Self {
        Self {
            operation,
            user_id: None,
            username: "",
            address: None,
            target,
            details,
        }
    }

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

/// The new values that were given, by field; null if none was.
pub fn given<const N: usize>(values: [(&str, Option<Value>); N]) -> Value {
    let values = values
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let values: Map<String, Value> = values.collect();
    match values.is_empty() {
        true => Value::Null,
        false => Value::Object(values),
    }
}

/// An entry of the audit log.
#[derive(Debug, FromRow)]
pub struct Entered {
    pub operation: String,
    /// Empty for the command line.
    pub username: String,
    pub address: Option<String>,
    pub target: String,
    #[sqlx(json(nullable))]
    pub details: Option<Value>,
    pub creation_date: Timestamp,
}

/// The newest entries, newest first.
pub async fn newest(on: impl On, most: i64) -> Result<Vec<Entered>> {
    let entries = sql(
        "select operation, username, address, target, details, creation_date from audit_entries
         order by id desc limit ?",
    );
    entries.bind(most).all(on).await
}
