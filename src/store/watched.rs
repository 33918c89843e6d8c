//! Waiting for changes of rows, whichever process makes them. One task reads the changes for all who wait,
//! and only while somebody does.
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::{
    sync::Notify,
    task::AbortHandle,
    time::{sleep, timeout},
};

use super::{
    Reads,
    changes::{self, Change, Mark, News},
};
use crate::error::Result;

/// Between two readings of what other processes changed.
const INTERVAL: Duration = Duration::from_secs(1);
/// Between two readings of what this process changed.
const PAUSE: Duration = Duration::from_millis(50);

/// Who waits for what.
#[derive(Default)]
pub struct Watched {
    state: Mutex<State>,
    starting: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    waiting: HashMap<(Change, i64), Vec<Weak<Notify>>>,
    feeds: Vec<(Arc<[Change]>, Weak<Queue>)>,
    reader: Option<AbortHandle>,
}

/// Tells of changes until it is dropped. Several changes may be told as one.
pub struct Watch(Arc<Notify>);

impl Watch {
    /// Waits for the next change since the last one that was told.
    pub async fn changed(&self) {
        self.0.notified().await;
    }
}

/// Tells each changed row until it is dropped. Of rows that change in great numbers not all are told.
pub struct Feed(Arc<Queue>);

/// The rows that were not told yet.
#[derive(Default)]
struct Queue {
    rows: Mutex<VecDeque<(Change, i64)>>,
    filled: Notify,
}

/// Rows that wait for a slow reader.
const WAITING: usize = 1_000;

impl Feed {
    /// Waits for the next row. Dropped before it is ready, it misses none.
    pub async fn next(&self) -> (Change, i64) {
        loop {
            if let Some(row) = self.0.rows().pop_front() {
                return row;
            }
            self.0.filled.notified().await;
        }
    }
}

impl Queue {
    fn rows(&self) -> MutexGuard<'_, VecDeque<(Change, i64)>> {
        // A panic elsewhere cannot leave the rows inconsistent.
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, new: impl Iterator<Item = (Change, i64)>) {
        let mut rows = self.rows();
        rows.extend(new);
        let most = rows.len().saturating_sub(WAITING);
        rows.drain(..most);
        drop(rows);
        self.filled.notify_one();
    }
}

impl Watched {
    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere cannot leave the state inconsistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nobody waits any more, so that the task ends.
    fn ends(&self) -> bool {
        let mut state = self.state();
        let is_idle = state.is_idle();
        if is_idle {
            state.reader = None;
        }
        is_idle
    }

    /// Ends the task, for a database that is closed.
    pub fn stop(&self) {
        if let Some(reader) = self.state().reader.take() {
            reader.abort();
        }
    }
}

impl State {
    fn add(&mut self, changes: &[Change], key: i64, watch: &Watch) {
        for change in changes {
            let waiting = self.waiting.entry((*change, key)).or_default();
            waiting.retain(|each| each.strong_count() > 0);
            waiting.push(Arc::downgrade(&watch.0));
        }
    }

    /// Tells of the news; with `missed` something else may have changed before.
    fn tell(&self, news: &News, missed: bool) {
        let changed = |row: &(Change, Option<i64>)| self.waiting.get(&(row.0, row.1?));
        let concerned: Vec<_> = match news {
            News::Changes(changes) if !missed => changes.iter().filter_map(changed).collect(),
            _ => self.waiting.values().collect(),
        };
        for watch in concerned.into_iter().flatten().filter_map(Weak::upgrade) {
            watch.notify_one();
        }
        if let News::Changes(changes) = news {
            self.feed(changes);
        }
    }

    fn feed(&self, changes: &[(Change, Option<i64>)]) {
        for (upon, feed) in &self.feeds {
            let mut new = changes
                .iter()
                .filter_map(|(change, key)| upon.contains(change).then_some((*change, (*key)?)))
                .peekable();
            if new.peek().is_some()
                && let Some(feed) = feed.upgrade()
            {
                feed.add(new);
            }
        }
    }

    /// Whether nobody waits any more.
    fn is_idle(&mut self) -> bool {
        self.waiting.retain(|_, waiting| {
            waiting.retain(|each| each.strong_count() > 0);
            !waiting.is_empty()
        });
        self.feeds.retain(|(_, feed)| feed.strong_count() > 0);
        self.waiting.is_empty() && self.feeds.is_empty()
    }
}

impl Reads {
    /// Watches rows with this value in one of the columns. Tells of every change that is committed after
    /// this returns.
    pub async fn watch(&self, upon: &[Change], key: i64) -> Result<Watch> {
        let watch = Watch(Arc::default());
        // From here on the task does not end by itself.
        self.watched.state().add(upon, key, &watch);
        self.start_reading_changes().await?;
        Ok(watch)
    }

    /// Feeds with the rows that these changes name, after this returns.
    pub async fn feed(&self, upon: impl Into<Arc<[Change]>>) -> Result<Feed> {
        let feed = Feed(Arc::default());
        let queue = Arc::downgrade(&feed.0);
        self.watched.state().feeds.push((upon.into(), queue));
        self.start_reading_changes().await?;
        Ok(feed)
    }

    async fn start_reading_changes(&self) -> Result<()> {
        let _starting = self.watched.starting.lock().await;
        let is_read = |reader: &AbortHandle| !reader.is_finished();
        if !self.watched.state().reader.as_ref().is_some_and(is_read) {
            let (mark, _) = changes::since(self, None).await?;
            let task = tokio::spawn(self.clone().read_changes(mark));
            self.watched.state().reader = Some(task.abort_handle());
        }
        Ok(())
    }

    async fn read_changes(self, mut mark: Mark) {
        let mut has_failed = false;
        loop {
            _ = timeout(INTERVAL, self.cache.written()).await;
            match changes::since(&self, Some(&mark)).await {
                Ok((next, news)) => {
                    mark = next;
                    // Whoever is told reads what is told.
                    if (news.is_any() || has_failed)
                        && let Err(error) = self.cache.catch_up(&self).await
                    {
                        error.log();
                    }
                    // Between two readings changes may have been pruned.
                    self.watched.state().tell(&news, has_failed);
                    has_failed = false;
                }
                Err(error) => {
                    has_failed = true;
                    error.log();
                }
            }
            if self.watched.ends() {
                return;
            }
            sleep(PAUSE).await;
        }
    }
}
