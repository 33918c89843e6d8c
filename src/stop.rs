//! Telling work that it is to end.
use tokio::sync::watch;

/// Ends work at its next step; what has been written is kept.
#[derive(Clone, Debug)]
pub struct Stop(watch::Sender<bool>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Stop {
    pub fn now(&self) {
        self.0.send_replace(true);
    }

    pub fn is_told(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the work is to end.
    pub async fn told(&self) {
        let mut hearing = self.0.subscribe();
        // Nobody is left to tell, where this fails: but one is here.
        _ = hearing.wait_for(|told| *told).await;
    }
}
