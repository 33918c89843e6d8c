//! Notes of moderators, on reports, requests and accounts.
mod body;
pub mod graphql;
mod write;

use std::collections::HashMap;

use async_graphql::SimpleObject;
use sqlx::FromRow;
use uuid::Uuid;

pub use self::body::{BriefNote, Rest, briefs};
use crate::{
    context::Reader,
    error::Result,
    graphql::ids::Key,
    guard::{Allowed, Operation, operations},
    load::{Entity, entity, grouped, load},
    resources::smart,
    rest::{
        page::ListQuery,
        params::{filter, ordering},
    },
    store::{
        Sql,
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
    },
    time::Timestamp,
};

operations! {
    "notes", "Notes of moderators, on reports, sign-up requests and accounts.";
    /// Lists the moderators' notes.
    ///
    /// Newest first by default.
    list: List = read InstanceNotes, anonymous = Never, throttle = List, graphql = "moderationNotes", params = Query;
    /// Returns a moderator's note.
    ///
    /// Unknown UUIDs are answered with 404.
    retrieve: Retrieve = read InstanceNotes, anonymous = Never, throttle = Retrieve, graphql = "moderationNote";
    /// Writes a note, for moderators.
    ///
    /// On a report, a sign-up request or an account; what does not exist is answered with 400.
    create: Create = write InstanceNotes, anonymous = Never, throttle = Create, graphql = "Mutation.createModerationNote";
    /// Deletes a moderator's note.
    ///
    /// Unknown UUIDs are answered with 404.
    delete: Delete = write InstanceNotes, anonymous = Never, throttle = Destroy, graphql = "Mutation.deleteModerationNote";
}

pub type Query = ListQuery<ModerationNoteFilter, ModerationNoteOrder>;

/// A note of a moderator.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct ModerationNote {
    /// Numeric ID, unique among notes.
    #[graphql(name = "databaseId")]
    pub id: i64,
    /// UUID of the note.
    pub uuid: Uuid,
    /// What the moderator wrote.
    pub summary: String,
    #[graphql(skip)]
    pub author_id: i64,
    #[graphql(skip)]
    pub report_id: Option<i64>,
    #[graphql(skip)]
    pub actor_id: Option<i64>,
    #[graphql(skip)]
    pub user_request_id: Option<i64>,
    /// Time at which it was written.
    pub creation_date: Timestamp,
}

entity!(ModerationNote in "notes": "id, uuid, summary, author_id, report_id, actor_id, user_request_id, creation_date",
    upon [], weighs []);

filter! {
    /// Filter for a list of notes. A note must match all conditions.
    pub struct ModerationNoteFilter {
        /// Terms, all of which must hold: `author:carol`, or words that the note must contain.
        q: Option<String>,
    }
}

ordering! {
    /// Sort options for notes.
    pub struct ModerationNoteOrder by ModerationNoteOrderField {
        /// Time at which it was written.
        CreationDate = "creation_date",
    }
    others ignored
}

async fn listing(
    _: &Reader,
    filter: &ModerationNoteFilter,
    order: &[ModerationNoteOrder],
) -> Result<Listing> {
    let mut from = sql("from notes n where true");
    for term in smart::conditions(filter.q.as_deref().unwrap_or_default(), condition)? {
        from = from.and(term);
    }
    let down = order
        .first()
        .is_none_or(|order| order.direction.is_descending());
    let date = SortKey::new(sql("n.creation_date"), KeyKind::Time, down);
    Ok(Listing::new(from, "n.id", [date]).oldest_first_if(!down))
}

fn condition(key: &str, value: &str) -> Option<Sql> {
    match key {
        "author" => Some(smart::actor("n.author_id", value)),
        "" => Some(smart::holds("n.summary", value)),
        _ => None,
    }
}

pub async fn retrieve<O: Operation>(permit: &Allowed<O>, key: Key) -> Result<ModerationNote> {
    let found = ModerationNote::select()
        .then(" where ")
        .append(key.condition());
    found.one(permit.db()).await
}

load!(/// The notes on a report, oldest first.
    NotesOfReport: Vec<i64> = for_caller of_reports);

load!(/// The notes on a sign-up request, oldest first.
    NotesOfRequest: Vec<i64> = for_caller of_requests);

/// Notes that are shown with what they are about, at most.
const SHOWN: i64 = 100;

async fn of_reports(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Vec<i64>>> {
    about(reader, sql("n.report_id"), ids).await
}

async fn of_requests(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, Vec<i64>>> {
    about(reader, sql("n.user_request_id"), ids).await
}

async fn about(reader: &Reader, column: Sql, ids: Vec<i64>) -> Result<HashMap<i64, Vec<i64>>> {
    let rows: Vec<(i64, i64)> = sql("select x.about, x.id from (select ")
        .append(column.clone())
        .then(" as about, n.id, row_number() over (partition by ")
        .append(column.clone())
        .then(" order by n.creation_date, n.id) as place from notes n where ")
        .append(column)
        .then(" in ?*) x where x.place <= ? order by x.about, x.place")
        .bind(ids)
        .bind(SHOWN)
        .all(reader.db())
        .await?;
    Ok(grouped(rows))
}
