use super::Rate;

/// Maximum number of buckets in a window, plus one at each end.
const BUCKETS: u64 = 60;

/// The state of a rate limit for a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    pub scope: &'static str,
    pub limit: u32,
    pub remaining: u32,
    /// The length of the window in seconds.
    pub duration: u32,
    /// Seconds until the oldest counted request leaves the window; `None` if there is none.
    pub retry_after: Option<u64>,
    /// Seconds until the newest counted request leaves the window, which empties it.
    pub reset_after: Option<u64>,
}

/// Requests that leave the window together, when the last of them does.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Unix milliseconds.
    first: u64,
    last: u64,
    count: u32,
}

/// A sliding window that never allows more than the limit, with at most 62 buckets. For limits up
/// to 60 each request has its own bucket and leaves to the millisecond; for higher limits the
/// requests within a sixtieth of the window share a bucket. `redis/windows.lua` does the same.
#[derive(Debug, Default)]
pub struct Window {
    /// Oldest first.
    buckets: Vec<Bucket>,
    used: u32,
}

/// Length of a bucket in milliseconds; 0 if each request has its own.
pub fn width(rate: &Rate) -> u64 {
    match u64::from(rate.limit) <= BUCKETS {
        true => 0,
        false => rate.millis().div_ceil(BUCKETS),
    }
}

impl Window {
    /// Counts a request at `now` (Unix milliseconds); `false` if the limit is reached.
    pub fn spend(&mut self, rate: &Rate, now: u64) -> bool {
        self.forget(rate, now);
        if self.used >= rate.limit {
            return false;
        }
        match self.buckets.last_mut() {
            Some(bucket) if now < bucket.first + width(rate) || now < bucket.last => {
                bucket.last = bucket.last.max(now);
                bucket.count += 1;
            }
            _ => self.open(now),
        }
        self.used += 1;
        true
    }

    fn open(&mut self, now: u64) {
        if self.buckets.is_empty() {
            // Most windows have one bucket, and a vector would first allocate four.
            self.buckets.reserve_exact(1);
        }
        self.buckets.push(Bucket {
            first: now,
            last: now,
            count: 1,
        });
    }

    /// Uncounts the newest request.
    pub fn give_back(&mut self) {
        if let Some(bucket) = self.buckets.last_mut() {
            bucket.count -= 1;
            self.used -= 1;
            if bucket.count == 0 {
                self.buckets.pop();
            }
        }
    }

    /// Drops the buckets that have left the window.
    pub fn forget(&mut self, rate: &Rate, now: u64) {
        let has_left = |bucket: &&Bucket| bucket.last + rate.millis() <= now;
        let gone = self.buckets.iter().take_while(has_left).count();
        let counts = self.buckets.drain(..gone).map(|bucket| bucket.count);
        self.used -= counts.sum::<u32>();
    }

    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    pub fn quota(&self, scope: &'static str, rate: &Rate, now: u64) -> Quota {
        let left = |bucket: Option<&Bucket>| {
            bucket.map(|bucket| (bucket.last + rate.millis()).saturating_sub(now))
        };
        let ends = (left(self.buckets.first()), left(self.buckets.last()));
        Quota::of((scope, rate), self.used, ends)
    }
}

impl Quota {
    /// `used` requests, and the milliseconds until the oldest and the newest of them leave.
    pub fn of(
        (scope, rate): (&'static str, &Rate),
        used: u32,
        (oldest, newest): (Option<u64>, Option<u64>),
    ) -> Self {
        let seconds = |millis: u64| millis.div_ceil(1000);
        Self {
            scope,
            limit: rate.limit,
            remaining: rate.limit.saturating_sub(used),
            duration: rate.unit.seconds(),
            retry_after: oldest.map(seconds),
            reset_after: newest.map(seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_limit_passes_in_any_window() {
        for (text, limit, step) in [
            ("100/m", 100, 37),
            ("60/m", 60, 37),
            ("7/s", 7, 11),
            ("5000/m", 5000, 3),
        ] {
            let rate: Rate = text.parse().unwrap();
            let mut window = Window::default();
            let passed: Vec<u64> = (0..300_000)
                .step_by(step)
                .filter(|now| window.spend(&rate, *now))
                .collect();
            for pair in passed.windows(limit + 1) {
                assert!(
                    pair[limit] - pair[0] >= rate.millis(),
                    "{text}: {} and {}",
                    pair[0],
                    pair[limit]
                );
            }
            assert!(passed.len() > limit * 2, "{text}");
            assert!(window.buckets.len() <= 62, "{text}");
        }
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
            (0, Some(30), Some(60))
        );
        assert!(!window.spend(&rate, 59_999));
        assert!(window.spend(&rate, 60_000));
    }

    #[test]
    fn what_is_given_back_was_never_spent() {
        let rate: Rate = "1/m".parse().unwrap();
        let mut window = Window::default();
        window.give_back();
        assert!(window.spend(&rate, 5));
        window.give_back();
        assert!(window.is_empty() && window.spend(&rate, 6) && !window.spend(&rate, 7));
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing_away() {
        let rate: Rate = "2/m".parse().unwrap();
        let mut window = Window::default();
        assert!(window.spend(&rate, 100_000) && window.spend(&rate, 50_000));
        assert!(!window.spend(&rate, 110_000) && !window.spend(&rate, 159_999));
        assert!(window.spend(&rate, 160_000));
    }
}
