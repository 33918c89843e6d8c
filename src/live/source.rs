//! Waits for what a connection tells of.
use std::{collections::HashSet, time::Duration};

use tokio::time::sleep;

use crate::{
    app::App,
    context::Cx,
    error::{Error, Result},
    guard::Upon,
    store::{Change, Feed, Watch},
    throttle::Ident,
};

/// Between two looks at rate limits, which other processes count too.
const INTERVAL: Duration = Duration::from_secs(1);

/// A row that something happened to, and what.
pub type Row = (Change, i64);

/// What a connection waits for.
pub enum Source {
    Rows(Watch),
    EachRow(Feed),
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
            Upon::EachRow(changes) => Ok(Self::EachRow(cx.app().db().feed(changes).await?)),
            Upon::RateLimit => {
                let mut limits = RateLimits {
                    app: cx.app().clone(),
                    payers: cx.payers(),
                    used_up: HashSet::new(),
                };
                limits.used_up = limits.look().await?;
                Ok(Self::RateLimits(limits))
            }
        }
    }

    /// Waits for the next event, and tells its row if it is of one. Dropped before it is ready, it misses none.
    pub async fn next(&mut self) -> Result<Option<Row>> {
        match self {
            Self::Rows(watch) => watch.changed().await,
            Self::EachRow(feed) => return Ok(Some(feed.next().await)),
            Self::RateLimits(limits) => limits.next().await?,
        }
        Ok(None)
    }
}

/// The rate limits of a caller. The context of the request would hold its turn.
pub struct RateLimits {
    app: App,
    payers: (Ident, Ident),
    used_up: HashSet<&'static str>,
}

impl RateLimits {
    /// Waits until a rate limit is used up that was not before.
    async fn next(&mut self) -> Result<()> {
        loop {
            sleep(INTERVAL).await;
            let now = self.look().await?;
            let is_new = !now.is_subset(&self.used_up);
            self.used_up = now;
            if is_new {
                return Ok(());
            }
        }
    }

    /// The scopes with no requests left.
    async fn look(&self) -> Result<HashSet<&'static str>> {
        let (ident, address) = self.payers;
        let quotas = self.app.limits().look(ident, address).await?;
        let used_up = quotas.iter().filter(|quota| quota.remaining == 0);
        Ok(used_up.map(|quota| quota.scope).collect())
    }
}
