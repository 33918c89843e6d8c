use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::import::Watch;

/// A progress bar on a terminal; nothing otherwise.
pub struct Progress(ProgressBar);

impl Default for Progress {
    fn default() -> Self {
        let style =
            ProgressStyle::with_template("{msg:22} {bar:40} {pos}/{len} {per_sec} {eta} left");
        let bar = ProgressBar::new(0);
        bar.set_style(style.expect("the template is well-formed"));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }
}

impl Watch for Progress {
    fn stage(&mut self, name: &str, steps: u64) {
        self.0.reset();
        self.0.set_message(name.to_owned());
        self.0.set_length(steps);
    }

    fn done(&mut self, steps: u64) {
        self.0.inc(steps);
    }
}

impl Progress {
    /// Removes the bar before other output is printed.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}
