//! Acting on several uploads at once: deleting, submitting, importing again.
use async_graphql::Enum;
use uuid::Uuid;

use super::{
    Act, Delete, UploadFilter,
    release::{release, submit},
    sql::listing,
};
use crate::{
    error::{Error, Result},
    graphql::ids::Key,
    guard::{Allowed, Operation, Writes},
    rest::action::{ActionBody, ActionRequest, Chosen, MOST, nothing},
    store::{Sql, Tx, sql},
};

/// What to do with uploads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum UploadAction {
    /// Delete them, with their files.
    Delete,
    /// Import them again: those that are pending, failed, or were skipped as duplicates.
    RelaunchImport,
    /// Submit drafts for import.
    Publish,
}

impl UploadAction {
    fn word(self) -> &'static str {
        let named = ACTIONS.iter().find(|(_, action)| *action == self);
        named.map_or("", |(word, _)| word)
    }

    /// The import statuses that it submits for import.
    fn statuses(self) -> &'static [&'static str] {
        match self {
            Self::Delete => &[],
            Self::RelaunchImport => &["pending", "errored", "skipped"],
            Self::Publish => &["draft"],
        }
    }
}

const ACTIONS: [(&str, UploadAction); 3] = [
    ("delete", UploadAction::Delete),
    ("relaunch_import", UploadAction::RelaunchImport),
    ("publish", UploadAction::Publish),
];

/// Runs an action that was asked for by its name.
pub async fn named(permit: &Allowed<Act>, request: ActionRequest) -> Result<ActionBody> {
    let action = request.chosen(&ACTIONS)?;
    let done = act(permit, action, request.named()?).await?;
    Ok(ActionBody::new(action.word(), done.len() as u64, None))
}

/// Acts on uploads; returns the IDs of those that were acted on.
///
/// # Errors
/// `Invalid` if none matches, or too many.
pub async fn act(
    permit: &Allowed<Act>,
    action: UploadAction,
    chosen: Chosen<UploadFilter>,
) -> Result<Vec<i64>> {
    if action == UploadAction::Publish && matches!(chosen, Chosen::All(_)) {
        let complaint = "You cannot apply this action on all objects";
        return Err(Error::field("non_field_errors", complaint));
    }
    let ids = match chosen.bounded()? {
        Chosen::Named(uuids) => named_own(permit, &uuids).await?,
        Chosen::Numbered(ids) => {
            let own = own(permit).then("u.id in ?*").bind(ids);
            own.ids(permit.db()).await?
        }
        // They have no other names.
        Chosen::Called(_) => Vec::new(),
        Chosen::All(filter) => {
            let all = listing(permit, &filter, &[]).await?;
            all.page(permit.db(), MOST as i64 + 1, 0).await?
        }
    };
    if ids.is_empty() {
        return Err(nothing());
    }
    if ids.len() > MOST {
        return Err(Error::field(
            "non_field_errors",
            format!("At most {MOST} uploads can be acted on at once; narrow the filters."),
        ));
    }
    let mut tx = permit.begin().await?;
    let done = match action {
        UploadAction::Delete => remove(permit, &mut tx, ids).await?,
        UploadAction::RelaunchImport | UploadAction::Publish => {
            submit(&mut tx, ids, action.statuses(), permit.clock().now()).await?
        }
    };
    tx.commit().await?;
    permit.app().add_jobs();
    Ok(done)
}

/// The IDs of the caller's own uploads for which a condition holds.
fn own<O: Operation>(permit: &Allowed<O>) -> Sql {
    sql("select u.id from uploads u join libraries l on l.id = u.library_id where l.actor_id = ? and ")
        .bind(permit.actor_id().unwrap_or(-1))
}

/// Those of these uploads that are the caller's own.
async fn named_own(permit: &Allowed<Act>, uuids: &[Uuid]) -> Result<Vec<i64>> {
    let mut ids = Vec::new();
    // SQLite takes a thousand conditions at most.
    for uuids in uuids.chunks(500) {
        let found = own(permit).one_of("u.uuid", uuids);
        ids.extend(found.ids(permit.db()).await?);
    }
    Ok(ids)
}

/// Deletes uploads with their files.
async fn remove<O: Writes>(permit: &Allowed<O>, tx: &mut Tx, ids: Vec<i64>) -> Result<Vec<i64>> {
    tx.lock(sql("select id from uploads where id in ?*").bind(ids.clone()))
        .await?;
    let going = sql("select id from uploads where id in ?*").bind(ids.clone());
    release(tx, &going, permit.clock().now()).await?;
    let gone = sql("delete from uploads where id in ?* returning id").bind(ids);
    gone.ids(tx).await
}

/// Deletes an upload of the caller with its file; returns its ID.
pub async fn delete(permit: &Allowed<Delete>, key: Key) -> Result<i64> {
    let mut tx = permit.begin().await?;
    let own = own(permit).then("u.").append(key.condition());
    let id = own.number(&mut tx).await?;
    remove(permit, &mut tx, vec![id]).await?;
    tx.commit().await?;
    permit.app().add_jobs();
    Ok(id)
}
