use super::Rate;

/// Slices of a window: how finely it slides.
const SLICES: u64 = 60;

/// What is left of a budget after a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    pub scope: &'static str,
    pub limit: u32,
    pub remaining: u32,
    /// The window, in seconds.
    pub duration: u32,
    /// Seconds until the oldest counted request leaves the window; `None` when there is none.
    pub retry_after: Option<u64>,
    /// Seconds until the newest one leaves, and with it the budget is whole again.
    pub reset_after: Option<u64>,
}

/// A sliding window: requests counted by slice, so its memory is bounded and its count exact.
/// A slice leaves when its last moment has left the window: never early, at most a slice late.
#[derive(Debug, Default)]
pub struct Window {
    /// (when the slice leaves, in milliseconds since 1970; requests in it), oldest first.
    slices: Vec<(u64, u32)>,
    used: u32,
}

impl Window {
    /// Counts a request at `now` (milliseconds since 1970); `false` when the budget is spent.
    pub fn spend(&mut self, rate: &Rate, now: u64) -> bool {
        self.forget(now);
        if self.used >= rate.limit {
            return false;
        }
        let leaves = leaves(rate, now);
        match self.slices.last_mut() {
            Some((last, count)) if *last >= leaves => *count += 1,
            _ => self.slices.push((leaves, 1)),
        }
        self.used += 1;
        true
    }

    /// Drops what has left the window.
    pub fn forget(&mut self, now: u64) {
        let gone = self
            .slices
            .iter()
            .take_while(|(leaves, _)| *leaves <= now)
            .count();
        self.used -= self
            .slices
            .drain(..gone)
            .map(|(_, count)| count)
            .sum::<u32>();
    }

    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    pub fn quota(&self, scope: &'static str, rate: &Rate, now: u64) -> Quota {
        let until = |slice: Option<&(u64, u32)>| {
            slice.map(|(leaves, _)| leaves.saturating_sub(now).div_ceil(1000))
        };
        Quota {
            scope,
            limit: rate.limit,
            remaining: rate.limit.saturating_sub(self.used),
            duration: rate.unit.seconds(),
            retry_after: until(self.slices.first()),
            reset_after: until(self.slices.last()),
        }
    }
}

/// When the slice of `now` is wholly older than the window, in milliseconds since 1970.
fn leaves(rate: &Rate, now: u64) -> u64 {
    let duration = u64::from(rate.unit.seconds()) * 1000;
    let width = duration.div_ceil(SLICES);
    (now / width + 1) * width - 1 + duration
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_limit_passes_in_any_window() {
        let rate: Rate = "100/m".parse().unwrap();
        let mut window = Window::default();
        let passed: Vec<u64> = (0..200_000)
            .step_by(37)
            .filter(|now| window.spend(&rate, *now))
            .collect();
        for pair in passed.windows(101) {
            assert!(
                pair[100] - pair[0] >= 60_000,
                "{} and {}",
                pair[0],
                pair[100]
            );
        }
        assert!(passed.len() > 300);
        assert!(window.slices.len() <= 62);
    }

    #[test]
    fn a_quota_tells_what_is_left_and_when_it_comes_back() {
        let rate: Rate = "2/m".parse().unwrap();
        let mut window = Window::default();
        assert!(window.spend(&rate, 0) && window.spend(&rate, 30_000));
        assert!(!window.spend(&rate, 30_000));
        let quota = window.quota("login", &rate, 30_000);
        assert_eq!(
            (quota.remaining, quota.retry_after, quota.reset_after),
            (0, Some(31), Some(61))
        );
        assert!(window.spend(&rate, 61_000));
    }
}
