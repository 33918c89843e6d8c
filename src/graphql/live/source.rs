//! Waits for what a subscription tells of.
use std::{collections::HashSet, time::Duration};

use tokio::time::sleep;

use crate::{
    context::Cx,
    error::{Error, Result},
    guard::Upon,
    store::Watch,
};

/// Between two looks at rate limits, which other processes count too.
const INTERVAL: Duration = Duration::from_secs(1);

/// What a subscription waits for.
pub enum Source {
    Rows(Watch),
    RateLimits(RateLimits),
}

impl Source {
    /// Tells of what happens after this returns.
    pub async fn of(cx: &Cx, upon: Upon) -> Result<Self> {
        match upon {
            Upon::UserRows(changes) => {
                let user = cx.caller().identity().ok_or(Error::Unauthenticated(None))?;
                let watch = cx.app().db().watch(changes, user.user_id).await?;
                Ok(Self::Rows(watch))
            }
            Upon::RateLimit => {
                let cx = cx.clone();
                let used_up = used_up(&cx).await?;
                Ok(Self::RateLimits(RateLimits { cx, used_up }))
            }
        }
    }

    /// Waits for the next event. Dropped before it is ready, it misses none.
    pub async fn next(&mut self) -> Result<()> {
        match self {
            Self::Rows(watch) => {
                watch.changed().await;
                Ok(())
            }
            Self::RateLimits(limits) => limits.next().await,
        }
    }
}

/// The rate limits of a caller.
pub struct RateLimits {
    cx: Cx,
    used_up: HashSet<&'static str>,
}

impl RateLimits {
    /// Waits until a rate limit is used up that was not before.
    async fn next(&mut self) -> Result<()> {
        loop {
            sleep(INTERVAL).await;
            let now = used_up(&self.cx).await?;
            let is_new = !now.is_subset(&self.used_up);
            self.used_up = now;
            if is_new {
                return Ok(());
            }
        }
    }
}

/// The scopes with no requests left.
async fn used_up(cx: &Cx) -> Result<HashSet<&'static str>> {
    let quotas = cx.look().await?;
    let used_up = quotas.iter().filter(|quota| quota.remaining == 0);
    Ok(used_up.map(|quota| quota.scope).collect())
}
