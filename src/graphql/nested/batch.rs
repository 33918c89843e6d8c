//! The lists of several objects, read together.
use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::Arc,
};

use async_graphql::dataloader::Loader;

use super::{Asked, Nested};
use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::connection::{NESTED_DEFAULT, NESTED_MAXIMUM},
    load::Batch,
    store::window::Stretch,
};

/// The list of one object. Those that are asked for alike are read together.
pub struct Key<L: Nested> {
    owner: i64,
    /// The arguments as text.
    alike: Arc<str>,
    asked: Arc<Asked<L>>,
}

impl<L: Nested> Key<L> {
    pub fn of(owner: i64, asked: Asked<L>) -> Self {
        let Asked {
            filter,
            order,
            window,
            counts,
        } = &asked;
        let alike = format!("{filter:?}{order:?}{window:?}{counts}");
        Self {
            owner,
            alike: alike.into(),
            asked: Arc::new(asked),
        }
    }

    /// The list of another object, asked for alike.
    fn with_owner(&self, owner: i64) -> Self {
        Self {
            owner,
            ..self.clone()
        }
    }
}

impl<L: Nested> Clone for Key<L> {
    fn clone(&self) -> Self {
        Self {
            owner: self.owner,
            alike: self.alike.clone(),
            asked: self.asked.clone(),
        }
    }
}

impl<L: Nested> PartialEq for Key<L> {
    fn eq(&self, other: &Self) -> bool {
        (self.owner, &self.alike) == (other.owner, &other.alike)
    }
}

impl<L: Nested> Eq for Key<L> {}

impl<L: Nested> Hash for Key<L> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.owner, &self.alike).hash(state);
    }
}

/// The keys that are asked for alike: their owners, and the first of them.
fn alike<L: Nested>(keys: &[Key<L>]) -> Vec<(Vec<i64>, &Key<L>)> {
    let mut groups: HashMap<&str, (Vec<i64>, &Key<L>)> = HashMap::new();
    for key in keys {
        let group = groups.entry(&key.alike).or_insert((Vec::new(), key));
        group.0.push(key.owner);
    }
    groups.into_values().collect()
}

/// A part of a list, and the number of all its rows; 0 if it was not asked for.
pub type Counted = (Stretch, usize);

impl<L: Nested> Asked<L> {
    async fn read(&self, reader: &Reader, owners: &[i64]) -> Result<HashMap<i64, Counted>> {
        let listing = self.listing(reader).await?;
        let of = |owner| L::of(reader, owner);
        let sizes = (NESTED_DEFAULT, NESTED_MAXIMUM);
        let counts = match self.counts {
            true => listing.counts(reader.db(), owners, of).await?,
            false => HashMap::new(),
        };
        let parts = listing.stretches(reader.db(), owners, of, &self.window, sizes);
        let count = |owner| counts.get(&owner).copied().unwrap_or_default();
        let counted = parts.await?.into_iter().map(|(owner, part)| {
            let count = usize::try_from(count(owner)).unwrap_or_default();
            (owner, (part, count))
        });
        Ok(counted.collect())
    }
}

impl<L: Nested> Loader<Key<L>> for Batch {
    /// An error is told to those who asked alike, and to no others.
    type Value = Result<Counted>;
    type Error = Error;

    async fn load(&self, keys: &[Key<L>]) -> Result<HashMap<Key<L>, Result<Counted>>> {
        let mut found = HashMap::new();
        for (owners, key) in alike(keys) {
            let mut read = Box::pin(key.asked.read(self.reader(), &owners)).await;
            for owner in owners {
                let value = match &mut read {
                    Ok(read) => read.remove(&owner).ok_or(Error::NotFound),
                    Err(error) => Err(error.clone()),
                };
                found.insert(key.with_owner(owner), value);
            }
        }
        Ok(found)
    }
}
