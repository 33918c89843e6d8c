//! Pages far from the beginning of a list, and rows by chance: both cost the same however long the list is.
use std::collections::HashSet;

use super::{Cut, Keyed, Kind, Listing, SortKey};
use crate::{
    error::Result,
    random,
    store::{Reads, Sql, sql},
};

/// Pages from this row on are deep.
pub const FROM: i64 = 1_000;

/// Of so many rows at least, some are read from random IDs on; of fewer, all are sorted by chance.
const MANY: i64 = 2_000;
/// How many rows are read from one random ID on.
const RUN: i64 = 5;

impl Listing {
    /// A page that begins behind a row whose keys are known: clients read page after page, and each page leaves
    /// the keys of its last row to the next one, until the list changes.
    pub(super) async fn deep_page(&self, db: &Reads, limit: i64, offset: i64) -> Result<Vec<i64>> {
        let before = self.row_at(offset - 1);
        let counted = async { before.clone().all::<Keyed>(db).await };
        let before = db.cache().list(db, &before, counted).await?;
        let Some(before) = before.first() else {
            return Ok(Vec::new());
        };
        let cut = Cut {
            size: usize::try_from(limit).unwrap_or_default(),
            backwards: false,
            after: Some(before.keys.clone()),
            before: None,
        };
        let select = self.part(&cut);
        let rows = select.clone().all::<Keyed>(db);
        let rows = db.cache().list(db, &select, rows).await?;
        let page = &rows[..rows.len().min(cut.size)];
        if let Some(last) = page.last().filter(|_| page.len() == cut.size) {
            let last = vec![last.clone()];
            let next = self.row_at(offset + limit - 1);
            db.cache().list(db, &next, async { Ok(last) }).await?;
        }
        Ok(page.iter().map(|row| row.id).collect())
    }

    /// Selects the row at a place, from 0.
    fn row_at(&self, place: i64) -> Sql {
        let ordered = self.keyed().then(" order by ").append(self.order(false));
        ordered.then(" limit 1 offset ?").bind(place)
    }

    /// Rows by chance, in an order by chance.
    pub async fn sample(&self, db: &Reads, count: i64) -> Result<Vec<i64>> {
        let (Some(first), Some(last)) = (self.end(db, false).await?, self.end(db, true).await?)
        else {
            return Ok(Vec::new());
        };
        let span = last - first + 1;
        let found = match span < MANY.max(count.saturating_mul(4)) {
            true => self.from_on(first, span).ids(db).await?,
            false => self.runs(db, (first, span), count).await?,
        };
        Ok(random::some_of(
            found,
            usize::try_from(count).unwrap_or_default(),
        ))
    }

    /// The smallest ID, or the largest.
    async fn end(&self, db: &Reads, is_last: bool) -> Result<Option<i64>> {
        let key = SortKey::new(sql(self.id), Kind::Int, is_last);
        let end = self.clone().ordered([key]).page(db, 1, 0).await?;
        Ok(end.first().copied())
    }

    /// Rows that follow random IDs: more than so many, if there are so many.
    async fn runs(&self, db: &Reads, (first, span): (i64, i64), count: i64) -> Result<Vec<i64>> {
        let mut found = HashSet::new();
        for _ in 0..=count.saturating_mul(2) / RUN {
            let start = first + random::below(span);
            found.extend(self.from_on(start, RUN.min(count)).ids(db).await?);
        }
        Ok(Vec::from_iter(found))
    }

    /// Selects so many rows from an ID on, by ID.
    fn from_on(&self, start: i64, count: i64) -> Sql {
        let from = self.from.clone().then(" and ").then(self.id).then(" >= ?");
        let select = sql("select ").then(self.id).then(" ");
        let ordered = select
            .append(from.bind(start))
            .then(" order by ")
            .then(self.id);
        ordered.then(" limit ?").bind(count)
    }
}
