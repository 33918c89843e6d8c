use std::time::{Duration, Instant};

use moka::sync::Cache;

use crate::error::Result;

/// A count of many rows that takes longer than this is worth remembering.
const SLOW: Duration = Duration::from_millis(10);
/// Many rows.
const MANY: i64 = 1_000;
/// So is one of few rows that takes as long as this.
const VERY_SLOW: Duration = Duration::from_millis(250);
/// How long a count is remembered.
const AGE: Duration = Duration::from_secs(30);
/// Counts remembered at most.
const CAPACITY: u64 = 10_000;

/// Counts of long lists: to count a million rows costs more than to show fifty of them.
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
