//! Telling work that it is to end.
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Ends work at its next step; what has been written is kept.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    pub fn now(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_told(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
