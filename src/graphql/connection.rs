//! Relay connections over the lists of the store.
use std::sync::Arc;

use async_graphql::{
    Context, Enum, Object, OutputType,
    connection::{self, Edge, EmptyFields},
};

use crate::{
    context::Cx,
    error::Result,
    guard::{Allowed, Operation},
    load::Load,
    store::listing::{Listing, Window},
};

/// Rows of one connection at most, and where nothing is asked for.
pub const MOST: usize = 50;

/// Up or down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum Direction {
    /// Small before large, early before late.
    #[default]
    Asc,
    /// Large before small, late before early.
    Desc,
}

impl Direction {
    pub fn of(descending: bool) -> Self {
        if descending { Self::Desc } else { Self::Asc }
    }

    pub fn is_descending(self) -> bool {
        self == Self::Desc
    }
}

/// The arguments of a connection as the store takes them.
pub fn window(
    first: Option<u32>,
    after: Option<String>,
    last: Option<u32>,
    before: Option<String>,
) -> Window {
    let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    Window {
        first: first.map(size),
        after,
        last: last.map(size),
        before,
    }
}

/// A page of a list, by cursors (Relay's connection specification).
pub type Connection<T> = connection::Connection<String, T, Total, EmptyFields>;

/// What a connection says of the whole list.
pub struct Total {
    listing: Listing,
}

#[Object]
impl Total {
    /// How many there are in all; counted only when asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i64> {
        self.listing
            .count(ctx.data_unchecked::<Cx>().reader().db())
            .await
    }
}

/// Reads a stretch of a list and the rows in it.
pub async fn connect<O, T>(
    permit: &Allowed<O>,
    listing: Listing,
    window: Window,
) -> Result<Connection<T>>
where
    O: Operation,
    T: Load<Value = T> + Clone + OutputType,
{
    let stretch = listing.stretch(permit.db(), &window, MOST).await?;
    let ids = stretch.ids.iter().copied();
    let mut rows = permit.loaders().many::<T>(ids).await?;
    let fields = Total { listing };
    let mut page =
        Connection::with_additional_fields(stretch.has_previous, stretch.has_next, fields);
    for (id, cursor) in stretch.ids.iter().zip(stretch.cursors) {
        if let Some(row) = rows.remove(id) {
            page.edges
                .push(Edge::new(cursor, Arc::unwrap_or_clone(row)));
        }
    }
    Ok(page)
}

/// A root field's answer: when it is refused it is null, and its siblings still answer. It is
/// worked on apart from the stack: else the executor's own state would be as large as the largest
/// of all fields.
pub async fn answer<T>(found: impl Future<Output = Result<T>> + Send) -> Option<Result<T>> {
    let found: std::pin::Pin<Box<dyn Future<Output = Result<T>> + Send>> = Box::pin(found);
    Some(found.await)
}

/// Rows of a nested list at most.
pub fn few(first: u32) -> usize {
    usize::try_from(first).unwrap_or(usize::MAX).min(100)
}

/// Rows that a connection may answer with: what each of them costs counts as often.
pub fn pages(first: Option<u32>, last: Option<u32>) -> usize {
    first
        .or(last)
        .and_then(|size| usize::try_from(size).ok())
        .unwrap_or(MOST)
        .min(MOST)
}

/// The cost of a list: each of its rows costs what is asked of it. Bounded, so that sums of costs
/// cannot overflow.
pub fn cost(rows: usize, child: usize) -> usize {
    rows.saturating_mul(child).saturating_add(1).min(1 << 32)
}
