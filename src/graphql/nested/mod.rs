//! Connections below an object, with a filter and an order. The objects of a level are asked for their lists
//! together: one statement, however many they are.
mod batch;

use std::{fmt::Debug, sync::Arc};

use async_graphql::{Context, OutputType};

use self::batch::Key;
use super::connection::{
    Connection, NESTED_DEFAULT, NESTED_MAXIMUM, Total, answer, ordering, page, window,
};
use crate::{
    context::Reader,
    error::{Error, Result},
    guard::{AllowExt, Operation},
    load::{Load, Loaders},
    store::{
        Sql,
        listing::{Listing, SortKey},
        window::Window,
    },
};

/// A list below an object.
pub trait Nested: Send + Sync + 'static {
    /// The operation whose scope it needs.
    type Operation: Operation;
    type Node: Load<Value = Self::Node> + Clone + OutputType;
    type Filter: Clone + Debug + Default + Send + Sync;
    type Order: Clone + Debug + Send + Sync;
    /// Condition on the rows that belong to an object.
    fn of(reader: &Reader, owner: i64) -> Sql;

    /// All rows that match.
    fn listing(
        reader: &Reader,
        filter: &Self::Filter,
        order: &[Self::Order],
    ) -> impl Future<Output = Result<Listing>> + Send;

    /// The order where none is asked for; `None`: that of `listing`.
    fn usual() -> Option<Vec<SortKey>> {
        None
    }

    /// The IDs of all rows in the usual order, where they are kept in memory.
    fn kept(
        _: &Loaders,
        _owner: i64,
    ) -> impl Future<Output = Result<Option<Arc<Vec<i64>>>>> + Send {
        async { Ok(None) }
    }
}

/// The arguments of a connection below an object.
pub struct Asked<L: Nested> {
    filter: Option<L::Filter>,
    order: Vec<L::Order>,
    window: Window,
    /// Whether the number of all rows is wanted too.
    counts: bool,
}

impl<L: Nested> Asked<L> {
    /// # Errors
    /// `Invalid` for negative sizes and too many sort keys.
    pub fn of(
        filter: Option<L::Filter>,
        order: Option<Vec<L::Order>>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Self> {
        Ok(Self {
            filter,
            order: ordering(order.unwrap_or_default())?,
            window: window(first, after, last, before)?,
            counts: false,
        })
    }

    fn is_plain(&self) -> bool {
        self.filter.is_none() && self.order.is_empty()
    }

    async fn listing(&self, reader: &Reader) -> Result<Listing> {
        let filter = self.filter.clone().unwrap_or_default();
        let listing = L::listing(reader, &filter, &self.order).await?;
        Ok(match L::usual() {
            Some(usual) if self.order.is_empty() => listing.ordered(usual).oldest_first_if(true),
            _ => listing,
        })
    }
}

/// Reads a page of the list `L` below an object, after the scope was checked.
pub fn nest<L: Nested>(
    ctx: &Context<'_>,
    owner: i64,
    asked: Result<Asked<L>>,
) -> impl Future<Output = Option<Result<Connection<L::Node>>>> + Send {
    let counts = ctx.look_ahead().field("totalCount").exists();
    answer(async move {
        let permit = ctx.reach::<L::Operation>().await?;
        let asked = asked?;
        let loaders = permit.loaders();
        if asked.is_plain()
            && let Some(ids) = L::kept(loaders, owner).await?
        {
            let stretch = asked.window.part_of(&ids, NESTED_DEFAULT, NESTED_MAXIMUM)?;
            return page(&permit, stretch, Total::Known(ids.len())).await;
        }
        let key = Key::of(owner, Asked { counts, ..asked });
        let (stretch, count) = loaders.keyed(key).await?.ok_or(Error::NotFound)??;
        page(&permit, stretch, Total::Known(count)).await
    })
}

/// Declares a list below an object, beside the listing that it is a part of.
///
/// ```ignore
/// nested! {
///     /// Albums that an artist is credited on.
///     AlbumsOfArtist: List(AlbumFilter, AlbumOrder) -> Album = listing,
///         where "al.id in (select aa.album_id from album_artists aa where aa.artist_id = ?)",
///         usual Vec::new(), kept ArtistAlbums;
/// }
/// ```
///
/// `where` is the condition on the rows that belong to the object ?; where it depends on the caller, `within`
/// names the function that makes it. Lists with a usual order of their own break ties oldest first. With
/// `including include_channels` that part of the filter is true unless it is given: the object may itself belong
/// to a channel.
macro_rules! nested {
    ($($(#[doc = $doc:literal])+ $name:ident: $operation:ident($filter:ty, $order:ty) -> $node:ty = $listing:path,
        $(where $of:literal)? $(within $within:path)? $(, usual $usual:expr)? $(, kept $kept:ty)? $(, including $channels:ident)?;)+) => { $(
        $(#[doc = $doc])+
        pub struct $name;

        impl $crate::graphql::nested::Nested for $name {
            type Operation = $operation;
            type Node = $node;
            type Filter = $filter;
            type Order = $order;

            fn of(reader: &$crate::context::Reader, owner: i64) -> $crate::store::Sql {
                // Few conditions depend on the reader.
                let _ = reader;
                $($crate::store::sql($of).bind(owner))?
                $($within(reader, owner))?
            }

            async fn listing(
                reader: &$crate::context::Reader,
                filter: &$filter,
                order: &[$order],
            ) -> $crate::error::Result<$crate::store::listing::Listing> {
                $(
                    let mut filter = filter.clone();
                    filter.$channels.get_or_insert(true);
                    let filter = &filter;
                )?
                Ok($crate::graphql::input::listed!($listing, reader, filter, order))
            }

            $(
                fn usual() -> Option<Vec<$crate::store::listing::SortKey>> {
                    Some($usual)
                }
            )?

            $(
                async fn kept(
                    loaders: &$crate::load::Loaders,
                    owner: i64,
                ) -> $crate::error::Result<Option<std::sync::Arc<Vec<i64>>>> {
                    Ok(Some(loaders.shared::<$kept>(owner).await?.unwrap_or_default()))
                }
            )?
        }
    )+ };
}
pub(crate) use nested;

/// Declares the GraphQL fields of an object: those written out, and the lists below it, a row each.
///
/// ```ignore
/// with_lists! {
///     Tag { fields that are written out }
///     artists: ArtistsOfTag = "Artists with the tag.";
/// }
/// ```
///
/// Rows in brackets before them are lists as a whole, of at most 200 objects:
/// `grants: Grant = owned(grants::list), "About them.";` calls `self.owned(ctx, grants::list)`.
macro_rules! with_lists {
    (
        $object:ident { $($by_hand:tt)* }
        $([ $($all:ident: $all_of:ty = $find:ident($every:path), $all_about:literal;)+ ])?
        $($name:ident: $list:ty = $about:literal;)+
    ) => {
        #[async_graphql::ComplexObject]
        impl $object {
            $($by_hand)*

            $($(
                #[doc = $all_about]
                #[graphql(complexity = "crate::graphql::connection::cost(200, child_complexity)")]
                async fn $all(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                ) -> Option<$crate::error::Result<Option<Vec<$all_of>>>> {
                    $crate::graphql::connection::answer(self.$find(ctx, $every)).await
                }
            )+)?

            $(
                #[doc = $about]
                #[graphql(complexity = "crate::graphql::connection::nested_cost(first, last, true, child_complexity)")]
                #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
                async fn $name(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    filter: Option<<$list as $crate::graphql::nested::Nested>::Filter>,
                    order_by: Option<Vec<<$list as $crate::graphql::nested::Nested>::Order>>,
                    first: Option<i32>,
                    after: Option<String>,
                    last: Option<i32>,
                    before: Option<String>,
                ) -> Option<
                    $crate::error::Result<
                        $crate::graphql::connection::Connection<
                            <$list as $crate::graphql::nested::Nested>::Node,
                        >,
                    >,
                > {
                    let asked = $crate::graphql::nested::Asked::of(filter, order_by, first, after, last, before);
                    $crate::graphql::nested::nest::<$list>(ctx, self.id, asked).await
                }
            )+
        }
    };
}
pub(crate) use with_lists;
