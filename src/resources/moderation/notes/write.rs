//! Writing and deleting notes.
use serde_json::json;
use uuid::Uuid;

use super::{Create, Delete, ModerationNote, retrieve};
use crate::{
    error::{Error, Result},
    graphql::ids::Key,
    guard::Allowed,
    resources::{checks::not_blank, people::actors},
    store::{On, Sql, sql, text::clean},
};

/// Maximum number of characters of a note.
const SUMMARY: usize = 50_000;

/// What a note is about.
#[derive(Debug)]
pub enum Subject {
    Report(Key),
    Request(Key),
    /// An account, by its username with the domain.
    Account(String),
}

pub async fn create(
    permit: &Allowed<Create>,
    summary: &str,
    subject: Subject,
) -> Result<ModerationNote> {
    not_blank("summary", summary, SUMMARY)?;
    let author = permit.actor_id().ok_or(Error::Forbidden)?;
    let (target, column, id) = subject.found(permit).await?;
    let uuid = crate::random::uuid();
    let told = json!({ "note": uuid });
    let mut tx = permit.begin_deed(&target, told).await?;
    let note = sql("insert into notes (uuid, summary, author_id, creation_date, ")
        .then(column)
        .then(
            ") values (?, ?, ?, ?, ?)
             returning id, uuid, summary, author_id, report_id, actor_id, user_request_id, creation_date",
        )
        .bind(uuid)
        .bind(clean(summary))
        .bind(author)
        .bind(permit.clock().now())
        .bind(id)
        .one(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(note)
}

impl Subject {
    /// What it is called, the column that names it, and its number.
    ///
    /// # Errors
    /// `Invalid` under `target` if it does not exist.
    async fn found(self, permit: &Allowed<Create>) -> Result<(String, &'static str, i64)> {
        let db = permit.db();
        match self {
            Self::Report(key) => {
                let (id, uuid) =
                    named(db, sql("select id, uuid from reports where "), &key).await?;
                Ok((format!("report {uuid}"), "report_id", id))
            }
            Self::Request(key) => {
                let known = sql("select id, uuid from user_requests where ");
                let (id, uuid) = named(db, known, &key).await?;
                Ok((format!("user request {uuid}"), "user_request_id", id))
            }
            Self::Account(address) => {
                let actor = actors::named(permit, &address).await;
                let actor = actor.map_err(|_| missing())?;
                Ok((format!("account {address}"), "actor_id", actor.id))
            }
        }
    }
}

async fn named(on: impl On, select: Sql, key: &Key) -> Result<(i64, Uuid)> {
    let found = select.append(key.condition());
    found.optional(on).await?.ok_or_else(missing)
}

fn missing() -> Error {
    Error::field("target", "This object does not exist.")
}

pub async fn delete(permit: &Allowed<Delete>, key: Key) -> Result<i64> {
    let note = retrieve(permit, key).await?;
    let told = json!({ "summary": note.summary });
    let target = format!("note {}", note.uuid);
    let mut tx = permit.begin_deed(&target, told).await?;
    let gone = sql("delete from notes where id = ? returning id").bind(note.id);
    let id = gone.number(&mut tx).await?;
    tx.commit().await?;
    Ok(id)
}
