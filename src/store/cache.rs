//! The cache of rows and lists read from the database.
//!
//! Writers do not notify the cache. Before every use it reads the table `changes`, which triggers
//! fill: immediately after this process wrote, otherwise if it last did so 250 ms ago or more. It
//! is therefore correct whoever writes: another server, a scan, `psql`.
use std::{
    any::{Any, TypeId},
    collections::{HashMap, HashSet},
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use futures_util::future::BoxFuture;
use quick_cache::Weighter;
use tokio::sync::Notify;

use super::{
    Reads, Sql, Weigh,
    changes::{self, Change, Changes, Mark, News},
    made::Made,
};
use crate::{error::Result, time::Clock};

/// Milliseconds between two reads of the changes, unless this process wrote.
const AGE: i64 = 250;
/// Milliseconds after which unread changes may have been pruned.
const OUTDATED: i64 = 10 * 60 * 1_000;
/// Lists get 1/`LISTS` of the memory, whole answers (`kept.rs`) 1/`ANSWERS`, rows the rest.
const LISTS: u64 = 8;
pub const ANSWERS: u64 = 4;
/// Bytes that an entry takes in addition to its value.
const ENTRY: usize = 160;
/// Initial capacity in rows; the cache grows beyond it.
const ROWS: usize = 10_000;

type Erased = Arc<dyn Any + Send + Sync>;

#[derive(Clone)]
struct Kept {
    value: Erased,
    bytes: u64,
}

/// The result of a statement that makes a list.
#[derive(Clone)]
struct List {
    kept: Kept,
    made: Made,
}

type Rows = quick_cache::sync::Cache<(TypeId, i64), Kept, Bytes>;
type Lists = quick_cache::sync::Cache<String, List, Bytes>;

/// Weighs entries by their bytes.
#[derive(Clone)]
struct Bytes;

impl Weighter<(TypeId, i64), Kept> for Bytes {
    fn weight(&self, _: &(TypeId, i64), kept: &Kept) -> u64 {
        kept.bytes
    }
}

impl Weighter<String, List> for Bytes {
    fn weight(&self, _: &String, list: &List) -> u64 {
        list.kept.bytes
    }
}

/// The cache of one database.
pub struct Cache {
    /// `None` without memory.
    inner: Option<Inner>,
    /// Told of every write of this process.
    written: Notify,
}

struct Inner {
    rows: Rows,
    lists: Lists,
    clock: Clock,
    /// Number of writes by this process: now (`writes`), and when changes were last read (`seen`).
    writes: AtomicU64,
    seen: AtomicU64,
    /// When the changes were last read, in Unix milliseconds.
    read: AtomicI64,
    mark: tokio::sync::Mutex<Option<Mark>>,
    /// Each table with triggers, and the changes that affect its lists.
    tables: HashMap<&'static str, Changes>,
    /// The version at the last change of each kind.
    changed: Vec<AtomicU64>,
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    /// Number of times that changes were applied.
    version: u64,
    /// The kinds of rows that each change invalidates.
    watchers: HashMap<Change, Vec<TypeId>>,
    watching: HashSet<TypeId>,
}

/// The state of the cache when something was read.
#[derive(PartialEq, Eq, Clone, Copy, Debug)]
pub struct Version(u64);

impl Cache {
    /// A cache of this size; 0 disables it.
    pub fn new(megabytes: u64, clock: Clock) -> Self {
        Self {
            inner: (megabytes > 0).then(|| Inner::new(megabytes, clock)),
            written: Notify::new(),
        }
    }

    /// Waits for the next write of this process since the last one that was waited for.
    pub async fn written(&self) {
        self.written.notified().await;
    }

    /// A guard to drop after a write.
    pub fn writing(self: &Arc<Self>) -> Wrote {
        Wrote(self.clone())
    }

    /// Reads and applies the changes, unless that was done recently.
    pub async fn freshen(&self, db: &Reads) -> Result<()> {
        let Some(inner) = &self.inner else {
            return Ok(());
        };
        match inner.is_fresh() {
            true => Ok(()),
            // Boxed, because every loaded value has a future with this one inside.
            false => inner.renewing(db).await,
        }
    }

    /// Reads and applies the changes.
    pub async fn renew(&self, db: &Reads) -> Result<()> {
        match &self.inner {
            Some(inner) => inner.renewing(db).await,
            None => Ok(()),
        }
    }

    /// Reads the changes, also where none are expected: a commit is seen by readers before the process that made it
    /// has counted it.
    pub async fn catch_up(&self, db: &Reads) -> Result<()> {
        let Some(inner) = &self.inner else {
            return Ok(());
        };
        inner.writes.fetch_add(1, Ordering::AcqRel);
        inner.renewing(db).await
    }

    /// The current version. Get it before reading anything that will be cached.
    pub fn version(&self) -> Version {
        Version(self.inner.as_ref().map_or(0, |inner| inner.state().version))
    }

    /// Whether nothing has changed of what an answer was made of.
    pub fn holds(&self, made: &Made) -> bool {
        self.inner.as_ref().is_some_and(|inner| inner.holds(made))
    }

    /// A cached row, or what belongs to one: `K` is the kind, `id` the owner.
    pub(super) fn get<K: 'static, V: Send + Sync + 'static>(&self, id: i64) -> Option<Arc<V>> {
        let kept = self.inner.as_ref()?.rows.get(&(TypeId::of::<K>(), id))?;
        kept.value.downcast().ok()
    }

    /// Caches what was read at `version` until one of the changes in `upon` affects `id`.
    pub fn keep<K, V>(&self, id: i64, value: &Arc<V>, upon: &[Change], version: Version)
    where
        K: 'static,
        V: Weigh + Send + Sync + 'static,
    {
        let Some(inner) = &self.inner else { return };
        inner.watch(TypeId::of::<K>(), upon);
        let state = inner.state();
        // A change applied since may have affected this value.
        if state.version == version.0 {
            let kept = Kept::new(value.clone(), value.heap() + size_of::<V>());
            inner.rows.insert((TypeId::of::<K>(), id), kept);
        }
    }

    /// The result of a statement, cached until one of the tables it reads from changes. Nothing is
    /// cached if one of the tables has no triggers.
    pub async fn list<'a, T>(
        &self,
        db: &Reads,
        statement: &Sql,
        read: impl FnOnce() -> BoxFuture<'a, Result<T>> + Send,
    ) -> Result<Arc<T>>
    where
        T: Weigh + Send + Sync + 'static,
    {
        let Some(inner) = &self.inner else {
            return read().await.map(Arc::new);
        };
        self.freshen(db).await?;
        let key = statement.fingerprint();
        if let Some(value) = inner.listed(db, &key) {
            return Ok(value);
        }
        let version = self.version();
        let value = Arc::new(read().await?);
        if let Some(upon) = inner.changes_of(statement.text()) {
            let kept = Kept::new(value.clone(), value.heap() + size_of::<T>() + key.len());
            let made = Made { version, upon };
            inner.lists.insert(key, List { kept, made });
        }
        Ok(value)
    }

    /// The result of a statement that is cached, if it is.
    pub async fn listed<T>(&self, db: &Reads, statement: &Sql) -> Result<Option<Arc<T>>>
    where
        T: Send + Sync + 'static,
    {
        self.freshen(db).await?;
        let inner = self.inner.as_ref();
        Ok(inner.and_then(|inner| inner.listed(db, &statement.fingerprint())))
    }
}

impl Inner {
    fn new(megabytes: u64, clock: Clock) -> Self {
        let tables = changes::tables();
        let bytes = megabytes * 1024 * 1024;
        Self {
            rows: Rows::with_weighter(ROWS, bytes - bytes / LISTS - bytes / ANSWERS, Bytes),
            lists: Lists::with_weighter(ROWS / 10, bytes / LISTS, Bytes),
            clock,
            writes: AtomicU64::new(0),
            seen: AtomicU64::new(0),
            read: AtomicI64::new(i64::MIN / 2),
            mark: tokio::sync::Mutex::new(None),
            changed: Change::ALL.iter().map(|_| AtomicU64::new(0)).collect(),
            tables,
            state: RwLock::default(),
        }
    }

    fn renewing<'a>(&'a self, db: &'a Reads) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.renew(db))
    }

    /// Reads and applies the changes.
    async fn renew(&self, db: &Reads) -> Result<()> {
        let mut mark = self.mark.lock().await;
        if self.is_fresh() {
            return Ok(());
        }
        let writes = self.writes.load(Ordering::Acquire);
        let now = self.clock.now().unix_millis();
        if (now - self.read.load(Ordering::Relaxed)).abs() > OUTDATED {
            *mark = None;
        }
        // No answer is made of it.
        let (new, news) = changes::since(&db.plain(), mark.as_ref()).await?;
        self.apply(&news);
        *mark = Some(new);
        self.read.store(now, Ordering::Release);
        self.seen.store(writes, Ordering::Release);
        Ok(())
    }

    fn is_fresh(&self) -> bool {
        let age = self.clock.now().unix_millis() - self.read.load(Ordering::Acquire);
        // The age is negative after the clock was set back: not fresh.
        (0..AGE).contains(&age)
            && self.writes.load(Ordering::Acquire) == self.seen.load(Ordering::Acquire)
    }

    fn apply(&self, news: &News) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        match news {
            News::Changes(changes) if changes.is_empty() => {}
            News::Changes(changes) => {
                state.version += 1;
                for (change, key) in changes {
                    self.forget(&state, *change, *key);
                }
            }
            News::Everything => {
                state.version += 1;
                self.rows.clear();
                for changed in &self.changed {
                    changed.store(state.version, Ordering::Release);
                }
            }
        }
    }

    fn forget(&self, state: &State, change: Change, key: Option<i64>) {
        self.changed[change as usize].store(state.version, Ordering::Release);
        if let Some(id) = key {
            for kind in state.watchers.get(&change).into_iter().flatten() {
                self.rows.remove(&(*kind, id));
            }
        }
    }

    fn watch(&self, kind: TypeId, upon: &[Change]) {
        if self.state().watching.contains(&kind) {
            return;
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.watching.insert(kind) {
            for change in upon {
                state.watchers.entry(*change).or_default().push(kind);
            }
        }
    }

    fn holds(&self, made: &Made) -> bool {
        let changed = |place: usize| self.changed[place].load(Ordering::Acquire);
        made.upon
            .places()
            .all(|place| changed(place) <= made.version.0)
    }

    /// A list that nothing has changed of.
    fn listed<T: Send + Sync + 'static>(&self, db: &Reads, key: &str) -> Option<Arc<T>> {
        let list = self.lists.get(key).filter(|list| self.holds(&list.made))?;
        db.note(list.made.upon);
        list.kept.value.downcast().ok()
    }

    /// The changes that affect what a statement reads; `None` if one of its tables has no triggers.
    fn changes_of(&self, text: &str) -> Option<Changes> {
        let mut words = text.split(|char: char| !(char.is_alphanumeric() || char == '_'));
        let mut changes = Changes::default();
        let mut add = |table| {
            changes = changes.and(*self.tables.get(table)?);
            Some(())
        };
        while let Some(word) = words.next() {
            if !matches!(word, "from" | "join") {
                continue;
            }
            let name = words.find(|word| !word.is_empty())?;
            match name {
                // A subquery, or a bound list of values.
                "select" | "json_each" => {}
                "artist_search" => add("artists")?,
                "album_search" => add("albums")?,
                "track_search" => add("tracks")?,
                name => add(name)?,
            }
        }
        Some(changes)
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        // A poisoned lock is fine: a panic cannot leave the state inconsistent.
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn new(value: Erased, bytes: usize) -> Self {
        Self {
            value,
            bytes: (bytes + ENTRY) as u64,
        }
    }
}

/// When dropped, makes the next use of the cache read the changes first.
pub struct Wrote(Arc<Cache>);

impl Drop for Wrote {
    fn drop(&mut self) {
        if let Some(inner) = &self.0.inner {
            inner.writes.fetch_add(1, Ordering::AcqRel);
        }
        self.0.written.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inner() -> Inner {
        Cache::new(1, Clock::system()).inner.unwrap()
    }

    #[test]
    fn a_list_is_kept_where_all_its_tables_are_watched() {
        let inner = inner();
        let found = |text| inner.changes_of(text);
        let of = |tables: [&str; 2]| {
            let [one, other] = tables.map(|table| inner.tables[table]);
            Some(one.and(other))
        };
        assert_eq!(
            found("select t.id from tracks t where true"),
            of(["tracks"; 2])
        );
        let nested = "select t.id from tracks t where t.id in (select rowid from track_search) and t.album_id in
            (select value from json_each(?)) and exists (select 1 from (select 1) x join favorites v on true)";
        assert_eq!(found(nested), of(["tracks", "favorites"]));
        assert_eq!(found("select s.id from sessions s"), None);
        assert_eq!(
            found("select t.id from tracks t join users u on true"),
            None
        );
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let cache = Cache::new(1, Clock::system());
        let inner = cache.inner.as_ref().unwrap();
        let (before, value) = (cache.version(), Arc::new(7_i64));
        inner.apply(&News::Changes(vec![(Change::AlbumId, Some(1))]));
        cache.keep::<i64, i64>(1, &value, &[Change::AlbumId], before);
        assert_eq!(cache.get::<i64, i64>(1), None);
        cache.keep::<i64, i64>(1, &value, &[Change::AlbumId], cache.version());
        assert_eq!(cache.get::<i64, i64>(1), Some(value));
        inner.apply(&News::Changes(vec![(Change::AlbumId, Some(2))]));
        assert!(cache.get::<i64, i64>(1).is_some());
        inner.apply(&News::Changes(vec![(Change::AlbumId, Some(1))]));
        assert_eq!(cache.get::<i64, i64>(1), None);
    }
}
