//! What an answer was made of. One that the cache had all the parts of may be kept until one of them changes.
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::{
    Reads, Version,
    changes::{Change, Changes},
};

/// Set where an answer depends on more than the cache has: a statement was sent, the time was asked for.
const MORE: u64 = 1 << Changes::MOST;

/// The changes that affect what was read so far.
#[derive(Debug, Default)]
pub struct Notes(AtomicU64);

/// What an answer was made of: the state of the cache, and the changes that make it untrue.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    pub(super) version: Version,
    pub(super) upon: Changes,
}

impl Reads {
    /// The same database, noting what is read.
    pub fn noting(&self) -> Self {
        Self {
            notes: Some(Arc::default()),
            ..self.clone()
        }
    }

    /// The same database, noting nothing.
    pub(super) fn plain(&self) -> Self {
        Self {
            notes: None,
            ..self.clone()
        }
    }

    /// What everything read so far was made of, if it was read since `version`; `None` if it depends on more than the
    /// cache has.
    pub fn made(&self, version: Version) -> Option<Made> {
        let bits = self.notes.as_ref()?.0.load(Ordering::Acquire);
        (bits & MORE == 0).then_some(Made {
            version,
            upon: Changes::from_bits(bits),
        })
    }

    /// A cached row, or what belongs to one, until one of the changes in `upon`: `K` is the kind, `id` the owner.
    pub fn cached<K: 'static, V: Send + Sync + 'static>(
        &self,
        id: i64,
        upon: &[Change],
    ) -> Option<Arc<V>> {
        self.note(Changes::of(upon));
        self.cache.get::<K, V>(id)
    }

    /// Notes that an answer depends on what the cache does not have.
    pub fn note_more(&self) {
        self.note(Changes::from_bits(MORE));
    }

    pub(super) fn note(&self, changes: Changes) {
        let Some(Notes(noted)) = self.notes.as_deref() else {
            return;
        };
        // Most of it is noted already, once for each row of a list.
        if changes.bits() & !noted.load(Ordering::Acquire) != 0 {
            noted.fetch_or(changes.bits(), Ordering::AcqRel);
        }
    }
}
