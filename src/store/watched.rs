//! Waiting for changes of rows, whichever process makes them. One task reads the changes for all who wait,
//! and only while somebody does.
use std::{
    collections::HashMap,
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

    fn tell(&self, news: &News) {
        let changed = |row: &(Change, Option<i64>)| self.waiting.get(&(row.0, row.1?));
        let concerned: Vec<_> = match news {
            News::Everything => self.waiting.values().collect(),
            News::Changes(changes) => changes.iter().filter_map(changed).collect(),
        };
        for watch in concerned.into_iter().flatten().filter_map(Weak::upgrade) {
            watch.notify_one();
        }
    }

    /// Whether nobody waits any more.
    fn is_idle(&mut self) -> bool {
        self.waiting.retain(|_, waiting| {
            waiting.retain(|each| each.strong_count() > 0);
            !waiting.is_empty()
        });
        self.waiting.is_empty()
    }
}

impl Reads {
    /// Watches rows with this value in one of the columns. Tells of every change that is committed after
    /// this returns.
    pub async fn watch(&self, upon: &[Change], key: i64) -> Result<Watch> {
        let watch = Watch(Arc::default());
        // From here on the task does not end by itself.
        self.watched.state().add(upon, key, &watch);
        let _starting = self.watched.starting.lock().await;
        let is_read = |reader: &AbortHandle| !reader.is_finished();
        if !self.watched.state().reader.as_ref().is_some_and(is_read) {
            let (mark, _) = changes::since(self, None).await?;
            let task = tokio::spawn(self.clone().read_changes(mark));
            self.watched.state().reader = Some(task.abort_handle());
        }
        Ok(watch)
    }

    async fn read_changes(self, mut mark: Mark) {
        let mut has_failed = false;
        loop {
            _ = timeout(INTERVAL, self.cache.written()).await;
            match changes::since(&self, Some(&mark)).await {
                Ok((next, news)) => {
                    // Meanwhile changes may have been pruned.
                    let news = if has_failed { News::Everything } else { news };
                    (mark, has_failed) = (next, false);
                    self.watched.state().tell(&news);
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
