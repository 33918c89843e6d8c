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
    /// A count that was slow, half a minute old at most.
    pub fn recent(&self, statement: &str) -> Option<i64> {
        self.0.get(statement)
    }

    /// Counts, and caches what took long.
    #[expect(
        clippy::disallowed_methods,
        reason = "how long a count took is not the domain's time"
    )]
    pub async fn timed(
        &self,
        statement: String,
        count: impl Future<Output = Result<i64>>,
    ) -> Result<i64> {
        let started = Instant::now();
        let counted = count.await?;
        let took = started.elapsed();
        if took > VERY_SLOW || (took > SLOW && counted >= MANY) {
            self.0.insert(statement, counted);
        }
        Ok(counted)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Opening, listing::Listing, open, sql};
    use crate::time::Clock;

    #[tokio::test]
    async fn a_recent_count_is_not_kept_for_longer_than_it_is_recent() {
        let folder = std::env::temp_dir().join(crate::random::uuid().to_string());
        std::fs::create_dir(&folder).unwrap();
        let url = format!("sqlite:{}", folder.join("pod.db").display());
        let opening = Opening {
            url: &url,
            connections: 1,
            makes: true,
            deadline: None,
        };
        let db = open(opening).await.unwrap();
        let db = db.with_cache(1, &Clock::system());
        let from = sql("from artists a where true");
        let listing = Listing::new(from.clone(), "a.id", []);
        let statement = sql("select count(*) ").append(from).fingerprint();
        db.counts().0.insert(statement, 99);
        assert_eq!(listing.count(&db).await.unwrap(), 99);
        db.counts().0.invalidate_all();
        assert_eq!(listing.count(&db).await.unwrap(), 0);
        db.close().await;
        std::fs::remove_dir_all(folder).unwrap();
    }
}
