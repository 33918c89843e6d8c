use tokio::sync::OnceCell;

use super::Cx;
use crate::{error::Result, guard::Info, throttle::Throttle};

/// What one query is going to spend. All of it is asked for at once, when the first root field asks
/// for its permit: so a query that is refused as a whole spends nothing.
#[derive(Default)]
pub struct Plan {
    operations: Vec<&'static Info>,
    /// How often the schema is asked for.
    introspections: usize,
    is_dear: bool,
    reserved: OnceCell<()>,
    admitted: OnceCell<()>,
}

impl Plan {
    pub fn new(operations: Vec<&'static Info>, introspections: usize, is_dear: bool) -> Self {
        Self {
            operations,
            introspections,
            is_dear,
            reserved: OnceCell::new(),
            admitted: OnceCell::new(),
        }
    }

    /// Refuses what asks more often than a rate ever permits.
    pub fn check(&self, cx: &Cx) -> Result<()> {
        cx.check_rates(&self.operations)
    }

    /// Whether nothing that is served is asked for.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// The operation of the only root field; `None` if there are several, or none.
    pub fn only(&self) -> Option<&'static Info> {
        match (self.operations.as_slice(), self.introspections) {
            ([only], 0) => Some(only),
            _ => None,
        }
    }

    /// Whether its query waits for a turn.
    pub fn is_dear(&self) -> bool {
        self.is_dear
    }

    /// How often the schema is asked for.
    pub fn introspections(&self) -> usize {
        self.introspections
    }

    /// Counts each introspection as a request: nothing of it asks for a permit.
    pub async fn introspect(&self, cx: &Cx) -> Result<()> {
        for _ in 0..self.introspections {
            cx.spend("graphql.introspection", Throttle::Wildcard)
                .await?;
        }
        // Computes as long as a list, and waits likewise.
        match self.introspections {
            0 => Ok(()),
            _ => cx.take_turn().await,
        }
    }

    /// Counts a query that ended although no field of it asked for a permit: the document is not valid,
    /// or its arguments were refused.
    pub async fn settle(&self, cx: &Cx) -> Result<()> {
        match self.admitted.initialized() {
            true => Ok(()),
            false => self.reserve(cx).await,
        }
    }

    /// Whether it changes nothing.
    pub fn reads(&self) -> bool {
        self.operations.iter().all(|info| !info.writes)
    }

    /// Spends for all that it asks for, unless some of it is refused: then nothing but what was reserved.
    pub async fn pay(&self, cx: &Cx) -> Result<bool> {
        self.reserve(cx).await?;
        cx.take_reserved(&self.operations).await
    }

    async fn reserve(&self, cx: &Cx) -> Result<()> {
        let reserve = || cx.reserve(&self.operations);
        self.reserved.get_or_try_init(reserve).await.copied()
    }

    /// Reserves for every operation, and waits for the turn of a dear query.
    pub async fn admit(&self, cx: &Cx) -> Result<()> {
        let admitted = self.admitted.get_or_try_init(|| async {
            self.reserve(cx).await?;
            // What does nothing but take files takes its turn once they are there.
            let takes_files = self.operations.iter().all(|info| info.takes_file);
            match (self.is_dear, takes_files) {
                (true, true) => cx.put_off_turn(),
                (true, false) => cx.take_turn().await?,
                (false, _) => {}
            }
            Ok(())
        });
        admitted.await.copied()
    }
}
