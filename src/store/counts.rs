use std::time::{Duration, Instant};

use moka::sync::Cache;

use crate::error::Result;

/// A count of at least `MANY` rows is cached if it takes longer than this.
const SLOW: Duration = Duration::from_millis(10);
/// Number of rows from which `SLOW` applies.
const MANY: i64 = 1_000;
/// A count of fewer rows is cached if it takes longer than this.
const VERY_SLOW: Duration = Duration::from_millis(250);
/// How long a count is cached.
const AGE: Duration = Duration::from_secs(30);
/// Maximum number of cached counts.
const CAPACITY: u64 = 10_000;

/// Cached counts of long lists: counting a million rows costs more than showing fifty.
#[derive(Clone)]
pub struct Counts(Cache<String, i64>);

impl Default for Counts {
    fn default() -> Self {
        let cache = Cache::builder()
            .max_capacity(CAPACITY)
            .time_to_live(AGE)
            .build();
        Self(cache)
    }
}

impl Counts {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long a count took is not the domain's time"
    )]
    pub async fn get(
        &self,
        statement: String,
        count: impl Future<Output = Result<i64>>,
    ) -> Result<i64> {
        if let Some(known) = self.0.get(&statement) {
            return Ok(known);
        }
        let started = Instant::now();
        let counted = count.await?;
        let took = started.elapsed();
        if took > VERY_SLOW || (took > SLOW && counted >= MANY) {
            self.0.insert(statement, counted);
        }
        Ok(counted)
    }
}
