//! Removing objects, a few at once or very many by a job.
use std::future::Future;

use async_graphql::ID;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::removal::{Removable, remove};
use crate::{
    app::App,
    context::Reader,
    error::{Error, Result},
    graphql::{
        ids::{Key, global},
        reference::Identified,
    },
    guard::{Allowed, Writes},
    import::Watch,
    jobs::{self, Failure, Perform, Running, Task},
    rest::{
        action::{ActionBody, ActionRequest, Chosen, nothing},
        params::{Docs, Params},
    },
    store::{Sql, listing::Listing, sql, text::folded},
};

/// Objects that are removed while the request waits; more of them are left to a job.
const AT_ONCE: usize = 100;
/// Objects of one transaction of a job.
const BATCH: usize = 50;
/// Uploads of one transaction.
const UPLOADS: usize = 500;
/// Objects of one job.
const EACH: usize = 10_000;
/// Objects of one request.
const MOST: i64 = 1_000_000;
/// Objects that the audit log names.
const TOLD: usize = 100;

/// What keepers list and remove.
pub trait Managed: Send + Sync + 'static {
    const WHAT: Removable;
    /// What GraphQL refers to.
    type Object: Identified;
    type Filter: Params + Docs + Default + Send + Sync;

    fn all(reader: &Reader, filter: &Self::Filter) -> impl Future<Output = Result<Listing>> + Send;
}

/// What was removed, or will be.
#[derive(Debug)]
pub struct Removed {
    pub count: usize,
    pub is_done: bool,
    pub deleted_ids: Vec<ID>,
}

/// Objects that are removed in the background.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Removal {
    pub what: Removable,
    pub ids: Vec<i64>,
}

impl Task for Removal {
    const KIND: &'static str = "removal";
    const IS_KEPT: bool = true;
}

impl Perform for Removal {
    async fn perform(self, app: &App, mut running: Running) -> Result<Value, Failure> {
        running.stage("removing", self.ids.len() as u64);
        for ids in self.ids.chunks(BATCH) {
            if running.stop.is_told() {
                break;
            }
            // Those that are gone since, also by an earlier attempt, are passed over.
            let gone = at_once(app, self.what, ids.to_vec()).await;
            gone.map_err(|error| Failure::ForNow(error.to_string()))?;
            running.done(ids.len() as u64);
        }
        Ok(json!({ "removed": self.what, "count": self.ids.len() }))
    }
}

async fn at_once(app: &App, what: Removable, ids: Vec<i64>) -> Result<()> {
    let now = app.clock().now();
    loop {
        // In parts, so that others can write meanwhile.
        let some = what.uploads(&ids).then(" limit ?").bind(UPLOADS as i64);
        let some = some.ids(app.db()).await?;
        if some.is_empty() {
            break;
        }
        let mut tx = app.db().begin().await?;
        remove(&mut tx, Removable::Uploads, some, now).await?;
        tx.commit().await?;
    }
    let mut tx = app.db().begin().await?;
    let files = remove(&mut tx, what, ids, now).await?;
    tx.commit().await?;
    drop_files(app, &files).await;
    Ok(())
}

async fn drop_files(app: &App, files: &[String]) {
    app.add_jobs();
    for file in files {
        app.media().pictures.remove(file).await;
    }
}

/// Removes objects, or leaves it to a job if they, or the uploads that go with them, are many.
///
/// # Errors
/// `Invalid` if none matches, or too many.
pub async fn remove_chosen<M: Managed, O: Writes>(
    permit: &Allowed<O>,
    chosen: Chosen<M::Filter>,
) -> Result<Removed> {
    let ids = match chosen {
        Chosen::All(filter) => narrowed::<M>(permit, &filter).await?,
        chosen => found::<M, O>(permit, chosen).await?,
    };
    let count = ids.len();
    if count == 0 {
        return Err(nothing());
    }
    let is_done = count <= AT_ONCE && !has_many_uploads::<M>(permit, &ids).await?;
    let (target, details) = told::<M>(permit, &ids).await?;
    let deleted_ids = match is_done {
        true => named_globally::<M>(permit, &ids).await?,
        false => Vec::new(),
    };
    let mut tx = permit.begin_deed(&target, details).await?;
    let now = permit.clock().now();
    let mut files = Vec::new();
    if is_done {
        files = remove(&mut tx, M::WHAT, ids.clone(), now).await?;
    } else {
        for ids in ids.chunks(EACH) {
            let (what, ids) = (M::WHAT, ids.to_vec());
            jobs::enqueue(&mut tx, &Removal { what, ids }, now).await?;
        }
    }
    tx.commit().await?;
    drop_files(permit.app(), &files).await;
    Ok(Removed {
        count,
        is_done,
        deleted_ids,
    })
}

/// Global IDs of what goes: those of channels hold their UUIDs, and accounts stay.
async fn named_globally<M: Managed>(reader: &Reader, ids: &[i64]) -> Result<Vec<ID>> {
    let kind = M::Object::KIND;
    match M::WHAT {
        Removable::Accounts | Removable::Domains => Ok(Vec::new()),
        Removable::Channels => {
            let uuids = sql("select uuid from channels where id in ?*").bind(ids.to_vec());
            let uuids: Vec<(Uuid,)> = uuids.all(reader.db()).await?;
            Ok(uuids
                .into_iter()
                .map(|(uuid,)| global(kind, uuid))
                .collect())
        }
        _ => Ok(ids.iter().map(|id| global(kind, *id)).collect()),
    }
}

async fn has_many_uploads<M: Managed>(reader: &Reader, ids: &[i64]) -> Result<bool> {
    let most = UPLOADS as i64 + 1;
    let some = M::WHAT.uploads(ids).then(" limit ?").bind(most);
    Ok(some.ids(reader.db()).await?.len() > UPLOADS)
}

/// What is removed, for the audit log: what it is called, as far as there is room.
async fn told<M: Managed>(reader: &Reader, ids: &[i64]) -> Result<(String, Value)> {
    let shown = ids[..ids.len().min(TOLD)].to_vec();
    let names: Vec<(i64, String)> = M::WHAT.names(shown).all(reader.db()).await?;
    let target = match ids {
        [id] => format!("{} {id}", M::WHAT.one()),
        _ => M::WHAT.word().to_owned(),
    };
    let names = names
        .into_iter()
        .map(|(id, name)| json!({ "id": id, "name": name }));
    let names: Vec<Value> = names.collect();
    let action = M::WHAT.action();
    Ok((
        target,
        json!({ "action": action, "count": ids.len(), "objects": names }),
    ))
}

/// The IDs of the objects that were chosen, as far as they are there.
pub async fn found<M: Managed, O: Writes>(
    permit: &Allowed<O>,
    chosen: Chosen<M::Filter>,
) -> Result<Vec<i64>> {
    let named = |condition: Sql| {
        sql("select id from ")
            .then(M::Object::TABLE)
            .then(" where ")
            .append(condition)
            .then(M::WHAT.listed())
    };
    match chosen.bounded()? {
        Chosen::Numbered(ids) => named(sql("id in ?*").bind(ids)).ids(permit.db()).await,
        Chosen::Named(uuids) => {
            let mut ids = Vec::new();
            // SQLite takes a thousand conditions at most.
            for uuids in uuids.chunks(500) {
                let some = named(sql("").one_of("uuid", uuids));
                ids.extend(some.ids(permit.db()).await?);
            }
            Ok(ids)
        }
        Chosen::Called(names) => {
            let names: Vec<String> = names.iter().map(|name| folded(name)).collect();
            let called = sql(M::WHAT.called()).then(" in ?*");
            named(called.bind(names)).ids(permit.db()).await
        }
        Chosen::All(filter) => matching::<M>(permit, &filter).await,
    }
}

/// All that match a filter.
async fn matching<M: Managed>(reader: &Reader, filter: &M::Filter) -> Result<Vec<i64>> {
    let all = M::all(reader, filter).await?;
    let ids = all.page(reader.db(), MOST + 1, 0).await?;
    if ids.len() as i64 > MOST {
        let complaint =
            format!("At most {MOST} objects can be acted on at once; narrow the filter.");
        return Err(Error::field("filter", complaint));
    }
    Ok(ids)
}

/// The same of a filter that has to leave something out: one that does not was hardly meant.
async fn narrowed<M: Managed>(reader: &Reader, filter: &M::Filter) -> Result<Vec<i64>> {
    let ids = matching::<M>(reader, filter).await?;
    let everything = M::all(reader, &M::Filter::default()).await?;
    if !ids.is_empty() && everything.count(reader.db()).await? == ids.len() as i64 {
        let complaint = "This filter matches everything; name the objects in `ids`.";
        return Err(Error::field("filter", complaint));
    }
    Ok(ids)
}

/// Removes the objects of a REST request.
pub async fn act<M: Managed, O: Writes>(
    permit: &Allowed<O>,
    request: &ActionRequest,
    chosen: Chosen<M::Filter>,
) -> Result<ActionBody> {
    let action = M::WHAT.action();
    request.chosen(&[(action, ())])?;
    if matches!(chosen, Chosen::All(_)) {
        let complaint = "You cannot apply this action on all objects";
        return Err(Error::field("non_field_errors", complaint));
    }
    let gone = remove_chosen::<M, O>(permit, chosen).await?;
    Ok(ActionBody::new(action, gone.count as u64, None))
}

/// Removes one object, by its number or UUID.
pub async fn remove_one<M: Managed, O: Writes>(permit: &Allowed<O>, key: Key) -> Result<()> {
    let chosen = match key {
        Key::Id(id) => Chosen::Numbered(vec![id]),
        Key::Uuid(uuid) => Chosen::Named(vec![uuid]),
    };
    match remove_chosen::<M, O>(permit, chosen).await {
        Err(Error::Invalid(_)) => Err(Error::NotFound),
        gone => gone.map(|_| ()),
    }
}

/// Declares how a kind of objects is removed: `acted` for REST, the input and the payload of the mutation, and `removed`
/// for it.
/// `numbered`, `named` or `called` says how REST names the objects of an action.
macro_rules! removals {
    ($managed:ident of $object:ty = $what:ident by $by:ident, filter $filter:ty = $listing:path, input $input:ident -> $payload:ident) => {
        $crate::resources::managing::shared::bulk::removals!(
            $managed of $object = $what, filter $filter = $listing, input $input -> $payload by Act
        );

        async fn acted(
            permit: &$crate::guard::Allowed<Act>,
            request: $crate::rest::action::ActionRequest,
        ) -> $crate::error::Result<$crate::rest::action::ActionBody> {
            let chosen = request.$by()?;
            $crate::resources::managing::shared::bulk::act::<$managed, Act>(
                permit, &request, chosen,
            )
            .await
        }
    };
    ($managed:ident of $object:ty = $what:ident, filter $filter:ty = $listing:path, input $input:ident -> $payload:ident by $op:ident) => {
        pub struct $managed;

        impl $crate::resources::managing::shared::bulk::Managed for $managed {
            const WHAT: $crate::resources::managing::shared::removal::Removable =
                $crate::resources::managing::shared::removal::Removable::$what;
            type Object = $object;
            type Filter = $filter;

            async fn all(
                reader: &$crate::context::Reader,
                filter: &$filter,
            ) -> $crate::error::Result<$crate::store::listing::Listing> {
                $listing(reader, filter, &[]).await
            }
        }

        /// Objects to remove. Give either `ids` or `filter`.
        #[derive(Debug, async_graphql::InputObject)]
        pub struct $input {
            /// Global IDs of the objects; their numeric IDs and UUIDs are accepted too.
            ids: Option<Vec<$crate::graphql::reference::ById<$object>>>,
            /// All that match, unless that is everything.
            filter: Option<$filter>,
        }

        /// What was removed, or will be.
        #[derive(Debug, async_graphql::SimpleObject)]
        pub struct $payload {
            /// Number of objects.
            count: usize,
            /// Whether they are gone already; very many are removed in the background.
            is_done: bool,
            /// Global IDs of the objects, as far as they are gone already.
            deleted_ids: Vec<async_graphql::ID>,
        }

        async fn removed(
            permit: &$crate::guard::Allowed<$op>,
            input: $input,
        ) -> $crate::error::Result<$payload> {
            let chosen =
                $crate::rest::action::Chosen::of(permit, input.ids, input.filter).await?;
            let removed = $crate::resources::managing::shared::bulk::remove_chosen::<$managed, $op>(
                permit, chosen,
            );
            let removed = removed.await?;
            Ok($payload {
                count: removed.count,
                is_done: removed.is_done,
                deleted_ids: removed.deleted_ids,
            })
        }
    };
}
pub(crate) use removals;
