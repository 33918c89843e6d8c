//! Rows by their ids, for both doors: what is asked for one by one is gathered into one statement,
//! and what does not depend on the caller is kept in memory until it changes (`store/cache.rs`).
use std::{
    collections::HashMap, future::Future, hash::Hash, marker::PhantomData, sync::Arc,
    time::Duration,
};

use async_graphql::dataloader::{DataLoader, Loader, NoCache};
use futures_util::FutureExt;

use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::connection::NESTED_MAXIMUM,
    store::{Change, Reads, Row, Sql, Version, Weigh, columns_of},
};

/// What can be loaded by an id: a row, or what belongs to one.
pub trait Load: Send + Sync + 'static {
    type Value: Clone + Weigh + Send + Sync + 'static;

    /// The changes that make a kept value untrue. None: it depends on the caller, and is not kept.
    const CHANGES: &'static [Change];

    /// What an id has that no row was found for, where that is a value too.
    fn none() -> Option<Self::Value>;

    /// The values of the ids that have one.
    fn read(
        reader: &Reader,
        ids: Vec<i64>,
    ) -> impl Future<Output = Result<HashMap<i64, Self::Value>>> + Send;
}

/// A row of a table with a numeric id; it is kept in memory until it changes, if its changes are named.
pub trait Entity: Row + Clone + Weigh + Send + Sync {
    const TABLE: &'static str;
    /// The columns that the type is read from.
    const COLUMNS: &'static str;
    const CHANGES: &'static [Change];

    fn id(&self) -> i64;

    /// `select .. from ..`, to be continued with conditions.
    fn select() -> Sql {
        columns_of(Self::TABLE, Self::COLUMNS)
    }
}

impl<T: Entity> Load for T {
    type Value = T;
    const CHANGES: &'static [Change] = T::CHANGES;

    fn none() -> Option<T> {
        None
    }

    async fn read(reader: &Reader, ids: Vec<i64>) -> Result<HashMap<i64, T>> {
        let rows: Vec<T> = T::select()
            .then(" where id in ?*")
            .bind(ids)
            .all(reader.db())
            .await?;
        Ok(rows.into_iter().map(|row| (row.id(), row)).collect())
    }
}

/// Declares a row: `entity!(Track in "tracks": "id, uuid, ..", upon [TrackId], weighs [title, fid]);`
/// Upon no change: it is not kept.
macro_rules! entity {
    ($type:ident in $table:literal: $columns:literal, upon [$($change:ident),*], weighs [$($field:ident),*]) => {
        impl $crate::load::Entity for $type {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static str = $columns;
            const CHANGES: &'static [$crate::store::Change] = &[$($crate::store::Change::$change),*];

            fn id(&self) -> i64 {
                self.id
            }
        }

        $crate::load::weigh!($type: $($field),*);
    };
}
pub(crate) use entity;

/// Names the fields of a type that hold memory of their own.
macro_rules! weigh {
    ($type:ty: $($field:ident),*) => {
        impl $crate::store::Weigh for $type {
            fn heap(&self) -> usize {
                0 $(+ $crate::store::Weigh::heap(&self.$field))*
            }
        }
    };
}
pub(crate) use weigh;

/// Declares what belongs to a row, beside the function that reads it.
///
/// `kept`: the same for every caller; the function takes the database. An id without rows has the
/// default. `for_caller`: depends on the caller; the function takes the `Reader`.
macro_rules! load {
    ($(#[doc = $doc:literal])+ $name:ident: $value:ty = kept $read:path, upon [$($change:ident),+]) => {
        $crate::load::load!(@ [$($doc)+] $name: $value, upon [$($change),+], Some(Default::default()),
            reader, ids => $read(reader.db(), ids));
    };
    ($(#[doc = $doc:literal])+ $name:ident: $value:ty = for_caller $read:path) => {
        $crate::load::load!(@ [$($doc)+] $name: $value, upon [], None, reader, ids => $read(reader, ids));
    };
    (@ [$($doc:literal)+] $name:ident: $value:ty, upon [$($change:ident),*], $none:expr,
        $reader:ident, $ids:ident => $read:expr) => {
        $(#[doc = $doc])+
        pub struct $name;

        impl $crate::load::Load for $name {
            type Value = $value;
            const CHANGES: &'static [$crate::store::Change] = &[$($crate::store::Change::$change),*];

            fn none() -> Option<$value> {
                $none
            }

            async fn read(
                $reader: &$crate::context::Reader,
                $ids: Vec<i64>,
            ) -> $crate::error::Result<std::collections::HashMap<i64, $value>> {
                $read.await
            }
        }
    };
}
pub(crate) use load;

/// The only row of a list.
pub fn sole<T>(mut rows: Vec<T>) -> Result<T> {
    rows.pop().ok_or(Error::NotFound)
}

/// Rows that belong to an owner, by owner.
pub fn grouped<T>(rows: impl IntoIterator<Item = (i64, T)>) -> HashMap<i64, Vec<T>> {
    let mut groups: HashMap<i64, Vec<T>> = HashMap::new();
    for (owner, row) in rows {
        groups.entry(owner).or_default().push(row);
    }
    groups
}

/// Values by the ids that they belong to.
pub type Found<V> = HashMap<i64, V, foldhash::fast::RandomState>;

/// Rows that others refer to.
pub struct Parts<V>(Found<Arc<V>>);

impl<V> Parts<V> {
    /// The row of a reference, if there is one.
    pub fn get(&self, id: Option<i64>) -> Option<&V> {
        self.0.get(&id?).map(Arc::as_ref)
    }
}

/// So many ids are read at once: to wait for more of them would cost more than it saves. Lists below objects, which are
/// gathered, are shorter.
const ENOUGH: usize = NESTED_MAXIMUM + 1;

/// The loaders of one request.
pub struct Loaders(DataLoader<Batch, NoCache>);

/// What the loaders read with.
pub struct Batch(Arc<Reader>);

/// An id of the kind `K`.
struct Id<K>(i64, PhantomData<fn() -> K>);

impl Loaders {
    pub fn new(reader: Arc<Reader>) -> Self {
        let loader = DataLoader::new(Batch(reader), tokio::spawn);
        Self(loader.delay(Duration::ZERO))
    }

    /// The value of one id.
    pub async fn one<K: Load>(&self, id: i64) -> Result<Option<K::Value>> {
        let shared = self.shared::<K>(id).await?;
        Ok(shared.map(Arc::unwrap_or_clone))
    }

    /// The value of one id, as it lies in memory.
    pub async fn shared<K: Load>(&self, id: i64) -> Result<Option<Arc<K::Value>>> {
        let db = self.db();
        db.cache().freshen(db).await?;
        match db.cached::<K, K::Value>(id, K::CHANGES) {
            Some(kept) => Ok(Some(kept)),
            // Boxed, because each field of a GraphQL object has a future as large as its largest field.
            None => self.0.load_one(Id::<K>::new(id)).boxed().await,
        }
    }

    /// The value of an id that may be absent.
    pub async fn maybe<K: Load>(&self, id: Option<i64>) -> Result<Option<K::Value>> {
        match id {
            Some(id) => self.one::<K>(id).await,
            None => Ok(None),
        }
    }

    /// The values of the ids that have one.
    pub async fn many<K: Load>(
        &self,
        ids: impl IntoIterator<Item = i64> + Send,
    ) -> Result<Found<Arc<K::Value>>> {
        let db = self.db();
        db.cache().freshen(db).await?;
        let mut found = Found::default();
        let mut missing = Vec::new();
        for id in ids {
            match db.cached::<K, K::Value>(id, K::CHANGES) {
                Some(kept) => _ = found.insert(id, kept),
                None => missing.push(id),
            }
        }
        if missing.len() >= ENOUGH {
            missing.sort_unstable();
            missing.dedup();
            let reading = self.0.loader().read::<K>(missing).boxed();
            found.extend(reading.await?);
        } else if !missing.is_empty() {
            let missing = missing.into_iter().map(Id::<K>::new);
            let reading = self.0.load_many(missing).boxed();
            found.extend(reading.await?.into_iter().map(|(id, value)| (id.0, value)));
        }
        Ok(found)
    }

    /// The rows that others refer to.
    pub async fn parts<K: Load>(
        &self,
        ids: impl Iterator<Item = Option<i64>> + Send,
    ) -> Result<Parts<K::Value>> {
        let mut given = Vec::new();
        for id in ids {
            given.extend(id);
        }
        Ok(Parts(self.many::<K>(given).await?))
    }

    /// The values of ids, in their order; ids without one are passed over.
    pub async fn list<K: Load>(&self, ids: &[i64]) -> Result<Vec<Arc<K::Value>>> {
        let values = self.many::<K>(ids.iter().copied()).await?;
        Ok(ids
            .iter()
            .filter_map(|id| values.get(id).cloned())
            .collect())
    }

    /// The rows of ids, in their order, as they are for whoever takes them.
    pub async fn owned<K: Load>(&self, ids: &[i64]) -> Result<Vec<K::Value>> {
        let rows = self.list::<K>(ids).await?;
        Ok(rows.into_iter().map(Arc::unwrap_or_clone).collect())
    }

    /// The value of a key that is no id.
    pub async fn keyed<K>(&self, key: K) -> Result<Option<<Batch as Loader<K>>::Value>>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Batch: Loader<K, Error = Error>,
    {
        self.0.load_one(key).await
    }

    fn db(&self) -> &Reads {
        self.0.loader().0.db()
    }
}

impl<K: Load> Loader<Id<K>> for Batch {
    type Value = Arc<K::Value>;
    type Error = Error;

    async fn load(&self, keys: &[Id<K>]) -> Result<HashMap<Id<K>, Arc<K::Value>>> {
        let mut ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        // The same ids are always one statement, whose rows may be cached (`Sql::kept`).
        ids.sort_unstable();
        // Boxed, because the future of each waiting key has this one inside.
        let reading = self.read::<K>(ids).boxed();
        Ok(reading
            .await?
            .into_iter()
            .map(|(id, value)| (Id::new(id), value))
            .collect())
    }
}

impl Batch {
    pub fn reader(&self) -> &Reader {
        &self.0
    }

    /// The values of ids, each named once.
    async fn read<K: Load>(&self, ids: Vec<i64>) -> Result<Vec<(i64, Arc<K::Value>)>> {
        let version = self.0.db().cache().version();
        let mut read = K::read(&self.0, ids.clone()).await?;
        let values = ids
            .into_iter()
            .filter_map(|id| Some((id, read.remove(&id).or_else(K::none)?)));
        Ok(values
            .map(|(id, value)| (id, self.kept::<K>(id, value, version)))
            .collect())
    }

    fn kept<K: Load>(&self, id: i64, value: K::Value, version: Version) -> Arc<K::Value> {
        let value = Arc::new(value);
        if !K::CHANGES.is_empty() {
            let cache = self.0.db().cache();
            cache.keep::<K, _>(id, &value, K::CHANGES, version);
        }
        value
    }
}

impl<K> Id<K> {
    fn new(id: i64) -> Self {
        Self(id, PhantomData)
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        Self::new(self.0)
    }
}

impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K> Eq for Id<K> {}

impl<K> Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
