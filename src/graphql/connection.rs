//! Relay connections over stored lists.
use std::sync::Arc;

use async_graphql::{
    Context, Object, OutputType,
    connection::{self, Edge, EmptyFields},
};

use crate::{
    context::Cx,
    error::{Error, Result},
    guard::{Allowed, Operation},
    load::Load,
    store::{
        listing::Listing,
        window::{Stretch, Window},
    },
};

/// Default and maximum number of nodes in a connection.
pub const MOST: usize = 50;

/// Converts the arguments of a connection for the store.
///
/// # Errors
/// `Invalid` for negative sizes; the store knows how large they may be.
pub fn window(
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
) -> Result<Window> {
    let size = |name: &str, number: Option<i32>| {
        let size = number.map(usize::try_from).transpose();
        size.map_err(|_| Error::field(name, "Must be at least 0."))
    };
    Ok(Window {
        first: size("first", first)?,
        after,
        last: size("last", last)?,
        before,
    })
}

/// A page of a list with cursors (Relay connection specification).
pub type Connection<T> = connection::Connection<String, T, Total, EmptyFields>;

/// Fields of a connection about the whole list.
pub enum Total {
    /// Counted when asked for.
    Of(Listing),
    Known(usize),
}

#[Object]
impl Total {
    /// Total number of items in the list.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i64> {
        match self {
            Self::Of(listing) => {
                let reader = ctx.data_unchecked::<Cx>().reader();
                listing.count(reader.db()).await
            }
            Self::Known(count) => Ok(i64::try_from(*count).unwrap_or(i64::MAX)),
        }
    }
}

/// Sort keys that a list takes.
const MOST_KEYS: usize = 10;

/// Checks the sort keys of a list; a random order may be asked for with any number of seeds.
///
/// # Errors
/// `Invalid` for too many.
pub fn ordering<O>(order: Vec<O>) -> Result<Vec<O>> {
    match order.len() <= MOST_KEYS {
        true => Ok(order),
        false => Err(Error::field(
            "orderBy",
            format!("At most {MOST_KEYS} sort keys are allowed."),
        )),
    }
}

/// Reads a page of a root list with its rows.
pub async fn connect<O, T>(
    permit: &Allowed<O>,
    listing: Listing,
    window: Window,
) -> Result<Connection<T>>
where
    O: Operation,
    T: Load<Value = T> + Clone + OutputType,
{
    connect_sized(permit, listing, window, (MOST, MOST)).await
}

/// The same, with a default and a maximum size.
pub async fn connect_sized<O, T>(
    permit: &Allowed<O>,
    listing: Listing,
    window: Window,
    sizes: (usize, usize),
) -> Result<Connection<T>>
where
    O: Operation,
    T: Load<Value = T> + Clone + OutputType,
{
    let stretch = listing.stretch(permit.db(), &window, sizes).await?;
    page(permit, stretch, Total::Of(listing)).await
}

pub(super) async fn page<O, T>(
    permit: &Allowed<O>,
    stretch: Stretch,
    total: Total,
) -> Result<Connection<T>>
where
    O: Operation,
    T: Load<Value = T> + Clone + OutputType,
{
    let ids = stretch.ids.iter().copied();
    let mut rows = permit.loaders().many::<T>(ids).await?;
    let mut page =
        Connection::with_additional_fields(stretch.has_previous, stretch.has_next, total);
    for (id, cursor) in stretch.ids.iter().zip(stretch.cursors) {
        if let Some(row) = rows.remove(id) {
            page.edges
                .push(Edge::new(cursor, Arc::unwrap_or_clone(row)));
        }
    }
    Ok(page)
}

/// The result of a root field, which is null on error so that its siblings still resolve. The
/// future is boxed before it is part of another: the executor's state would otherwise be as large as
/// that of the largest field.
pub fn answer<'a, T: 'a>(
    found: impl Future<Output = Result<T>> + Send + 'a,
) -> impl Future<Output = Option<Result<T>>> + Send {
    let found: std::pin::Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>> = Box::pin(found);
    async { Some(found.await) }
}

/// Default size of a connection below an object.
pub const NESTED_DEFAULT: usize = 20;
/// Maximum size of a connection below an object.
pub const NESTED_MAXIMUM: usize = 100;

/// Maximum number of nodes that a connection below an object can return.
fn nested_pages(first: Option<i32>, last: Option<i32>) -> usize {
    first
        .or(last)
        .map_or(NESTED_DEFAULT, |size| usize::try_from(size).unwrap_or(0))
        .min(NESTED_MAXIMUM)
}

/// What a list costs that is selected, and counted, for its object alone, beside its rows.
const SELECT: usize = 40;

/// The cost of a connection below an object; `selected` if a filter or an order keeps it from being read
/// from memory.
pub fn nested_cost(first: Option<i32>, last: Option<i32>, selected: bool, child: usize) -> usize {
    let select = if selected { SELECT } else { 0 };
    cost(nested_pages(first, last), child).saturating_add(select)
}

/// Maximum number of nodes that a connection can return; a factor of its cost.
pub fn pages(first: Option<i32>, last: Option<i32>) -> usize {
    first
        .or(last)
        .and_then(|size| usize::try_from(size).ok())
        .unwrap_or(MOST)
        .min(MOST)
}

/// The cost of a list: rows times the cost of a row. Bounded, so that sums cannot overflow.
pub fn cost(rows: usize, child: usize) -> usize {
    rows.max(1)
        .saturating_mul(child)
        .saturating_add(1)
        .min(1 << 32)
}

/// The cost of a long text: that of so many fields.
pub const LONG: usize = 25;
