//! Checks of passwords that are going on.
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use futures_util::future::{BoxFuture, Shared};

use crate::{caller::Caller, error::Result, ledger::Entry, throttle::Ident};

/// Password checks in progress, by client and hash of the credentials: concurrent requests with the
/// same credentials share one check.
#[derive(Default)]
pub struct Checks(Mutex<HashMap<Key, Check>>);

pub type Key = (Ident, Vec<u8>);
pub type Check = Shared<BoxFuture<'static, Result<Checked>>>;

/// The caller, and the exhausted rate limit if the password was not checked.
#[derive(Clone)]
pub struct Checked {
    pub caller: Caller,
    pub refused_by: Option<Entry>,
}

impl Checks {
    pub fn of(&self, key: &Key, start: impl FnOnce() -> Check) -> Check {
        self.locked()
            .entry(key.clone())
            .or_insert_with(start)
            .clone()
    }

    pub fn locked(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Check>> {
        // A panic cannot leave the map in an inconsistent state.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
