//! Relay connections over stored lists.
use std::sync::Arc;

use async_graphql::{
    Context, Object, OutputType,
    connection::{self, Edge, EmptyFields},
};

use crate::{
    context::Cx,
    error::Result,
    guard::{Allowed, Operation},
    load::Load,
    store::listing::{Listing, Window},
};

/// Default and maximum number of nodes in a connection.
pub const MOST: usize = 50;

/// Converts the arguments of a connection for the store.
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

/// A page of a list with cursors (Relay connection specification).
pub type Connection<T> = connection::Connection<String, T, Total, EmptyFields>;

/// Fields of a connection about the whole list.
pub struct Total {
    listing: Listing,
}

#[Object]
impl Total {
    /// Total number of items in the list.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i64> {
        self.listing
            .count(ctx.data_unchecked::<Cx>().reader().db())
            .await
    }
}

/// Reads a page of a list with its rows.
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

/// The result of a root field, which is null on error so that its siblings still resolve. The
/// future is boxed: otherwise the executor's state would be as large as that of the largest field.
pub async fn answer<T>(found: impl Future<Output = Result<T>> + Send) -> Option<Result<T>> {
    let found: std::pin::Pin<Box<dyn Future<Output = Result<T>> + Send>> = Box::pin(found);
    Some(found.await)
}

/// Limits the size of a nested list to 100.
pub fn few(first: u32) -> usize {
    usize::try_from(first).unwrap_or(usize::MAX).min(100)
}

/// Maximum number of nodes that a connection can return; a factor of its cost.
pub fn pages(first: Option<u32>, last: Option<u32>) -> usize {
    first
        .or(last)
        .and_then(|size| usize::try_from(size).ok())
        .unwrap_or(MOST)
        .min(MOST)
}

/// The cost of a list: rows times the cost of a row. Bounded, so that sums cannot overflow.
pub fn cost(rows: usize, child: usize) -> usize {
    rows.saturating_mul(child).saturating_add(1).min(1 << 32)
}

/// The cost of a long text: that of so many fields.
pub const LONG: usize = 25;
