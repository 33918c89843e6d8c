use super::Rate;

/// Buckets of a window at most, but for two at its ends.
const BUCKETS: u64 = 60;

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

/// Requests that are forgotten together, when the last of them has left the window.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Milliseconds since 1970.
    first: u64,
    last: u64,
    count: u32,
}

/// A sliding window: it never lets more than the limit pass, and holds 62 buckets at most. Up to 60
/// requests each have a bucket of their own and leave to the millisecond; where there may be more,
/// those of a sixtieth of the window share one. `redis/windows.lua` does the same on Redis.
#[derive(Debug, Default)]
pub struct Window {
    /// Oldest first.
    buckets: Vec<Bucket>,
    used: u32,
}

/// How far apart requests of one bucket may be, in milliseconds; with 0 each has its own.
pub fn width(rate: &Rate) -> u64 {
    match u64::from(rate.limit) <= BUCKETS {
        true => 0,
        false => rate.millis().div_ceil(BUCKETS),
    }
}

impl Window {
    /// Counts a request at `now` (milliseconds since 1970); `false` when the budget is spent.
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
            // Most have one: a vector's first growth would make room for four.
            self.buckets.reserve_exact(1);
        }
        self.buckets.push(Bucket {
            first: now,
            last: now,
            count: 1,
        });
    }

    /// Takes the newest request back.
    pub fn give_back(&mut self) {
        if let Some(bucket) = self.buckets.last_mut() {
            bucket.count -= 1;
            self.used -= 1;
            if bucket.count == 0 {
                self.buckets.pop();
            }
        }
    }

    /// Drops what has left the window.
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
    /// From how much is used, and the milliseconds until the oldest and the newest leave.
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
