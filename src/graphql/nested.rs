//! Connections below an object, with a filter and an order. The objects of a level are asked for their lists
//! together: one statement, however many they are.
use std::{
    collections::HashMap,
    fmt::Debug,
    hash::{Hash, Hasher},
    marker::PhantomData,
    sync::Arc,
};

use async_graphql::{Context, OutputType, dataloader::Loader};

use super::connection::{
    Connection, NESTED_DEFAULT, NESTED_MAXIMUM, Total, answer, ordering, page, window,
};
use crate::{
    context::Reader,
    error::{Error, Result},
    guard::{AllowExt, Operation},
    load::{Batch, Load, Loaders},
    store::{
        Sql,
        listing::{Listing, SortKey},
        window::{Stretch, Window},
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
pub async fn nest<L: Nested>(
    ctx: &Context<'_>,
    owner: i64,
    asked: Result<Asked<L>>,
) -> Option<Result<Connection<L::Node>>> {
    let counts = ctx.look_ahead().field("totalCount").exists();
    answer(async {
        let permit = ctx.reach::<L::Operation>().await?;
        let asked = asked?;
        let loaders = permit.loaders();
        if asked.is_plain()
            && let Some(ids) = L::kept(loaders, owner).await?
        {
            let stretch = asked.window.part_of(&ids, NESTED_DEFAULT, NESTED_MAXIMUM)?;
            return page(&permit, stretch, Total::Known(ids.len())).await;
        }
        let key = Key::<L, Part>::of(owner, asked);
        let count = match counts {
            true => loaders.keyed(key.counting()).await?.transpose()?,
            false => None,
        };
        let stretch = loaders.keyed(key).await?.ok_or(Error::NotFound)??;
        let total = count.map_or(0, |count| usize::try_from(count).unwrap_or_default());
        page(&permit, stretch, Total::Known(total)).await
    })
    .await
}

/// What is read of a list.
enum Part {}
enum Count {}

/// The list of one object. Those that are asked for alike are read together.
struct Key<L: Nested, What> {
    owner: i64,
    /// The arguments as text.
    alike: Arc<str>,
    asked: Arc<Asked<L>>,
    what: PhantomData<fn() -> What>,
}

impl<L: Nested> Key<L, Part> {
    fn of(owner: i64, asked: Asked<L>) -> Self {
        let alike = format!("{:?}{:?}{:?}", asked.filter, asked.order, asked.window);
        Self {
            owner,
            alike: alike.into(),
            asked: Arc::new(asked),
            what: PhantomData,
        }
    }

    fn counting(&self) -> Key<L, Count> {
        Key {
            owner: self.owner,
            alike: self.alike.clone(),
            asked: self.asked.clone(),
            what: PhantomData,
        }
    }
}

impl<L: Nested, What> Clone for Key<L, What> {
    fn clone(&self) -> Self {
        Self {
            owner: self.owner,
            alike: self.alike.clone(),
            asked: self.asked.clone(),
            what: PhantomData,
        }
    }
}

impl<L: Nested, What> PartialEq for Key<L, What> {
    fn eq(&self, other: &Self) -> bool {
        (self.owner, &self.alike) == (other.owner, &other.alike)
    }
}

impl<L: Nested, What> Eq for Key<L, What> {}

impl<L: Nested, What> Hash for Key<L, What> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.owner, &self.alike).hash(state);
    }
}

/// The keys that are asked for alike: their owners, and the first of them.
fn alike<L: Nested, What>(keys: &[Key<L, What>]) -> Vec<(Vec<i64>, &Key<L, What>)> {
    let mut groups: HashMap<&str, (Vec<i64>, &Key<L, What>)> = HashMap::new();
    for key in keys {
        let group = groups.entry(&key.alike).or_insert((Vec::new(), key));
        group.0.push(key.owner);
    }
    groups.into_values().collect()
}

impl<L: Nested, What> Key<L, What> {
    fn beside(&self, owner: i64) -> Self {
        Self {
            owner,
            ..self.clone()
        }
    }
}

impl<L: Nested, What> Key<L, What> {
    /// What was read for each owner. An error is told to those who asked alike, and to no others.
    fn spread<V>(&self, owners: Vec<i64>, read: Result<HashMap<i64, V>>) -> Vec<(Self, Result<V>)> {
        match read {
            Ok(read) => {
                let read = read.into_iter();
                read.map(|(owner, value)| (self.beside(owner), Ok(value)))
                    .collect()
            }
            Err(error) => {
                let owners = owners.into_iter();
                owners
                    .map(|owner| (self.beside(owner), Err(error.clone())))
                    .collect()
            }
        }
    }
}

impl<L: Nested> Loader<Key<L, Part>> for Batch {
    type Value = Result<Stretch>;
    type Error = Error;

    async fn load(&self, keys: &[Key<L, Part>]) -> Result<HashMap<Key<L, Part>, Result<Stretch>>> {
        let reader = self.reader();
        let mut found = HashMap::new();
        for (owners, key) in alike(keys) {
            let read = Box::pin(async {
                let listing = key.asked.listing(reader).await?;
                let (of, window) = (|owner| L::of(reader, owner), &key.asked.window);
                let sizes = (NESTED_DEFAULT, NESTED_MAXIMUM);
                listing
                    .stretches(reader.db(), &owners, of, window, sizes)
                    .await
            });
            let read = read.await;
            found.extend(key.spread(owners, read));
        }
        Ok(found)
    }
}

impl<L: Nested> Loader<Key<L, Count>> for Batch {
    type Value = Result<i64>;
    type Error = Error;

    async fn load(&self, keys: &[Key<L, Count>]) -> Result<HashMap<Key<L, Count>, Result<i64>>> {
        let reader = self.reader();
        let mut found = HashMap::new();
        for (owners, key) in alike(keys) {
            let read = Box::pin(async {
                let listing = key.asked.listing(reader).await?;
                let of = |owner| L::of(reader, owner);
                listing.counts(reader.db(), &owners, of).await
            });
            let read = read.await;
            found.extend(key.spread(owners, read));
        }
        Ok(found)
    }
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
/// names the function that makes it. Lists with a usual order of their own break ties oldest first.
macro_rules! nested {
    ($($(#[doc = $doc:literal])+ $name:ident: $operation:ident($filter:ty, $order:ty) -> $node:ty = $listing:path,
        $(where $of:literal)? $(within $within:path)? $(, usual $usual:expr)? $(, kept $kept:ty)?;)+) => { $(
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
                $listing(reader, filter, order).await
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
