//! The edits of the whole pod, and deciding about them (contract section 10).
mod body;
mod decide;
pub mod graphql;

pub use self::body::Rest;
use super::edits::retrieve;
use crate::{
    context::Reader,
    error::Result,
    guard::operations,
    resources::smart,
    rest::{
        page::ListQuery,
        params::{choices, filter, ordering},
    },
    store::{
        Sql,
        listing::{Kind as KeyKind, Listing, SortKey},
        sql,
    },
};

operations! {
    "reviews", "Edits of the whole pod, and what was decided about them.";
    /// Lists the edits of all artists, albums and tracks.
    ///
    /// Pending, approved and rejected edits are listed, newest first by default.
    list: List = read Edits, anonymous = Never, throttle = List, graphql = "edits", params = Query;
    /// Returns an edit.
    ///
    /// Unknown UUIDs are answered with 404.
    retrieve: Retrieve = read Edits, anonymous = Never, throttle = Retrieve, graphql = "edit";
    /// Deletes an edit that was not applied.
    ///
    /// For whoever proposed it, and for those who may decide about it; others are answered with 403, as are edits that
    /// were applied. Unknown UUIDs are answered with 404.
    delete: Delete = write Edits, anonymous = Never, throttle = Destroy, graphql = "Mutation.deleteEdit";
    /// Approves an edit, and applies it.
    ///
    /// For the owner of the artist, album or track, and for users with the permission `library`; others are answered
    /// with 403, as are edits that were applied already. Values that do not fit any more are answered with 400, unknown
    /// UUIDs with 404.
    approve: Approve = write Edits, anonymous = Never, throttle = Wildcard, graphql = "Mutation.approveEdit";
    /// Rejects an edit.
    ///
    /// For the owner of the artist, album or track, and for users with the permission `library`; others are answered
    /// with 403, as are edits that were applied already. Unknown UUIDs are answered with 404.
    reject: Reject = write Edits, anonymous = Never, throttle = Wildcard, graphql = "Mutation.rejectEdit";
    /// Undoes an edit that was applied.
    ///
    /// A new edit, which is applied at once, gives its fields the values that they had before. For the owner of the
    /// artist, album or track, and for users with the permission `library`; others are answered with 403. Edits that
    /// were not applied, and those whose fields have been changed again since, are answered with 400, unknown UUIDs
    /// with 404.
    undo: Undo = write Edits, anonymous = Never, throttle = Wildcard, graphql = "Mutation.undoEdit";
}

pub type Query = ListQuery<EditFilter, EditOrder>;

choices! {
    /// The kind of an edit.
    pub enum EditType {
        /// New values of fields.
        Update = "update",
    }
}

filter! {
    /// Filter for a list of edits. An edit must match all conditions.
    pub struct EditFilter {
        /// `true`: only edits that were applied.
        is_applied: Option<bool>,
        /// `true`: only edits that were approved. `false`: only edits that were rejected.
        is_approved: Option<bool>,
        /// `true`: only edits that wait for a decision.
        is_pending: Option<bool>,
        /// Terms, all of which must hold: `is_approved:true`, `false` or `null` (waiting), `is_applied:true` or `null`,
        /// `target:artist`, `target:"album 3"`, `domain:example.org`, or words that the summary must contain.
        q: Option<String>,
        /// Only edits of this kind.
        kind: Option<EditType> = "type",
    }
}

ordering! {
    /// Sort options for edits.
    pub struct EditOrder by EditOrderField {
        /// Time of the proposal.
        CreationDate = "creation_date",
    }
    others ignored
}

async fn listing(_: &Reader, filter: &EditFilter, order: &[EditOrder]) -> Result<Listing> {
    let mut from = sql("from mutations m where m.type = 'update'");
    if let Some(applied) = filter.is_applied {
        from = from.and(is("m.is_applied", Some(applied)));
    }
    if let Some(approved) = filter.is_approved {
        from = from.and(is("m.is_approved", Some(approved)));
    }
    if let Some(pending) = filter.is_pending {
        let not = if pending { "" } else { "not " };
        from = from.then(" and m.is_approved is ").then(not).then("null");
    }
    for condition in smart::conditions(filter.q.as_deref().unwrap_or_default(), condition)? {
        from = from.and(condition);
    }
    let down = order
        .first()
        .is_none_or(|order| order.direction.is_descending());
    let date = SortKey::new(sql("m.creation_date"), KeyKind::Time, down);
    Ok(Listing::new(from, "m.id", [date]).oldest_first_if(!down))
}

/// What was not applied has null in its column.
fn is(column: &'static str, wanted: Option<bool>) -> Sql {
    let column = sql(column);
    match wanted {
        Some(wanted) => column.then(" = ?").bind(wanted),
        None => column.then(" is null"),
    }
}

fn condition(key: &str, value: &str) -> Option<Sql> {
    let wanted = match value {
        "null" | "none" => Some(None),
        value => smart::truth(value).map(Some),
    };
    match key {
        "is_approved" => wanted.map(|wanted| is("m.is_approved", wanted)),
        "is_applied" => wanted.map(|wanted| is("m.is_applied", wanted)),
        "target" => target(value),
        "domain" => Some(smart::domain("m.created_by_id", value)),
        "" => Some(smart::holds("m.summary", value)),
        _ => None,
    }
}

/// The object of an edit: `artist`, `album` or `track`, alone or with a number.
fn target(value: &str) -> Option<Sql> {
    let (kind, id) = value.split_once(' ').unwrap_or((value, ""));
    let column = match kind {
        "artist" => "m.artist_id",
        "album" => "m.album_id",
        "track" => "m.track_id",
        _ => return None,
    };
    match id {
        "" => Some(sql(column).then(" is not null")),
        id => Some(
            sql(column)
                .then(" = ?")
                .bind(id.trim().parse::<i64>().unwrap_or(-1)),
        ),
    }
}
