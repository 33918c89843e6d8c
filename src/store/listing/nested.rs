//! The lists below many objects, read at once.
use std::{collections::HashMap, sync::Arc};

use sqlx::FromRow;

use super::{Keyed, Listing};
use crate::{
    error::Result,
    load::grouped,
    store::{
        Reads, Sql, Weigh, sql,
        window::{Stretch, Window},
    },
};

/// Selects in one statement; SQLite takes at most 500.
const AT_ONCE: usize = 400;
/// Values in one statement, before their number is rounded up; SQLite takes at most 32,766.
const VALUES: usize = 16_000;
/// An owner of nothing.
const NOBODY: i64 = -1;

/// A row of the list below the object `owner`.
#[derive(Clone, FromRow)]
struct Owned {
    owner: i64,
    #[sqlx(flatten)]
    row: Keyed,
}

impl Weigh for Owned {
    fn heap(&self) -> usize {
        self.row.heap()
    }
}

impl Listing {
    /// The same part of the list of each owner. `of` makes the condition on the rows that belong to
    /// an owner. Each owner has a select of its own, which reads no further than its part; they are one
    /// statement.
    pub async fn stretches(
        &self,
        db: &Reads,
        owners: &[i64],
        of: impl Fn(i64) -> Sql,
        window: &Window,
        sizes: (usize, usize),
    ) -> Result<HashMap<i64, Stretch>> {
        let cut = self.cut(window, sizes.0, sizes.1)?;
        let mut stretches = HashMap::new();
        let part = |owner| {
            let part = self.clone().and(of(owner)).part(&cut);
            sql("select cast(? as bigint) as owner, x.* from (")
                .bind(owner)
                .append(part)
                .then(") x")
        };
        for owners in owners.chunks(at_once(&part(NOBODY))) {
            let rows = union(owners, &part).kept::<Owned>(db).await?;
            let rows = Arc::unwrap_or_clone(rows).into_iter();
            let mut rows = grouped(rows.map(|owned| (owned.owner, owned.row)));
            for owner in owners {
                let rows = rows.remove(owner).unwrap_or_default();
                stretches.insert(*owner, cut.stretch(rows));
            }
        }
        Ok(stretches)
    }

    /// The number of rows of each owner.
    pub async fn counts(
        &self,
        db: &Reads,
        owners: &[i64],
        of: impl Fn(i64) -> Sql,
    ) -> Result<HashMap<i64, i64>> {
        let mut counts = HashMap::new();
        let count = |owner| {
            sql("select cast(? as bigint), (select count(*) ")
                .bind(owner)
                .append(self.clone().and(of(owner)).from)
                .then(")")
        };
        for owners in owners.chunks(at_once(&count(NOBODY))) {
            let rows = union(owners, &count).kept::<(i64, i64)>(db).await?;
            counts.extend(rows.iter().copied());
        }
        Ok(counts)
    }
}

/// How many of these selects are one statement.
fn at_once(select: &Sql) -> usize {
    (VALUES / select.values().max(1)).clamp(1, AT_ONCE)
}

/// One statement of a select for each owner. Their number is rounded up to a power of two: connections keep
/// statements by their text, and there would be one for each number.
fn union(owners: &[i64], select: &impl Fn(i64) -> Sql) -> Sql {
    let rounded = owners
        .len()
        .next_power_of_two()
        .min(AT_ONCE)
        .max(owners.len());
    let all = owners.iter().copied().chain(std::iter::repeat(NOBODY));
    let selects = all.take(rounded).map(select);
    let union = selects.reduce(|all, next| all.then(" union all ").append(next));
    union.unwrap_or_default()
}
